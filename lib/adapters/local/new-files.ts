import { lstat, mkdir, readdir, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { treeFile } from '../../model/tree-path.ts';

/** What is at a path: nothing (and whether it could be made there), a directory, or something else. */
export type AtPath =
  | { kind: 'nothing'; hasParent: boolean }
  | { kind: 'directory'; path: string; isEmpty: boolean }
  | { kind: 'other' };

/** Looks at a path of this machine. `.git` alone leaves a directory empty. */
export async function lookAtPath(path: string): Promise<AtPath> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) {
    const parent = await stat(dirname(path)).catch(() => undefined);
    return { kind: 'nothing', hasParent: parent?.isDirectory() === true };
  }
  if (!stats.isDirectory()) return { kind: 'other' };
  const names = (await readdir(path)).filter((name) => name !== '.git');
  return { kind: 'directory', path: await realpath(path), isEmpty: names.length === 0 };
}

/**
 * Writes files that are not there yet, with the directories above them. Throws `UserError` before anything is written where one of them is there, or where a
 * link stands in the way to one: it could lead out of the directory.
 */
export async function createFiles(
  directory: string,
  files: readonly { path: string; after: Uint8Array }[],
): Promise<void> {
  for (const { path } of files) await refuseOccupied(directory, path);
  for (const { path, after } of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), after, { flag: 'wx' });
  }
}

async function refuseOccupied(directory: string, path: string): Promise<void> {
  const names = treeFile(path).split('/');
  for (const index of names.keys()) {
    const part = names.slice(0, index + 1).join('/');
    const stats = await lstat(join(directory, part)).catch(() => undefined);
    if (stats === undefined) return;
    if (stats.isSymbolicLink())
      throw new UserError(`${path} is not written: ${part} is a link`, { code: 'symlink', subject: path });
    if (index === names.length - 1)
      throw new UserError(`${path} is there already: run the command again`, { code: 'file-changed', subject: path });
  }
}
