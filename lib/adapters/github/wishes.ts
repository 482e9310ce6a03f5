import * as z from 'zod';
import type { ProposalRequest } from '../../bump/ports.ts';
import { type GitHubRepo, nothing } from './client.ts';
import { isFailure } from './failure.ts';
import type { Pull } from './pull-request.ts';

/** Gives a pull request the labels, reviewers and auto-merge that it lacks. What GitHub does not grant comes back as warnings. Throws `GitHubFailure` for what may pass. */
export async function grantWishes(
  repo: GitHubRepo,
  pull: Pull,
  wishes: Pick<ProposalRequest, 'labels' | 'reviewers' | 'autoMerge'>,
): Promise<string[]> {
  return [
    ...(await addLabels(repo, pull, wishes.labels)),
    ...(await askReviewers(repo, pull, wishes.reviewers)),
    ...(wishes.autoMerge ? await enableAutoMerge(repo, pull) : []),
  ];
}

async function addLabels(repo: GitHubRepo, pull: Pull, wanted: readonly string[]): Promise<string[]> {
  const there = new Set(pull.labels.map(({ name }) => name.toLowerCase()));
  const labels = wanted.filter((label) => !there.has(label.toLowerCase()));
  if (labels.length === 0) return [];
  const route = 'POST /repos/{owner}/{repo}/issues/{issue_number}/labels';
  const warning = `the labels ${labels.join(', ')} were not added`;
  return granted(warning, () => repo.rest(route, { issue_number: pull.number, labels }, nothing));
}

async function askReviewers(repo: GitHubRepo, pull: Pull, wanted: readonly string[]): Promise<string[]> {
  const users = new Set(pull.requested_reviewers?.map(({ login }) => login.toLowerCase()));
  const teams = new Set(pull.requested_teams?.map(({ slug }) => slug.toLowerCase()));
  const missing = wanted.filter((name) => {
    const [org, team] = name.toLowerCase().split('/');
    return team === undefined ? !users.has(org!) : !teams.has(team);
  });
  if (missing.length === 0) return [];
  const route = 'POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers';
  const ask = (names: readonly string[]) =>
    repo.rest(
      route,
      {
        pull_number: pull.number,
        reviewers: names.filter((name) => !name.includes('/')),
        team_reviewers: names.filter((name) => name.includes('/')).map((name) => name.split('/')[1]!),
      },
      nothing,
    );
  if ((await granted('', () => ask(missing))).length === 0) return [];
  // GitHub refuses all for one that it cannot ask.
  const warnings: string[] = [];
  for (const name of missing)
    warnings.push(...(await granted(`${name} was not asked for a review`, () => ask([name]))));
  return warnings;
}

const howToMerge = `query HowToMerge($owner: String!, $repo: String!) {
  repository(owner: $owner, name: $repo) { autoMergeAllowed mergeCommitAllowed rebaseMergeAllowed }
}`;
const merges = z.object({
  repository: z.object({
    autoMergeAllowed: z.boolean(),
    mergeCommitAllowed: z.boolean(),
    rebaseMergeAllowed: z.boolean(),
  }),
});
const mutation = `mutation AutoMerge($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
}`;

async function enableAutoMerge(repo: GitHubRepo, pull: Pull): Promise<string[]> {
  if (pull.auto_merge !== null && pull.auto_merge !== undefined) return [];
  const { repository } = await repo.query(howToMerge, {}, merges);
  if (!repository.autoMergeAllowed) return ['auto-merge is not allowed in the settings of the repository'];
  // A merge or a rebase keeps the commit's message with its trailers as it is.
  const mergeMethod = repository.mergeCommitAllowed ? 'MERGE' : repository.rebaseMergeAllowed ? 'REBASE' : 'SQUASH';
  const input = { pullRequestId: pull.node_id, mergeMethod };
  return granted('auto-merge was not switched on (the branch must have a rule that is not yet met)', () =>
    repo.mutate(mutation, { input }, nothing),
  );
}

async function granted(warning: string, ask: () => Promise<unknown>): Promise<string[]> {
  try {
    await ask();
    return [];
  } catch (error) {
    if (!isFailure(error, 'refused')) throw error;
    return [`${warning}: ${error.message}`];
  }
}
