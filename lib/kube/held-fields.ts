import type { KubeObject, ManagedFieldsEntry } from '../model/kube-object.ts';
import { type FieldPath, type FieldsV1, hasMember, pathText, setOf } from './fields.ts';
import { foreignMembers } from './foreign.ts';
import { canonicalJson } from './hash.ts';
import { holderOf } from './holder.ts';
import { isLeft, type Leaving } from './left.ts';
import type { LostPath } from './owned.ts';
import type { AppliedEntry } from './record.ts';
import { resolvePath } from './resolve.ts';

/** A field of Git's that is not ours any more, and whose it is. */
export type HeldPath = LostPath & { holder?: ManagedFieldsEntry };

/**
 * Fields that were left out of the apply: those that are still left to who holds them, and those that are to come back, because no
 * autoscaler sets them any more, or somebody else than a controller did.
 */
export function heldFields(
  { left = [], fields }: AppliedEntry,
  live: KubeObject,
  desired: KubeObject | undefined,
  leaving: Leaving,
): { left: HeldPath[]; back: HeldPath[]; fields: FieldsV1 } {
  if (left.length === 0) return { left: [], back: [], fields: {} };
  const found = foreignMembers(live, fields)
    .filter((path) => left.includes(pathText(path)))
    .map((path): HeldPath => ({ path, value: 'changed', holder: holderOf(live, path, leaving.managers) }));
  const { here = [], back = [] } = Object.groupBy(found, ({ path, holder }) =>
    isLeft(path, holder, leaving) ? 'here' : 'back',
  );
  return {
    left: here,
    back: back.filter(({ path }) => !isAsInGit(path, live, desired)),
    fields: setOf(found.map(({ path }) => path)),
  };
}

/**
 * Fields that were left out of the apply and are nowhere any more: with them went who had them, and Git's values come back. Those of an
 * autoscaler are its own to remove.
 */
export function goneFields({ leftAt = [], fields }: AppliedEntry, live: KubeObject, leaving: Leaving): HeldPath[] {
  return leftAt
    .filter((path) => !hasMember(fields, path) && !isLeft(path, undefined, leaving))
    .filter((path) => resolvePath(live, path).count === 'none')
    .map((path) => ({ path, value: 'removed' }));
}

function isAsInGit(path: FieldPath, live: KubeObject, desired: KubeObject | undefined): boolean {
  const wanted = resolvePath(desired, path, true);
  const found = resolvePath(live, path);
  return wanted.count === 'one' && found.count === 'one' && canonicalJson(wanted.value) === canonicalJson(found.value);
}
