import * as z from 'zod';
import { blobOid } from './blob.ts';
import { type GitHubRepo, nothing } from './client.ts';
import { isFailure, lost } from './failure.ts';

/** A file as a tree gets it; without bytes it is deleted. */
export interface TreeFile {
  path: string;
  bytes: Uint8Array | undefined;
  /** `0o100644` or `0o100755`. */
  mode: number;
}

const object = z.object({ sha: z.string() });
const commitWithTree = z.object({ tree: object });

/** A commit that was written, and the time that GitHub gave it. */
export interface Written {
  revision: string;
  at: string;
}

const writtenCommit = z.object({ sha: z.string(), committer: z.object({ date: z.string() }) });

/** The root tree of a commit. */
export async function treeOf(repo: GitHubRepo, revision: string): Promise<string> {
  const route = 'GET /repos/{owner}/{repo}/git/commits/{commit_sha}';
  return (await repo.rest(route, { commit_sha: revision }, commitWithTree)).tree.sha;
}

/** Writes a tree: that of `base` with the files changed. Nothing refers to it yet, so that a lost answer does no harm. */
export async function writeTree(repo: GitHubRepo, base: string, files: readonly TreeFile[]): Promise<string> {
  const tree: unknown[] = [];
  for (const { path, bytes, mode } of files) {
    tree.push({ path, mode: mode.toString(8).padStart(6, '0'), type: 'blob', ...(await contentOf(repo, bytes)) });
  }
  return (await repo.rest('POST /repos/{owner}/{repo}/git/trees', { base_tree: base, tree }, object)).sha;
}

/** Writes a commit that no branch has yet. Without an author: GitHub signs those of an App, and shows them as verified. */
export async function writeCommitObject(
  repo: GitHubRepo,
  commit: { message: string; tree: string; parent: string },
): Promise<Written> {
  const { message, tree, parent } = commit;
  const parameters = { message, tree, parents: [parent] };
  const { sha, committer } = await repo.rest('POST /repos/{owner}/{repo}/git/commits', parameters, writtenCommit);
  return { revision: sha, at: committer.date };
}

/** Moves a branch; not forced, only forward. */
export async function moveBranch(repo: GitHubRepo, branch: string, revision: string, force: boolean): Promise<void> {
  const parameters = { ref: `heads/${branch}`, sha: revision, force };
  await repo.rest('PATCH /repos/{owner}/{repo}/git/refs/{ref}', parameters, nothing);
}

/** Makes a branch. */
export async function createBranch(repo: GitHubRepo, branch: string, revision: string): Promise<void> {
  await repo.rest('POST /repos/{owner}/{repo}/git/refs', { ref: `refs/heads/${branch}`, sha: revision }, nothing);
}

/** Takes a branch away; one that is gone already is well. */
export async function deleteBranch(repo: GitHubRepo, branch: string): Promise<void> {
  try {
    await repo.rest('DELETE /repos/{owner}/{repo}/git/refs/{ref}', { ref: `heads/${branch}` }, nothing);
  } catch (error) {
    if (!isNoSuchRef(error)) throw error;
  }
}

/** True when GitHub says that there is no such branch. */
export function isNoSuchRef(error: unknown): boolean {
  return (
    isFailure(error, 'refused', 404) || (isFailure(error, 'refused', 422) && /does not exist/i.test(error.message))
  );
}

async function contentOf(repo: GitHubRepo, bytes: Uint8Array | undefined): Promise<Record<string, unknown>> {
  if (bytes === undefined) return { sha: null };
  const text = plainText(bytes);
  if (text !== undefined) return { content: text };
  const parameters = { content: Buffer.from(bytes).toString('base64'), encoding: 'base64' };
  const { sha } = await repo.rest('POST /repos/{owner}/{repo}/git/blobs', parameters, object);
  if (sha !== blobOid(bytes)) throw lost('GitHub stored other bytes than it was given');
  return { sha };
}

/** The text of bytes that a tree can be given as text, and keeps as they are. */
function plainText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.startsWith('\ufeff') || text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
