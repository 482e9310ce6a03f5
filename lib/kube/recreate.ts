import type { KubeObject } from '../model/kube-object.ts';
import { exceptionsOf } from './exceptions/exceptions.ts';
import { belongsTo } from './normalise.ts';
import { isKeptKind } from './prune.ts';
import { textAt } from './values.ts';

/** What may be done when the API server says that a field is immutable: delete the object of this uid and create it again, or not, and why. */
export type Recreation = { uid: string } | { refused: string };

/** Whether Git's object asks to be deleted and created again, and whether that may be done to the live one. Undefined where it does not ask. */
export function recreationOf(git: KubeObject, live: KubeObject, sync: string): Recreation | undefined {
  if (exceptionsOf(git).recreate !== true) return undefined;
  if (isKeptKind(git)) return { refused: `a ${git.kind} is never deleted to be created again` };
  if (!belongsTo(live, sync)) return { refused: 'it was not applied by this sync before, so it is not deleted' };
  const claims = textAt(live, 'spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted');
  if (claims === 'Delete') {
    const where = 'spec.persistentVolumeClaimRetentionPolicy.whenDeleted';
    return { refused: `its volume claims would be deleted with it (${where} is Delete)` };
  }
  return { uid: live.metadata.uid ?? '' };
}
