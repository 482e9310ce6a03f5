import { isWithin } from '../model/tree-path.ts';
import type { SourceTree } from './ports.ts';

/** A tree with some files replaced, added or (without bytes) taken away. It has no directory: who renders writes one. */
export function overlaid(
  tree: SourceTree,
  files: readonly { path: string; bytes: Uint8Array | undefined }[],
): SourceTree {
  const changed = new Map(files.map(({ path, bytes }) => [path, bytes]));
  return {
    revision: `${tree.revision} with changes`,
    files: async (directory) => {
      const kept = (await tree.files(directory)).filter(({ path }) => !changed.has(path));
      const added = [...changed].flatMap(([path, bytes]) =>
        bytes === undefined || !isWithin(directory, path) ? [] : [{ path, size: bytes.length, kind: 'file' as const }],
      );
      return [...kept, ...added].sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    read: async (path) => {
      const bytes = changed.get(path);
      if (bytes !== undefined) return bytes;
      if (changed.has(path)) throw new Error(`${path} was taken away`);
      return await tree.read(path);
    },
  };
}
