import * as z from 'zod';
import { UserError } from '../../model/errors.ts';
import { strayPath } from '../../model/tree-path.ts';
import type { GitHubRepo } from './client.ts';

/** A file, link or submodule of a commit. */
export interface TreeEntry {
  path: string;
  kind: 'file' | 'symlink' | 'submodule';
  executable: boolean;
  oid: string;
  /** Bytes; 0 for a submodule. */
  size: number;
}

/** How much one revision may have. */
export interface TreeLimits {
  /** 50,000 unless told. */
  maxFiles?: number;
  /** Bytes of all files; 512 MiB unless told. */
  maxBytes?: number;
}

const treeShape = z.object({
  truncated: z.boolean(),
  tree: z.array(
    z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: z.string(), size: z.number().optional() }),
  ),
});

/** Everything that a commit has, by one request. Throws `UserError` for more than is read and for paths that lead out of the tree, `GitHubFailure`. */
export async function readTree(repo: GitHubRepo, revision: string, limits: TreeLimits): Promise<TreeEntry[]> {
  const route = 'GET /repos/{owner}/{repo}/git/trees/{tree_sha}';
  const { truncated, tree } = await repo.rest(route, { tree_sha: revision, recursive: '1' }, treeShape);
  const entries = tree.filter(({ type }) => type !== 'tree').map(entryOf);
  checkSize(repo, revision, entries, truncated, limits);
  const stray = strayPath(entries.map(({ path }) => path));
  if (stray === undefined) return entries;
  throw new UserError(`commit ${revision} has the path ${JSON.stringify(stray)}, which is refused`, {
    code: 'tree-path',
    subject: revision,
  });
}

function entryOf({ path, mode, sha, size = 0 }: z.infer<typeof treeShape>['tree'][number]): TreeEntry {
  const kind = mode === '160000' ? 'submodule' : mode === '120000' ? 'symlink' : 'file';
  return { path, kind, executable: mode === '100755', oid: sha, size: kind === 'submodule' ? 0 : size };
}

function checkSize(
  repo: GitHubRepo,
  revision: string,
  entries: readonly TreeEntry[],
  truncated: boolean,
  { maxFiles = 50_000, maxBytes = 512 * 1024 * 1024 }: TreeLimits,
): void {
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  if (!truncated && entries.length <= maxFiles && bytes <= maxBytes) return;
  const found = `${truncated ? 'more than ' : ''}${entries.length} files with ${bytes} bytes`;
  throw new UserError(
    `${repo.name} has ${found} at ${revision.slice(0, 12)}, more than the ${maxFiles} files or ${maxBytes} bytes that are read`,
    { code: 'repo-too-large', subject: revision },
  );
}
