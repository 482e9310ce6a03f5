import * as z from 'zod';
import type { GitHubRepo } from './client.ts';
import type { Entry } from './entries.ts';

/** A file as the tree of a commit lists it. */
export interface ListedFile extends Entry {
  size: number;
}

const treeShape = z.object({
  truncated: z.boolean(),
  tree: z.array(
    z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: z.string(), size: z.number().optional() }),
  ),
});

/** All files of a commit, at any depth; undefined when they are more than GitHub lists at once (100,000 entries or 7 MB). */
export async function listFiles(repo: GitHubRepo, revision: string): Promise<Map<string, ListedFile> | undefined> {
  const { truncated, tree } = await repo.rest(
    'GET /repos/{owner}/{repo}/git/trees/{tree_sha}',
    { tree_sha: revision, recursive: '1' },
    treeShape,
  );
  if (truncated) return undefined;
  const files = tree.filter(({ type }) => type !== 'tree');
  return new Map(
    files.map(({ path, mode, sha, size }) => [path, { mode: Number.parseInt(mode, 8), oid: sha, size: size ?? 0 }]),
  );
}
