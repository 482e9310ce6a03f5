import * as z from 'zod';
import type { CommitStatuses } from '../../report/ports.ts';
import { type GitHub, nothing } from './client.ts';
import { openDeployment, setDeploymentStatus } from './deployments.ts';
import { isFailure } from './failure.ts';
import { type Attempt, told } from './trouble.ts';

/** Whose commits get statuses. */
export interface GitHubStatusesOptions {
  client: GitHub;
  owner: string;
  repo: string;
}

/** A whole commit id: anything else GitHub might take for a branch. */
const commitId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

/** Commit statuses and deployments of a repository on GitHub. Revisions that are no commit of it are left out. */
export function openCommitStatuses({ client, owner, repo: name }: GitHubStatusesOptions): CommitStatuses {
  const repo = client.repo(owner, name);
  const attempt = (what: string, needs: string): Attempt => ({ what, subject: repo.name, needs });
  const status = attempt(`set a commit status in ${repo.name}`, 'Commit statuses: write');
  const deployment = attempt(`tell of a deployment in ${repo.name}`, 'Deployments: write');
  const isCommit = (revision: string) => commitId.safeParse(revision).success;
  return {
    setStatus: (revision, context, { state, description }) =>
      told(status, async () => {
        if (!isCommit(revision)) return false;
        const parameters = { sha: revision, context, state, description };
        const set = repo.rest('POST /repos/{owner}/{repo}/statuses/{sha}', parameters, nothing);
        return (await orNoCommit(set.then(() => true))) ?? false;
      }),
    openDeployment: (wanted) =>
      told(deployment, async () => (isCommit(wanted.revision) ? orNoCommit(openDeployment(repo, wanted)) : undefined)),
    setDeploymentStatus: (id, { state, description }) =>
      told(deployment, () =>
        setDeploymentStatus(repo, id, { state: state === 'pending' ? 'in_progress' : state, description }),
      ),
  };
}

/** Undefined where GitHub does not know the commit. */
async function orNoCommit<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isFailure(error, 'refused', 422) && /no (?:commit|ref) found/i.test(error.message)) return undefined;
    throw error;
  }
}
