import type { ManagedFieldsEntry } from '../model/kube-object.ts';
import { type FieldPath, isWithin } from './fields.ts';
import { isController } from './holder.ts';
import type { ManagerRules } from './managers.ts';
import { replicasPath, type Scaling, scalesForScalers } from './scalers.ts';

/** What decides whose a field is, besides its holder. */
export interface Leaving {
  /** Whether an autoscaler sets the object's replicas. */
  scaling: Scaling;
  /** Fields that Git's object says to take, whoever holds them. */
  taken: readonly FieldPath[];
  managers?: ManagerRules | undefined;
}

/** Nothing is known but the managed fields. */
export const byHolderAlone: Leaving = { scaling: 'unknown', taken: [] };

/**
 * True for a field that is left to its holder although Git sets it: one of a controller. Replicas are the autoscaler's while there is one,
 * whoever wrote them last; without one, what an autoscaler left behind is nobody's.
 */
export function isLeft(path: FieldPath, holder: ManagedFieldsEntry | undefined, leaving: Leaving): boolean {
  if (leaving.taken.some((outer) => isWithin(path, outer))) return false;
  if (isWithin(path, replicasPath) && leaving.scaling === 'scaled') return true;
  if (isWithin(path, replicasPath) && leaving.scaling === 'free' && scalesForScalers(holder)) return false;
  return isController(holder, leaving.managers);
}
