// Puts adapters into flows for the commands, one function a need. Everything is imported when it is asked for:
// a command must not load what it does not use.
import type { Kustomizer, SourceTree } from '../desired/ports.ts';
import type { Io } from './command.ts';

/** The user's files: reading a directory or a text, replacing a file. */
export async function localFiles() {
  return await import('../adapters/local/files.ts');
}

/**
 * A directory of the user as a tree, and the path in it. With a path the directory is the tree; without one the tree is the repository
 * around the directory, so that a kustomization may build on its neighbours.
 */
export async function localTree(
  directory: string,
  path: string | undefined,
): Promise<{ tree: SourceTree; path: string }> {
  const { findRepoRoot, openDirectoryTree } = await import('../adapters/local/directory-tree.ts');
  if (path !== undefined) return { tree: await openDirectoryTree(directory), path };
  const { root, inside } = await findRepoRoot(directory);
  return { tree: await openDirectoryTree(root), path: inside };
}

/** kustomize, by the kubectl that runs here; remarks go to stderr. */
export async function kustomizer(io: Io): Promise<Kustomizer> {
  const { openKustomizer } = await import('../adapters/kustomize/kustomizer.ts');
  return openKustomizer({ env: io.env, note: (text) => io.stderr.write(`note: ${text}\n`) });
}
