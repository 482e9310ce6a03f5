import type { KubeObject } from '../model/kube-object.ts';
import { exceptionsOf } from './exceptions/exceptions.ts';
import { forceAnnotation } from './exceptions/own.ts';
import { belongsTo } from './normalise.ts';
import { isKeptKind } from './prune.ts';
import { textAt } from './values.ts';

/** What may be done when the API server says that a field is immutable: delete the object of this uid and create it again, or not, and why. */
export type Recreation = { uid: string } | { refused: string };

/**
 * What to write in Git when the API server says that a field is immutable and Git's object does not ask to be created again; undefined
 * where it would not be done. `adopted`: it was not of this sync before.
 */
export function recreateHint(git: KubeObject, { adopted }: { adopted: boolean }): string | undefined {
  if (exceptionsOf(git).recreate === true || adopted || isKeptKind(git) || takesClaims(git)) return undefined;
  return `annotate it with ${forceAnnotation}: recreate, and it is deleted and created again; or put the field back`;
}

/** Whether Git's object asks to be deleted and created again, and whether that may be done to the live one. Undefined where it does not ask. */
export function recreationOf(git: KubeObject, live: KubeObject, sync: string): Recreation | undefined {
  if (exceptionsOf(git).recreate !== true) return undefined;
  if (isKeptKind(git)) return { refused: `a ${git.kind} is never deleted to be created again` };
  if (!belongsTo(live, sync)) return { refused: 'it was not applied by this sync before, so it is not deleted' };
  if (takesClaims(live)) {
    const where = 'spec.persistentVolumeClaimRetentionPolicy.whenDeleted';
    return { refused: `its volume claims would be deleted with it (${where} is Delete)` };
  }
  return { uid: live.metadata.uid ?? '' };
}

/** True for a StatefulSet that takes its claims with it when it is deleted. */
function takesClaims(object: KubeObject): boolean {
  return textAt(object, 'spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted') === 'Delete';
}
