import { createHash } from 'node:crypto';
import { isWithin } from '../model/tree-path.ts';
import type { SourceTree } from './ports.ts';

/**
 * A digest of what lies at and below the paths, by the ids of Git: the same as before when nothing that was read there has changed. A path
 * that is not there counts as well. Undefined for a tree that tells no ids.
 */
export async function inputsId(tree: SourceTree, paths: readonly string[]): Promise<string | undefined> {
  const wanted = [...new Set(paths)].sort();
  const hash = createHash('sha256').update(JSON.stringify(wanted));
  const whole = wanted.includes('.');
  const files = new Set(wanted);
  for (const file of await tree.files('.')) {
    if (!whole && !isIn(file.path, files, wanted)) continue;
    if (file.id === undefined) return undefined;
    hash.update(JSON.stringify([file.path, file.kind, file.id]));
  }
  return hash.digest('base64url');
}

function isIn(path: string, files: ReadonlySet<string>, directories: readonly string[]): boolean {
  return files.has(path) || directories.some((directory) => isWithin(directory, path));
}
