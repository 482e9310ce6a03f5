import { lstat, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { SourceTree, TreeFile } from '../../desired/ports.ts';
import { UserError } from '../../model/errors.ts';
import { isWithin, treePath } from '../../model/tree-path.ts';

/** Never part of a config repo's content: Git's own files, what npm installed, the state of local mode. */
const leftOut = new Set(['.git', 'node_modules', '.windlass']);

/** A plain directory as a tree: its files as they are now, committed or not. Throws `UserError` when it is none. */
export async function openDirectoryTree(directory: string): Promise<SourceTree> {
  const root = resolve(directory);
  const stats = await lstat(await realpath(root).catch(() => root)).catch(() => undefined);
  if (!stats?.isDirectory())
    throw new UserError(`${directory} is no directory`, { code: 'no-directory', subject: directory });
  let all: Promise<TreeFile[]> | undefined;
  return {
    revision: 'directory',
    directory: root,
    files: async (below) => {
      all ??= list(root);
      return (await all).filter((file) => isWithin(below, file.path) && file.path !== below);
    },
    read: async (path) => {
      const inside = treePath(path);
      if (inside === undefined) throw new Error(`${path} leads out of the tree`);
      await refuseLinks(root, inside);
      return await readFile(join(root, inside));
    },
  };
}

/**
 * The nearest directory at or above one that is a repository (`.git`) or has a windlass.yaml, and the way from there; the directory
 * itself where there is none. Throws `UserError` when the directory does not exist.
 */
export async function findRepoRoot(directory: string): Promise<{ root: string; inside: string }> {
  const start = await realpath(directory).catch(() => undefined);
  if (start === undefined)
    throw new UserError(`${directory} is no directory`, { code: 'no-directory', subject: directory });
  for (let root = start; ; root = dirname(root)) {
    const marks = await Promise.all(
      ['.git', 'windlass.yaml'].map((name) => lstat(join(root, name)).catch(() => undefined)),
    );
    if (marks.some((mark) => mark !== undefined))
      return { root, inside: relative(root, start).split(sep).join('/') || '.' };
    if (dirname(root) === root) return { root: start, inside: '.' };
  }
}

async function list(root: string): Promise<TreeFile[]> {
  const found: TreeFile[] = [];
  const walk = async (directory: string): Promise<void> => {
    const entries = await readdir(join(root, directory), { withFileTypes: true });
    for (const entry of entries) {
      if (leftOut.has(entry.name)) continue;
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isSymbolicLink()) found.push(await linkAt(root, path));
      else if (entry.isFile()) found.push({ path, kind: 'file', size: (await lstat(join(root, path))).size });
    }
  };
  await walk('');
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function linkAt(root: string, path: string): Promise<TreeFile> {
  const target = await readlink(join(root, path));
  return { path, kind: 'symlink', size: Buffer.byteLength(target), target };
}

/** A link anywhere on the way could lead out of the directory. */
async function refuseLinks(root: string, path: string): Promise<void> {
  const names = path.split('/');
  for (const index of names.keys()) {
    const part = names.slice(0, index + 1).join('/');
    if ((await lstat(join(root, part))).isSymbolicLink()) throw new Error(`${part} is a symbolic link`);
  }
}
