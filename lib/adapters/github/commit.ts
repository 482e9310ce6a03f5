import * as z from 'zod';
import type { CommitRequest } from '../../bump/ports.ts';
import { commitMessage } from '../../model/commit-message.ts';
import { isCommitOn, lookFor } from './branch-look.ts';
import type { GitHubRepo } from './client.ts';
import { GitHubFailure, isFailure } from './failure.ts';
import { moveBranch, type TreeFile, treeOf, type Written, writeCommitObject, writeTree } from './git-data.ts';
import { isProtected } from './trouble.ts';

/** A commit that is to be made: the request's files with their modes. */
export interface Commit extends Omit<CommitRequest, 'files' | 'at'> {
  files: readonly TreeFile[];
  /** The parent's root tree, where it is known. */
  tree?: string;
}

/** `at`: the time that GitHub gave it. */
export type Committed = { result: 'committed'; revision: string; at: string } | { result: 'head-moved' };

/** Bytes that GraphQL takes with certainty: it refuses about 40 MB, of which base64 is a third. */
const mostBytes = 20 * 1024 * 1024;

const mutation = `mutation Commit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid committedDate } }
}`;
const made = z.object({
  createCommitOnBranch: z.object({ commit: z.object({ oid: z.string(), committedDate: z.string() }) }),
});

/**
 * Makes one commit on the head of a branch, if its head is the parent. GraphQL's `createCommitOnBranch` compares and swaps; it knows no modes, so
 * that a commit with an executable file is made by the Git data API, whose swap is that it moves a branch only forward. When the answer got lost
 * the branch is read before anything is sent again. Throws `GitHubFailure`.
 */
export async function commitOnBranch(repo: GitHubRepo, branch: string, commit: Commit): Promise<Committed> {
  const size = commit.files.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  const executable = commit.files.some(({ bytes, mode }) => bytes !== undefined && mode === 0o100755);
  if (executable || size > mostBytes) return byGitData(repo, branch, commit);
  try {
    return await byMutation(repo, branch, commit);
  } catch (error) {
    if (!isRefusedForItsSize(error)) throw error;
    return byGitData(repo, branch, commit);
  }
}

async function byMutation(repo: GitHubRepo, branch: string, commit: Commit): Promise<Committed> {
  const message = commitMessage(commit);
  const input = mutationInput(repo, branch, commit, message);
  const send = async () => {
    const { oid, committedDate } = (await repo.mutate(mutation, { input }, made)).createCommitOnBranch.commit;
    return { revision: oid, at: committedDate };
  };
  return settle(repo, branch, commit.parent, send, isCommitOn(commit.parent, message), isStale);
}

async function byGitData(repo: GitHubRepo, branch: string, commit: Commit): Promise<Committed> {
  const { parent } = commit;
  const tree = await writeTree(repo, commit.tree ?? (await treeOf(repo, parent)), commit.files);
  const written = await writeCommitObject(repo, { message: commitMessage(commit), tree, parent });
  const send = async () => {
    await moveBranch(repo, branch, written.revision, false);
    return written;
  };
  const refused = (error: unknown) => isFailure(error, 'refused', 409, 422) && !isProtected(error);
  return settle(repo, branch, parent, send, ({ oid }) => oid === written.revision, refused);
}

/**
 * Sends a write that moves the branch, twice at most. `isLostRace` tells a refusal that may be one: the branch's head says whether it was.
 * After a lost answer a race may be lost to our own first request.
 */
async function settle(
  repo: GitHubRepo,
  branch: string,
  parent: string,
  send: () => Promise<Written>,
  isOurs: Parameters<typeof lookFor>[2],
  isLostRace: (error: unknown) => boolean,
): Promise<Committed> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { result: 'committed', ...(await send()) };
    } catch (error) {
      if (attempt === 1 && isStale(error)) return { result: 'head-moved' };
      const inDoubt = isFailure(error, 'lost');
      if (!inDoubt && !isLostRace(error)) throw error;
      const look = await lookFor(repo, branch, isOurs);
      if ('found' in look) return { result: 'committed', revision: look.found, at: look.at };
      if (look.head !== parent) return { result: 'head-moved' };
      if (!inDoubt || attempt === 2) throw error;
    }
  }
}

function isStale(error: unknown): boolean {
  return error instanceof GitHubFailure && error.type === 'STALE_DATA';
}

function isRefusedForItsSize(error: unknown): boolean {
  return isFailure(error, 'refused', 413) || (isFailure(error, 'refused') && /too (?:large|big)/i.test(error.message));
}

function mutationInput(repo: GitHubRepo, branch: string, commit: Commit, message: string): Record<string, unknown> {
  const [headline, ...body] = message.trimEnd().split('\n\n');
  return {
    branch: { repositoryNameWithOwner: repo.name, branchName: branch },
    message: { headline, body: body.join('\n\n') },
    expectedHeadOid: commit.parent,
    fileChanges: {
      additions: commit.files.flatMap(({ path, bytes }) =>
        bytes === undefined ? [] : [{ path, contents: Buffer.from(bytes).toString('base64') }],
      ),
      deletions: commit.files.flatMap(({ path, bytes }) => (bytes === undefined ? [{ path }] : [])),
    },
  };
}
