import type { FieldDrift, ObjectDrift } from '../model/drift.ts';
import type { KubeObject, ManagedFieldsEntry } from '../model/kube-object.ts';
import type { DriftRules } from './drift-rules.ts';
import { ObjectRules, type SameBut } from './drift-rules-object.ts';
import { sameBut } from './drift-rules-value.ts';
import { type Shower, showerOf } from './field-drift.ts';
import { type FieldPath, type FieldsV1, hasChildren, hasMember, isWithin, nodeAt, pathText, union } from './fields.ts';
import { foreignAdditions } from './foreign.ts';
import { keyFor } from './hash.ts';
import { goneFields, type HeldPath, heldFields } from './held-fields.ts';
import { holderOf } from './holder.ts';
import { isLeft, type Leaving } from './left.ts';
import { fieldsOf, isOfStringData, type ManagerClass, managerText, otherEntries, ourFields } from './managers.ts';
import { changedPaths, type LostPath, lostPaths } from './owned.ts';
import { isEmptyTree, treeAt } from './projection.ts';
import type { AppliedEntry } from './record.ts';
import { resolvePath } from './resolve.ts';
import type { Scaling } from './scalers.ts';

/** What a comparison found. No `drift` and no `unknown`: the object is as it was applied. */
export interface Verdict {
  drift?: ObjectDrift;
  /** Why it could not be compared. */
  unknown?: string;
  /** Fields of Git's that are left to a controller (an autoscaler's replicas): not drift. */
  leftToControllers: FieldDrift[];
  /** Fields that managers which are neither people's tools nor controllers put beside ours: shown, no alert. */
  addedByOthers: FieldDrift[];
  /** Paths that are no longer ours although their values are: taken back by the next apply. */
  ownershipLost: string[];
  /** The rules of Git that took something away. */
  rulesUsed?: string[];
  /** Fields that others added and that a rule says may stay. */
  ignoredAdditions?: FieldPath[];
}

/** One comparison. */
export interface Comparison {
  entry: AppliedEntry;
  live: KubeObject | undefined;
  desired?: KubeObject;
  /** Instead, Git's object of another revision: only to learn its values of what differs. */
  head?: KubeObject;
  hashKey: Uint8Array;
  /** Whether an autoscaler sets its replicas; absent: what the record says. */
  scaling?: Scaling;
  /** What Git says is no drift, and whose tools count. */
  rules?: DriftRules | undefined;
}

/**
 * Compares a live object with what was applied.
 * `live` is read at the record's apiVersion, undefined only when the API server said that it is not there. `desired` (normalised, of the
 * revision that was applied) only serves to show Git's values. Objects named in the record's `intent` must not be compared.
 */
export function compareObject(comparison: Comparison): Verdict {
  const rules = new ObjectRules(comparison.entry, comparison.rules);
  const verdict = compareWith(comparison, rules);
  return { ...verdict, rulesUsed: rules.used, ignoredAdditions: rules.added };
}

function compareWith({ entry, live, desired, head, hashKey, scaling }: Comparison, rules: ObjectRules): Verdict {
  if (live === undefined && entry.expires) return verdict({});
  if (live === undefined) return verdict({ drift: { object: entry.object, state: 'missing', fields: [] } });
  if (live.apiVersion !== entry.apiVersion) {
    return verdict({ unknown: `it was applied as ${entry.apiVersion} and read as ${live.apiVersion}` });
  }
  const show = showerOf(live, desired ?? head, hashKey);
  const leaving: Leaving = {
    scaling: scaling ?? (entry.scaled ? 'scaled' : 'unknown'),
    taken: entry.taken ?? [],
    managers: rules.managers,
  };
  const gone = goneFields(entry, live, leaving).filter(({ path }) => !rules.hides(path, undefined));
  if (live.metadata.uid !== entry.uid) return withoutOurs({ entry, live, hashKey }, gone, show, rules);
  const held = heldFields(entry, live, desired, leaving);
  const back = held.back.filter(({ path, holder }) => !rules.hides(path, holder && managerText(holder))).map(show.lost);
  // Of a fight the record has Git's value, not what was there.
  const isFought = entry.rewrites?.some(({ fight }) => fight !== undefined) ?? false;
  if (live.metadata.resourceVersion === entry.resourceVersion && !isFought) {
    const added = additionsIn(entry, live, union(entry.fields, held.fields), show, rules);
    return verdictOf(entry, back, added, [], held.left.map(show.lost));
  }
  // Taken from us one by one, each field has its new holder; taken all at once, none has.
  const ours = ourFields(live) ?? (otherEntries(live).some(({ subresource }) => !subresource) ? {} : undefined);
  if (ours === undefined) return withoutOurs({ entry, live, hashKey }, gone, show, rules);

  const key = keyFor(entry, hashKey);
  const lost = lostPaths(entry, ours, live, key)
    .map((path) => (isFilled(path, entry, live) ? { ...path, value: 'same' as const } : path))
    .map((path) => ({ ...path, holder: holderOf(live, path.path, rules.managers) }));
  const isOthers = ({ path, value, holder }: HeldPath) => value === 'changed' && isLeft(path, holder, leaving);
  const changed = [
    ...lost
      .filter((path) => path.value !== 'same' && !isOthers(path))
      .filter((path) => !isIgnored(path, entry, live, rules, key))
      .map(show.lost),
    ...changedPaths(entry, ours, live, key)
      .filter(
        ({ path, what }) =>
          !rules.hides(
            path,
            undefined,
            what === 'order' ? undefined : sameAt(path, entry, live, { exact: false, key }),
          ),
      )
      .map((path) => {
        const holder = stringDataHolder(live, path.path);
        return holder === undefined ? show.changed(path) : show.lost({ path: path.path, value: 'changed', holder });
      }),
  ];
  const same = lost.filter(({ value }) => value === 'same').map(({ path }) => pathText(path));
  const left = [...lost.filter(isOthers), ...held.left].map(show.lost);
  return verdictOf(
    entry,
    [...changed, ...back, ...outside(lost, gone).map(show.lost)],
    additionsIn(entry, live, union(union(entry.fields, ours), held.fields), show, rules),
    same,
    left,
  );
}

/** True for a map or list that was applied empty and into which others put fields of their own: these speak for themselves, as additions. */
function isFilled({ path, value }: LostPath, { projection }: AppliedEntry, live: KubeObject): boolean {
  if (value !== 'changed' || !isEmptyTree(treeAt(projection, path))) return false;
  return otherEntries(live).some((entry) => hasChildren(nodeAt(fieldsOf(entry) ?? {}, path) ?? {}));
}

/** True for a map or list that was applied empty and that nobody's entry has as one value now: what it holds are defaults, or a Namespace's finalizers. */
function isFilledByNobody({ path, value }: LostPath, { projection }: AppliedEntry, live: KubeObject): boolean {
  if (value !== 'changed' || !isEmptyTree(treeAt(projection, path))) return false;
  return !otherEntries(live).some((entry) => isLeafOf(fieldsOf(entry) ?? {}, path));
}

function isLeafOf(fields: FieldsV1, path: FieldPath): boolean {
  const node = nodeAt(fields, path);
  return node !== undefined && !hasChildren(node);
}

/** Who changed a value of a Secret that is still ours, by applying `stringData`. */
function stringDataHolder(live: KubeObject, path: FieldPath): ManagedFieldsEntry | undefined {
  return otherEntries(live).find((entry) => isOfStringData(entry) && hasMember(fieldsOf(entry) ?? {}, path));
}

/** True where a rule means what was lost, or all that differs in it. */
function isIgnored(
  { path, value, holder }: HeldPath,
  entry: AppliedEntry,
  live: KubeObject,
  rules: ObjectRules,
  key?: Uint8Array,
): boolean {
  const same = value === 'changed' ? sameAt(path, entry, live, { exact: true, key }) : undefined;
  return rules.hides(path, holder && managerText(holder), same);
}

function sameAt(
  path: FieldPath,
  { projection }: AppliedEntry,
  live: KubeObject,
  how: { exact: boolean; key?: Uint8Array | undefined },
): SameBut {
  const found = resolvePath(live, path);
  const value = found.count === 'none' ? undefined : found.value;
  return (places) => sameBut(value, treeAt(projection, path), places, how);
}

interface Additions {
  people: FieldDrift[];
  others: FieldDrift[];
}

function verdict(found: Partial<Verdict>): Verdict {
  return { leftToControllers: [], addedByOthers: [], ownershipLost: [], ...found };
}

function verdictOf(
  entry: AppliedEntry,
  changed: FieldDrift[],
  added: Additions,
  ownershipLost: string[],
  left: FieldDrift[],
  reason?: string,
): Verdict {
  const fields = [...changed, ...added.people].sort((a, b) => (a.path < b.path ? -1 : 1));
  const found = { leftToControllers: left, addedByOthers: added.others, ownershipLost };
  if (fields.length === 0 && reason === undefined) return verdict(found);
  const state = changed.length > 0 || reason !== undefined ? 'changed' : 'added';
  return verdict({
    ...found,
    drift: { object: entry.object, state, fields, ...(reason === undefined ? {} : { reason }) },
  });
}

/**
 * Nothing says what is ours: somebody deleted the object and created it again, or emptied `managedFields`. Values alone are left to compare; what
 * was added to one that was made anew cannot be told from what it was made with.
 */
function withoutOurs(
  { entry, live, hashKey }: Pick<Comparison, 'entry' | 'hashKey'> & { live: KubeObject },
  gone: HeldPath[],
  show: Shower,
  rules: ObjectRules,
): Verdict {
  const lost = byValue(entry, live, hashKey, rules);
  const changed = [...lost, ...outside(lost, gone)].map(show.lost);
  if (live.metadata.uid !== entry.uid) {
    const reason = `created again${live.metadata.creationTimestamp ? ` at ${live.metadata.creationTimestamp}` : ''}`;
    return verdictOf(entry, changed, { people: [], others: [] }, [], [], reason);
  }
  const added = additionsIn(entry, live, entry.fields, show, rules);
  const reason = changed.length > 0 ? 'our entry in managedFields is gone: compared by value' : undefined;
  return verdictOf(entry, changed, added, ['(every field)'], [], reason);
}

/** Those of the gone that do not lie in something else that is told as removed. */
function outside(lost: readonly HeldPath[], gone: readonly HeldPath[]): HeldPath[] {
  const removed = lost.filter(({ value }) => value === 'removed');
  return gone.filter(({ path }) => !removed.some((outer) => isWithin(path, outer.path)));
}

function byValue(entry: AppliedEntry, live: KubeObject, hashKey: Uint8Array, rules: ObjectRules): HeldPath[] {
  const key = keyFor(entry, hashKey);
  return lostPaths(entry, {}, live, key)
    .filter(({ value }) => value !== 'same')
    .filter((lost) => !isFilledByNobody(lost, entry, live))
    .map((lost) => ({ ...lost, holder: holderOf(live, lost.path, rules.managers) }))
    .filter((lost) => !isIgnored(lost, entry, live, rules, key));
}

function additionsIn(
  { ignored, merged }: AppliedEntry,
  live: KubeObject,
  ours: FieldsV1,
  show: Shower,
  { managers, keep }: ObjectRules,
): Additions {
  if (merged) return { people: [], others: [] };
  const additions = (classes: ManagerClass[]) =>
    foreignAdditions(live, ours, classes, ignored, { managers, keep }).map(show.added);
  return { people: additions(['person']), others: additions(['deployer', 'other']) };
}
