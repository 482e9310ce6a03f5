import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Helm, TemplateRequest } from '../../desired/ports.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import { treePath } from '../../model/tree-path.ts';
import { expandArchives } from './charts/expand.ts';
import { refuseForeignSchemas } from './charts/schema.ts';
import { findHelm } from './helm-program.ts';
import { once, type ProgramOptions } from './program.ts';
import { type RunLimits, run } from './run.ts';

/** How `helm template` is run. */
export interface HelmOptions extends ProgramOptions {
  /** One rendering: 60 s and 64 MB unless told. */
  limits?: RunLimits;
  /** Told once when another helm than the usual one is used. */
  note?: (text: string) => void;
}

/**
 * Renders charts with `helm template`: fixed arguments, no shell, no cluster, no network, nothing of the environment, and in a directory of its own
 * that has the chart and the values files and nothing else. helm is looked for when it is first needed.
 */
export function openHelm(options: HelmOptions): Helm {
  const limits = options.limits ?? { seconds: 60, bytes: 64_000_000 };
  const helm = once(async () => {
    const found = await findHelm(options);
    if (found.note !== undefined) options.note?.(found.note);
    return found;
  });
  return {
    template: async (request) => {
      const { path } = await helm();
      const root = await realpath(await mkdtemp(join(tmpdir(), 'windlass-chart-')));
      try {
        return await template(path, root, request, limits);
      } finally {
        await rm(root, { recursive: true, force: true });
      }
    },
    version: async () => `helm ${(await helm()).version}`,
  };
}

async function template(program: string, root: string, request: TemplateRequest, limits: RunLimits): Promise<string> {
  const args = await prepare(root, request);
  const ended = await run(program, args, limits).catch((cause: unknown) => {
    const Kind = cause instanceof RetryableError ? RetryableError : UserError;
    throw new Kind('helm does not render the chart', { code: 'helm', cause });
  });
  if (ended.code === 0) return ended.stdout;
  throw new UserError(`helm does not render the chart: ${said(ended.stderr, root)}`, { code: 'helm' });
}

/** Writes what helm may read, and gives its arguments. What begins with a dash would be one of them: names are checked. */
async function prepare(root: string, request: TemplateRequest): Promise<string[]> {
  const chart = await expandArchives(request.chart);
  refuseForeignSchemas(chart);
  for (const { path, bytes } of chart) {
    if (treePath(path) !== path) throw new Error(`a chart's file must not be at ${JSON.stringify(path)}`);
    const file = join(root, 'chart', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  const values: string[] = [];
  for (const [index, bytes] of request.values.entries()) {
    const file = join(root, `values-${index}.yaml`);
    await writeFile(file, bytes);
    values.push('--values', file);
  }
  for (const name of [request.release, request.namespace]) {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
      throw new Error(`${JSON.stringify(name)} is no name of a release or namespace`);
  }
  const { version, apiVersions = [] } = request;
  return [
    ...['template', request.release, join(root, 'chart'), '--namespace', request.namespace, '--include-crds'],
    ...values,
    ...(version === undefined ? [] : ['--kube-version', version]),
    ...(apiVersions.length === 0 ? [] : ['--api-versions', apiVersions.join(',')]),
  ];
}

/** helm's message with paths of the chart, without its remarks, and without the values that a schema's complaint quotes. */
function said(stderr: string, root: string): string {
  const text = stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(?:level=|time=|WARNING:|Use --debug)/.test(line))
    .map((line) => (/^\s*- at '/.test(line) ? withoutValues(line) : line))
    .join('\n')
    .replaceAll(`${join(root, 'chart')}/`, '')
    .replaceAll(root, '.')
    .replace(/^Error: /, '')
    .trim();
  return text.length > 2000 ? `${text.slice(0, 2000)}...` : text;
}

function withoutValues(line: string): string {
  const place = /^\s*- at '[^']*':/.exec(line)?.[0] ?? '';
  return place + line.slice(place.length).replace(/'.*'(?= (?:does not match|is not valid))/, 'the value');
}
