import * as z from 'zod';
import type { ProposalRequest } from '../../bump/ports.ts';
import type { GitHubRepo } from './client.ts';
import { isFailure } from './failure.ts';

const pullShape = z.object({
  number: z.number(),
  node_id: z.string(),
  html_url: z.string(),
  state: z.enum(['open', 'closed']),
  title: z.string(),
  body: z.string().nullish(),
  head: z.object({ ref: z.string(), sha: z.string() }),
  labels: z.array(z.object({ name: z.string() })).default([]),
  requested_reviewers: z.array(z.object({ login: z.string() })).nullish(),
  requested_teams: z.array(z.object({ slug: z.string() })).nullish(),
  auto_merge: z.unknown().optional(),
});
/** A pull request as the REST API tells it. */
export type Pull = z.infer<typeof pullShape>;

/** The open pull request from one branch of the repository into another. */
export async function findPull(repo: GitHubRepo, base: string, head: string): Promise<Pull | undefined> {
  const parameters = { state: 'open', head: `${repo.owner}:${head}`, base };
  const pulls = await repo.rest('GET /repos/{owner}/{repo}/pulls', parameters, z.array(pullShape));
  return pulls.find((pull) => pull.head.ref === head);
}

/** One pull request; undefined when there is none of that number. */
export async function readPull(repo: GitHubRepo, number: number): Promise<Pull | undefined> {
  try {
    const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}';
    return await repo.rest(route, { pull_number: number }, pullShape);
  } catch (error) {
    if (isFailure(error, 'refused', 404)) return undefined;
    throw error;
  }
}

/** Opens a pull request; finds the one that is there already, or that was made although the answer got lost. */
export async function openPull(
  repo: GitHubRepo,
  base: string,
  head: string,
  { title, description }: Pick<ProposalRequest, 'title' | 'description'>,
): Promise<Pull> {
  const parameters = { title, body: description, head, base };
  const send = () => repo.rest('POST /repos/{owner}/{repo}/pulls', parameters, pullShape);
  try {
    return await send();
  } catch (error) {
    const isThere = isFailure(error, 'refused', 422) && /already exists/i.test(error.message);
    if (!isThere && !isFailure(error, 'lost')) throw error;
    const found = await findPull(repo, base, head);
    if (found !== undefined) return found;
    if (isThere) throw error;
    return send();
  }
}

/** Gives a pull request another title and description, or closes it. The same again changes nothing, so a lost answer is asked for once more. */
export async function changePull(
  repo: GitHubRepo,
  number: number,
  change: { title?: string; body?: string; state?: 'closed' },
): Promise<void> {
  const send = () =>
    repo.rest('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', { pull_number: number, ...change }, pullShape);
  await send().catch((error: unknown) => {
    if (!isFailure(error, 'lost')) throw error;
    return send();
  });
}
