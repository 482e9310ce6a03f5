// Puts the files of this machine and git behind `windlass init`. Everything is imported when it is asked for.
import type { SourceTree } from '../desired/ports.ts';

/** What is at a path, with the root of the repository around it where there is one. */
export async function lookAt(path: string) {
  const { lookAtPath } = await import('../adapters/local/new-files.ts');
  const { findRepoRoot } = await import('../adapters/local/directory-tree.ts');
  const at = await lookAtPath(path);
  if (at.kind !== 'directory') return at;
  const { root } = await findRepoRoot(at.path);
  const isRepo = (await lookAtPath(`${root}/.git`)).kind !== 'nothing';
  return { ...at, ...(isRepo && { repo: root }) };
}

/** The files of a directory as they are now. */
export async function directoryTree(directory: string): Promise<SourceTree> {
  const { openDirectoryTree } = await import('../adapters/local/directory-tree.ts');
  return await openDirectoryTree(directory);
}

/** Writes new files, edits others, and makes a repository of the directory where it is to be one. */
export async function writeInit(
  directory: string,
  {
    created,
    edited,
    makeRepo,
  }: {
    created: readonly { path: string; after: Uint8Array }[];
    edited: readonly { path: string; before: Uint8Array; after: Uint8Array }[];
    makeRepo: boolean;
  },
): Promise<void> {
  const { createFiles } = await import('../adapters/local/new-files.ts');
  const { replaceFiles } = await import('../adapters/local/files.ts');
  await createFiles(directory, created);
  replaceFiles(directory, edited);
  if (!makeRepo) return;
  const { initRepo } = await import('../adapters/git/init-repo.ts');
  await initRepo(directory);
}
