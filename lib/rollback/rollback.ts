import { UserError } from '../model/errors.ts';
import { imageNamed, lookAtHead, syncNamed } from './look.ts';
import type { NoRollback, RollbackOrder, RollbackPlan } from './order.ts';
import { planImage } from './plan-image.ts';
import { planSync } from './plan-sync.ts';
import { planUndo } from './plan-undo.ts';
import type { RollbackDeps, RollbackRepo } from './ports.ts';

export type { NoRollback, RollbackOrder, RollbackPlan } from './order.ts';

/**
 * Plans a rollback on the head of the branch: the texts of an image, or the files of a sync, as they were, and a hold for each image that goes back.
 * Nothing is written. Throws `UserError` for a target or a revision that there is not, and for a head without a usable windlass.yaml, and what
 * the repo throws.
 */
export async function planRollback(
  order: RollbackOrder,
  repo: RollbackRepo,
  deps: Pick<RollbackDeps, 'registry' | 'health'>,
): Promise<RollbackPlan | NoRollback> {
  const look = await lookAtHead(repo);
  if (order.undo !== undefined) return await planUndo({ ...order, undo: order.undo }, look, repo, deps);
  if ('image' in order.target) return await planImage(order, imageNamed(look, order.target.image), look, repo, deps);
  if (order.to !== undefined && 'tag' in order.to)
    throw new UserError(`a sync goes back to a commit or a time, not to a tag (${order.to.tag})`, { code: 'usage' });
  return await planSync(order, syncNamed(look, order.target.sync), look, repo, deps);
}
