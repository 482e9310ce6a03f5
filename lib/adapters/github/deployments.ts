import * as z from 'zod';
import { type GitHubRepo, nothing } from './client.ts';
import { isFailure } from './failure.ts';

/** What the deployments of Windlass are for, in GitHub's words; others may deploy to the same environment. */
const task = 'windlass';

const deploymentShape = z.object({ id: z.number(), sha: z.string(), task: z.string(), environment: z.string() });

/** The deployment of a commit to an environment: the one that is there, or was made although the answer got lost; else a new one. Throws `GitHubFailure`. */
export async function openDeployment(
  repo: GitHubRepo,
  wanted: { environment: string; revision: string; description: string },
): Promise<number> {
  const found = await findDeployment(repo, wanted);
  if (found !== undefined) return found;
  const { environment, revision, description } = wanted;
  // GitHub is not to merge anything, nor to wait for statuses: the commit is in the cluster already. Whether the environment is one of
  // production it tells by the name.
  const parameters = { ref: revision, task, environment, description, auto_merge: false, required_contexts: [] };
  try {
    return (await repo.rest('POST /repos/{owner}/{repo}/deployments', parameters, deploymentShape)).id;
  } catch (error) {
    const made = isFailure(error, 'lost') ? await findDeployment(repo, wanted) : undefined;
    if (made === undefined) throw error;
    return made;
  }
}

/** Adds a status to a deployment. With a success GitHub makes the older ones of the environment inactive. Throws `GitHubFailure`. */
export async function setDeploymentStatus(
  repo: GitHubRepo,
  id: number,
  status: { state: 'in_progress' | 'success' | 'failure' | 'error' | 'inactive'; description: string },
): Promise<void> {
  const parameters = { deployment_id: id, ...status, auto_inactive: true };
  await repo.rest('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', parameters, nothing);
}

async function findDeployment(
  repo: GitHubRepo,
  { environment, revision }: { environment: string; revision: string },
): Promise<number | undefined> {
  const parameters = { sha: revision, task, environment };
  const all = await repo.rest('GET /repos/{owner}/{repo}/deployments', parameters, z.array(deploymentShape));
  return all.find((one) => one.sha === revision && one.task === task && one.environment === environment)?.id;
}
