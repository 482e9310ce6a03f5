import { holdPath } from '../config/holds.ts';
import { RetryableError } from '../model/errors.ts';
import { rollbackStoryIn } from '../model/rollback-story.ts';
import { nothing } from './compose.ts';
import { lookAtHead } from './look.ts';
import { type NoRollback, type RollbackPlan, short } from './order.ts';
import type { RollbackDeps, RollbackRepo } from './ports.ts';
import { planRollback } from './rollback.ts';

/** How a rollback ended. `changed`: on the new head it would do something else than what was planned, and nothing was done. */
export type RolledBack =
  | { result: 'committed'; revision: string; at?: string; plan: RollbackPlan }
  | { result: 'changed'; plan: RollbackPlan }
  | NoRollback;

/** How often a rollback is planned anew on a head that moved. */
const attempts = 5;

/**
 * Makes the one commit of a plan, if the head still is the one that it was made on; else plans anew, and commits that where it is the same change. Throws
 * `RetryableError` when the head moves at each try, and what the repo throws.
 */
export async function commitRollback(
  planned: RollbackPlan,
  repo: RollbackRepo,
  deps: RollbackDeps,
): Promise<RolledBack> {
  let plan = planned;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const made = await repo.commit({ ...plan.commit, at: plan.order.now });
    if (made.result === 'committed') {
      const { revision, at } = made;
      return { result: 'committed', revision, ...(at === undefined ? {} : { at }), plan };
    }
    await deps.sleep(Math.round(100 * 2 ** (attempt - 1) * deps.random()));
    const again = (await doneByOthers(planned, repo, deps)) ?? (await planRollback(plan.order, repo, deps));
    if (again.result === 'none') return again;
    if (changeOf(again) !== changeOf(planned)) return { result: 'changed', plan: again };
    plan = again;
  }
  throw new RetryableError(`the head of ${repo.branch} moved ${attempts} times while a rollback was made`, {
    code: 'head-moved',
    subject: repo.branch,
  });
}

/** Two people at once: where the other one's rollback is in the branch by now, holds and all, and this one would change nothing more, there is nothing to do. */
async function doneByOthers(
  { order, head, back, story }: RollbackPlan,
  repo: RollbackRepo,
  deps: RollbackDeps,
): Promise<NoRollback | undefined> {
  if (order.undo !== undefined) return undefined;
  const { recent, holds } = await lookAtHead(repo);
  const planned = recent.findIndex(({ revision }) => revision === head);
  const since = recent.slice(0, Math.max(0, planned));
  const held = new Set(holds.map(holdPath));
  const made = since.find((commit) => {
    const theirs = rollbackStoryIn(commit);
    const isSame = theirs?.target === story.target && JSON.stringify(theirs.images) === JSON.stringify(story.images);
    return isSame && theirs.holds.every((path) => held.has(path));
  });
  if (made === undefined) return undefined;
  const to = back === undefined ? order.to : { revision: back.revision };
  const left = await planRollback({ ...order, to }, repo, deps);
  if (left.result !== 'none' || left.code !== 'nothing-to-do') return undefined;
  const who = rollbackStoryIn(made)?.who ?? made.author;
  return nothing(
    'nothing-to-do',
    `${story.target} was rolled back meanwhile by ${who} (${short(made.revision)}): nothing to do`,
  );
}

/** What a plan does to Git and undoes, as a text that is the same for the same rollback, whoever asks for it. */
export function keyOf(plan: RollbackPlan): string {
  return JSON.stringify([plan.story.target, changeOf(plan), plan.reverts.map(({ revision }) => revision)]);
}

/** What a plan does to Git, without what differs from one head to another: lines and bytes elsewhere in the files. */
function changeOf({ back, changes, files, story, holds, order }: RollbackPlan): string {
  const texts = changes.map(({ file, policy, from, to }) => [file, policy, from, to]);
  const paths = files.map(({ path, after }) => [path, after === undefined]);
  // The exact undoing of a bump is the same whatever was committed beside it.
  const to = order.undo === undefined ? back?.revision : undefined;
  const held = holds.map(({ image, tag, past }) => [image, tag, past]);
  return JSON.stringify([to, texts, paths, story.images, held, story.releases]);
}
