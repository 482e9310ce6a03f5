import type { FieldDrift, ObjectDrift } from '../model/drift.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { type Shower, showerOf } from './field-drift.ts';
import { type FieldsV1, pathText, union } from './fields.ts';
import { foreignAdditions } from './foreign.ts';
import { keyFor } from './hash.ts';
import { holderOf, isController } from './holder.ts';
import { ourFields } from './managers.ts';
import { changedPaths, type LostPath, lostPaths } from './owned.ts';
import type { AppliedEntry } from './record.ts';

/** What a comparison found. No `drift` and no `unknown`: the object is as it was applied. */
export interface Verdict {
  drift?: ObjectDrift;
  /** Why it could not be compared. */
  unknown?: string;
  /** Fields of ours that a controller holds now (an HPA's replicas): not drift. */
  leftToControllers: FieldDrift[];
  /** Fields that managers which are neither people's tools nor controllers put beside ours: shown, no alert. */
  addedByOthers: FieldDrift[];
  /** Paths that are no longer ours although their values are: taken back by the next apply. */
  ownershipLost: string[];
}

/** One comparison. */
export interface Comparison {
  entry: AppliedEntry;
  live: KubeObject | undefined;
  desired?: KubeObject;
  hashKey: Uint8Array;
}

/**
 * Compares a live object with what was applied.
 * `live` is read at the record's apiVersion, undefined only when the API server said that it is not there. `desired` (normalised, of the
 * revision that was applied) only serves to show Git's values. Objects named in the record's `intent` must not be compared.
 */
export function compareObject({ entry, live, desired, hashKey }: Comparison): Verdict {
  if (live === undefined) return verdict({ drift: { object: entry.object, state: 'missing', fields: [] } });
  if (live.apiVersion !== entry.apiVersion) {
    return verdict({ unknown: `it was applied as ${entry.apiVersion} and read as ${live.apiVersion}` });
  }
  const show = showerOf(live, desired, hashKey);
  if (live.metadata.uid !== entry.uid) return createdAgain(entry, live, show, hashKey);
  if (live.metadata.resourceVersion === entry.resourceVersion) {
    return verdictOf(entry, [], additionsIn(entry, live, entry.fields, show), [], heldFields(entry, live, show));
  }
  const ours = ourFields(live);
  if (ours === undefined) return ownershipGone(entry, live, show, hashKey);

  const key = keyFor(entry, hashKey);
  const lost = lostPaths(entry, ours, live, key).map((path) => ({ ...path, holder: holderOf(live, path.path) }));
  const left = lost.filter(({ value, holder }) => value === 'changed' && isController(holder));
  const changed = [
    ...lost
      .filter(({ value, holder }) => value !== 'same' && !(value === 'changed' && isController(holder)))
      .map(show.lost),
    ...changedPaths(entry, ours, live, key).map(show.changed),
  ];
  const same = lost.filter(({ value }) => value === 'same').map(({ path }) => pathText(path));
  const held = [...left.map(show.lost), ...heldFields(entry, live, show)];
  return verdictOf(entry, changed, additionsIn(entry, live, union(entry.fields, ours), show), same, held);
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

/** Another uid: somebody deleted it and created it again. What it holds now is compared by value. */
function createdAgain(entry: AppliedEntry, live: KubeObject, show: Shower, hashKey: Uint8Array): Verdict {
  const changed = byValue(entry, live, hashKey).map((lost) =>
    show.lost({ ...lost, holder: holderOf(live, lost.path) }),
  );
  const reason = `created again${live.metadata.creationTimestamp ? ` at ${live.metadata.creationTimestamp}` : ''}`;
  return verdictOf(entry, changed, { people: [], others: [] }, [], [], reason);
}

/** Somebody emptied `managedFields`: nothing says what is ours, values alone are left to compare. */
function ownershipGone(entry: AppliedEntry, live: KubeObject, show: Shower, hashKey: Uint8Array): Verdict {
  const changed = byValue(entry, live, hashKey).map((lost) =>
    show.lost({ ...lost, holder: holderOf(live, lost.path) }),
  );
  const added = additionsIn(entry, live, entry.fields, show);
  const reason = changed.length > 0 ? 'our entry in managedFields is gone: compared by value' : undefined;
  return verdictOf(entry, changed, added, ['(every field)'], [], reason);
}

function byValue(entry: AppliedEntry, live: KubeObject, hashKey: Uint8Array): LostPath[] {
  return lostPaths(entry, {}, live, keyFor(entry, hashKey)).filter(({ value }) => value !== 'same');
}

function additionsIn({ ignored, merged }: AppliedEntry, live: KubeObject, ours: FieldsV1, show: Shower): Additions {
  if (merged) return { people: [], others: [] };
  return {
    people: foreignAdditions(live, ours, ['person'], ignored).map(show.added),
    others: foreignAdditions(live, ours, ['deployer', 'other'], ignored).map(show.added),
  };
}

/** Fields that were left out of the apply because a controller held them. */
function heldFields(entry: AppliedEntry, live: KubeObject, show: Shower): FieldDrift[] {
  const wanted = new Set(entry.left ?? []);
  if (wanted.size === 0) return [];
  const held = foreignAdditions(live, entry.fields, ['controller']).filter(({ path }) => wanted.has(pathText(path)));
  return held.map(({ path, entry: holder }) => show.lost({ path, value: 'changed', holder }));
}
