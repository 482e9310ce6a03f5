import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Kustomizer, SourceTree } from '../../desired/ports.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import { findKubectl } from './kubectl.ts';
import { once, type ProgramOptions } from './program.ts';
import { type RunLimits, run } from './run.ts';

/** How `kubectl kustomize` is run. */
export interface KustomizerOptions extends ProgramOptions {
  /** One build: 60 s and 64 MB unless told. */
  limits?: RunLimits;
  /** Told once when another kubectl than the usual one is used. */
  note?: (text: string) => void;
}

/** Builds kustomizations with `kubectl kustomize`. kubectl is looked for when it is first needed. */
export function openKustomizer(options: KustomizerOptions): Kustomizer {
  const limits = options.limits ?? { seconds: 60, bytes: 64_000_000 };
  const kubectl = once(async () => {
    const found = await findKubectl(options);
    if (found.note !== undefined) options.note?.(found.note);
    return found;
  });
  return {
    build: async (tree, path) => {
      const { path: program } = await kubectl();
      return await withDirectory(tree, (root) => build(program, root, path, limits));
    },
    version: async () => {
      const one = await kubectl();
      return `kubectl ${one.version}, kustomize ${one.kustomize}`;
    },
  };
}

async function build(program: string, root: string, path: string, limits: RunLimits): Promise<string> {
  const ended = await run(program, ['kustomize', join(root, path)], limits).catch((cause: unknown) => {
    const Kind = cause instanceof RetryableError ? RetryableError : UserError;
    throw new Kind(`kustomize does not build ${path}`, { code: 'kustomize', subject: path, cause });
  });
  if (ended.code === 0) return ended.stdout;
  const message = said(ended.stderr, root);
  throw new UserError(`kustomize does not build ${path}: ${message}`, {
    code: 'kustomize',
    subject: path,
    problems: [{ code: 'kustomize', file: path, message }],
  });
}

/** kustomize's message with paths of the config repo, without remarks, and without the content of a Secret that it may quote. */
function said(stderr: string, root: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('# Warning'));
  const text = lines
    .join('\n')
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.')
    .replace(/^error: /, '')
    // It lists all literals of the generator, good ones too; and the bytes of a line of an env file.
    .replace(
      /literal sources \[[\s\S]*/,
      'the literals of a generator (they may be secret, and are not shown): one is no key=value',
    )
    .replace(/line \[[\d ]*\] has invalid utf8 bytes[\s\S]*/, 'a line has invalid utf8 bytes')
    .trim();
  const quoted = /\bSecret\b/.test(text) ? text.search(/[{\n]/) : -1;
  const safe = quoted < 0 ? text : `${text.slice(0, quoted)}...`;
  return safe.length > 2000 ? `${safe.slice(0, 2000)}...` : safe;
}

async function withDirectory<T>(tree: SourceTree, use: (root: string) => Promise<T>): Promise<T> {
  const directory = tree.directory ?? (await tree.checkOut?.());
  if (directory !== undefined) return await use(await realpath(directory));
  const root = await realpath(await mkdtemp(join(tmpdir(), 'windlass-tree-')));
  try {
    for (const file of await tree.files('.')) {
      if (file.kind !== 'file') continue;
      await mkdir(dirname(join(root, file.path)), { recursive: true });
      await writeFile(join(root, file.path), await tree.read(file.path));
    }
    return await use(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
