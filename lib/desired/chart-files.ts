import type { Problem } from '../model/errors.ts';
import { isEncrypted } from './encrypted.ts';
import type { ChartFile, SourceTree } from './ports.ts';
import { readDocuments } from './yaml.ts';

/** What a chart may consist of; helm itself takes files up to 5 MiB. */
export const chartLimits = { files: 5000, bytes: 20_000_000, fileBytes: 5_000_000 } as const;

const maxValuesSize = 1_000_000;

/** The files of a chart in the repo, whatever their names. A symbolic link or a submodule among them is a problem. */
export async function chartDirectory(
  tree: SourceTree,
  directory: string,
): Promise<{ files: ChartFile[]; problems: Problem[] }> {
  const entries = await tree.files(directory);
  const problem = (code: string, message: string, file = directory, hint?: string): Problem => ({
    ...{ code, message, file },
    ...(hint !== undefined && { hint }),
  });
  const prefix = directory === '.' ? '' : `${directory}/`;
  if (!entries.some(({ path }) => path === `${prefix}Chart.yaml`)) {
    const hint = 'name the directory that has Chart.yaml in it as helm.chart';
    return {
      files: [],
      problems: [problem('helm-chart', 'there is no Helm chart in this directory', directory, hint)],
    };
  }
  const problems = entries
    .filter(({ kind }) => kind !== 'file')
    .map(({ path, kind }) => problem(kind, `a chart must not have a ${words[kind]} in it`, path, 'copy its files'));
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  if (entries.length > chartLimits.files || bytes > chartLimits.bytes) {
    const message = `the chart has ${entries.length} files with ${(bytes / 1e6).toFixed(1)} MB; up to ${chartLimits.files} with 20 MB are read`;
    problems.push(problem('helm-too-large', message));
  }
  for (const { path, size } of entries) {
    if (size > chartLimits.fileBytes) problems.push(problem('helm-too-large', 'the file has more than 5 MB', path));
  }
  if (problems.length > 0) return { files: [], problems };
  const files: ChartFile[] = [];
  for (const { path } of entries) files.push({ path: path.slice(prefix.length), bytes: await tree.read(path) });
  return { files, problems: [] };
}

const words = { symlink: 'symbolic link', submodule: 'Git submodule', file: 'file' };

/** The contents of values files. A file that is not there, is a link, or is encrypted is a problem. */
export async function readValues(
  tree: SourceTree,
  paths: readonly string[],
): Promise<{ files: Uint8Array[]; problems: Problem[] }> {
  const all = paths.length === 0 ? [] : await tree.files('.');
  const files: Uint8Array[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    const entry = all.find((file) => file.path === path);
    const wrong = entry === undefined ? 'there is no such values file' : entryProblem(entry.kind, entry.size);
    if (wrong !== undefined) {
      problems.push({ code: 'helm-values', file: path, message: wrong });
      continue;
    }
    const bytes = await tree.read(path);
    problems.push(...valuesProblems(bytes, path));
    files.push(bytes);
  }
  return { files, problems };
}

function entryProblem(kind: 'file' | 'symlink' | 'submodule', size: number): string | undefined {
  if (kind !== 'file') return `a values file must be a file, not a ${words[kind]}`;
  return size > maxValuesSize ? `the file has ${(size / 1e6).toFixed(1)} MB; up to 1 MB is read` : undefined;
}

function valuesProblems(bytes: Uint8Array, path: string): Problem[] {
  const { documents, problems } = readDocuments(new TextDecoder().decode(bytes), path);
  if (documents.some(({ value }) => isEncrypted(value))) {
    const message = 'this values file is encrypted with SOPS: the chart would get it as it is';
    return [
      { code: 'encrypted', file: path, message, hint: 'Windlass does not decrypt: keep secrets in a secret store' },
    ];
  }
  // helm reads some of what kubectl would not: only what neither can read is told here, with its line.
  return problems.filter(({ code }) => code === 'yaml-syntax' || code === 'lfs-pointer');
}
