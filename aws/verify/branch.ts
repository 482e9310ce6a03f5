import { z } from 'zod';
import type { GitHubRepo } from '../../lib/adapters/github/client.ts';
import { createBranch, deleteBranch, writeCommitObject } from '../../lib/adapters/github/git-data.ts';
import { filesOf, type Plan } from './plan.ts';

const repository = z.object({ default_branch: z.string() });
const ref = z.object({ object: z.object({ sha: z.string() }) });
const tree = z.object({ sha: z.string() });
const commit = z.object({
  message: z.string(),
  verification: z.object({ verified: z.boolean(), reason: z.string() }).optional(),
});

/** A commit as GitHub shows it. */
export interface Seen {
  revision: string;
  message: string;
  /** What GitHub says of its signature; undefined where it says nothing. */
  signed: string | undefined;
}

/** Makes the branch: one commit on the repository's own, with nothing but the files of the plan. Its head. */
export async function makeBranch(repo: GitHubRepo, plan: Plan): Promise<string> {
  const { default_branch: usual } = await repo.rest('GET /repos/{owner}/{repo}', {}, repository);
  const parent = await headOf(repo, usual);
  const files = Object.entries(filesOf(plan)).map(([path, content]) => ({
    ...{ path, content, mode: '100644', type: 'blob' },
  }));
  const { sha } = await repo.rest('POST /repos/{owner}/{repo}/git/trees', { tree: files }, tree);
  const made = await writeCommitObject(repo, { message: `Verify Windlass (${plan.id})`, tree: sha, parent });
  await createBranch(repo, plan.branch, made.revision);
  return made.revision;
}

/** The newest commit of the branch, once it is another one than it was; undefined until then. */
export async function newCommit(repo: GitHubRepo, { branch }: Plan, before: string): Promise<Seen | undefined> {
  const revision = await headOf(repo, branch);
  if (revision === before) return undefined;
  const route = 'GET /repos/{owner}/{repo}/git/commits/{commit_sha}';
  const { message, verification } = await repo.rest(route, { commit_sha: revision }, commit);
  const signed = verification === undefined ? undefined : verification.verified ? 'verified' : verification.reason;
  return { revision, message, signed };
}

/** Deletes the branch; one that is gone is well. */
export async function removeBranch(repo: GitHubRepo, { branch }: Plan): Promise<void> {
  await deleteBranch(repo, branch);
}

async function headOf(repo: GitHubRepo, branch: string): Promise<string> {
  const route = 'GET /repos/{owner}/{repo}/git/ref/{ref}';
  return (await repo.rest(route, { ref: `heads/${branch}` }, ref)).object.sha;
}
