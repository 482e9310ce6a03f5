import type { Problem } from '../model/errors.ts';
import { kustomizationNames } from '../model/kustomization-names.ts';
import { isWithin, parentOf } from '../model/tree-path.ts';
import { type IgnorePattern, ignoreFileName, isIgnored, parseIgnoreFile } from './ignore-file.ts';
import { kustomizationIn, linkTarget } from './kustomization.ts';
import type { SourceTree, TreeFile } from './ports.ts';

/** What a path consists of: files to read as they are, and directories to build with kustomize. */
export interface SourcePlan {
  /** Paths of YAML and JSON files, sorted. */
  plain: string[];
  kustomizations: string[];
  problems: Problem[];
  /** What else decides: ignore files above the path, there or not, and what links lead to. */
  inputs: string[];
}

/** What Windlass itself keeps at the root of the config repo. */
const own = ['windlass.yaml', 'holds', 'suspends', 'approvals'];
const maxFiles = 20_000;

/**
 * Decides how a directory is read. With a kustomization at its top, kustomize says what belongs to it. Otherwise every YAML and JSON
 * file at any depth does, and a directory with a kustomization is built as one. Left out: hidden files, what an ignore file names, and
 * Windlass's own files.
 */
export async function planSources(tree: SourceTree, path: string): Promise<SourcePlan> {
  const all = await tree.files(path);
  if (all.length === 0) return problem(await missingPath(tree, path));
  if (all.length > maxFiles)
    return problem({ code: 'too-many-files', file: path, message: `the path has more than ${maxFiles} files` });
  if (kustomizationIn(all, path) !== undefined) return { plain: [], kustomizations: [path], problems: [], inputs: [] };
  const patterns = await readPatterns(tree, path, all);
  const files = all.filter(
    (file) => !isHidden(path, file.path) && !isOwn(file.path) && !isIgnored(file.path, patterns),
  );
  const kustomizations = topKustomizations(files);
  const rest = files.filter((file) => !kustomizations.some((directory) => isWithin(directory, file.path)));
  const problems: Problem[] = [...chartProblems(rest, path), ...submoduleProblems(rest)];
  const charts = rest.filter(isChart).map((file) => parentOf(file.path));
  const others = rest.filter((file) => !charts.some((directory) => isWithin(directory, file.path)));
  const plain = others.filter((file) => file.kind === 'file' && isManifest(file)).map((file) => file.path);
  const links = others.filter((file) => file.kind === 'symlink');
  for (const link of links) {
    const led = await followLink(tree, link);
    if ('code' in led) problems.push(led);
    else if (isManifest(link)) plain.push(led.path);
  }
  const targets = links.map((link) => linkTarget(link) ?? link.path);
  return {
    ...{ plain: [...new Set(plain)].sort(), kustomizations, problems },
    inputs: [...ignoreFilesAbove(path), ...targets],
  };
}

/** A directory on the way that is a link is not there in Git's tree: it says so itself. */
async function missingPath(tree: SourceTree, path: string): Promise<Problem> {
  const found = { code: 'path-missing', file: path, message: 'there is no such directory, or nothing in it' };
  const link = (await tree.files('.')).find((file) => file.kind === 'symlink' && isWithin(file.path, path));
  if (link === undefined) return found;
  const message = `${link.path} is a symbolic link (${link.target ?? '?'}), and links to directories are not followed`;
  return { ...found, message, hint: 'name the directory that it leads to' };
}

function problem(found: Problem): SourcePlan {
  return { plain: [], kustomizations: [], problems: [found], inputs: [] };
}

/** Patterns of the ignore files from the root down to the path and in it, outer ones first. */
async function readPatterns(tree: SourceTree, path: string, files: TreeFile[]): Promise<IgnorePattern[]> {
  const above =
    path === '.'
      ? []
      : (await tree.files('.')).filter((file) => isWithin(parentOf(file.path), path) && parentOf(file.path) !== path);
  const found = [...above, ...files].filter((file) => file.kind === 'file' && nameOf(file) === ignoreFileName);
  const depth = (file: TreeFile) => file.path.split('/').length;
  found.sort((a, b) => depth(a) - depth(b));
  const patterns: IgnorePattern[] = [];
  for (const file of found) {
    const text = new TextDecoder().decode(await tree.read(file.path));
    patterns.push(...parseIgnoreFile(text, parentOf(file.path)));
  }
  return patterns;
}

function ignoreFilesAbove(path: string): string[] {
  if (path === '.') return [];
  const above = parentOf(path);
  return [above === '.' ? ignoreFileName : `${above}/${ignoreFileName}`, ...ignoreFilesAbove(above)];
}

/** Directories with a kustomization that are not below another one: those are its own affair. */
function topKustomizations(files: TreeFile[]): string[] {
  const directories = [
    ...new Set(files.filter((file) => kustomizationNames.includes(nameOf(file))).map((file) => parentOf(file.path))),
  ].sort();
  return directories.filter(
    (directory) => !directories.some((other) => other !== directory && isWithin(other, directory)),
  );
}

/** Without a namespace and a release a chart would be rendered for the wrong ones: they are never guessed. */
function chartProblems(files: TreeFile[], path: string): Problem[] {
  return files.filter(isChart).map((file) => ({
    code: 'helm-chart',
    file: file.path,
    message: 'a Helm chart is rendered only for a sync that says so',
    hint:
      parentOf(file.path) === path
        ? 'write helm: { namespace: ... } in the sync'
        : `give it a sync with helm: { namespace: ... }, or leave the directory out with ${ignoreFileName}`,
  }));
}

function submoduleProblems(files: TreeFile[]): Problem[] {
  return files
    .filter((file) => file.kind === 'submodule')
    .map((file) => ({
      code: 'submodule',
      file: file.path,
      message: 'Git submodules are not read',
      hint: 'copy its files into the config repo',
    }));
}

/**
 * The file that a link leads to, whatever its name. All else is a problem: a directory that is replaced by a link to one would be as if
 * its objects had left Git.
 */
async function followLink(tree: SourceTree, link: TreeFile): Promise<TreeFile | Problem> {
  const target = linkTarget(link);
  const led = (message: string, hint?: string): Problem => ({
    ...{ code: 'symlink', file: link.path, message: `this symbolic link leads ${message} (${link.target ?? '?'})` },
    ...(hint !== undefined && { hint }),
  });
  if (target === undefined) return led('out of the repository');
  const file = (await tree.files(parentOf(target))).find((other) => other.path === target);
  if (file?.kind === 'file') return file;
  if (target !== '.' && (await tree.files(target)).length === 0) return led('to no file');
  const hint = `put the files here, give the directory a sync of its own, or leave the link out with ${ignoreFileName}`;
  return led('to a directory, which is not followed', hint);
}

function isManifest(file: TreeFile): boolean {
  return /\.(?:ya?ml|json)$/i.test(file.path);
}

function isChart(file: TreeFile): boolean {
  return nameOf(file) === 'Chart.yaml';
}

function isHidden(path: string, file: string): boolean {
  const relative = path === '.' ? file : file.slice(path.length + 1);
  return relative.split('/').some((name) => name.startsWith('.'));
}

function isOwn(path: string): boolean {
  return own.includes(path.split('/')[0]!);
}

function nameOf(file: TreeFile): string {
  return file.path.slice(file.path.lastIndexOf('/') + 1);
}
