import type { FieldPath } from '../fields.ts';
import type { KindSchema } from '../schema.ts';
import { isMap, type JsonMap } from '../values.ts';
import { asksToChoose, isAppendedTo, mayBeDropped } from './empty.ts';
import { type Group, groupsOf, isReordered } from './items.ts';
import { childPlace, isAtomic, itemPlace, type Place, rootPlace } from './place.ts';
import { isSameJson, isSameScalar } from './scalar.ts';

/** A field of Git's that is not as Git has it in the cluster. */
export interface Difference {
  /** Down to the smallest part that has an owner of its own. */
  path: FieldPath;
  /** `absent`: it is not there. `order`: list items that Git has stand in another order. */
  what: 'value' | 'absent' | 'order';
  /**
   * Set where the values alone do not prove that anybody changed anything: `dropped` an empty value is not there; `filled` Git leaves it to
   * the server, or to others, what is there; `respelled` the same JSON, written differently.
   */
  doubt?: 'dropped' | 'filled' | 'respelled';
}

/**
 * Compares Git's object with the live one: each field that Git sets has to be there with a value that means the same. What Git does not set
 * is not looked at, save within values that are one. Types come from the API server's own schema.
 */
export function differences(git: unknown, live: unknown, kind: KindSchema): Difference[] {
  const found: Difference[] = [];
  compare(git, live, rootPlace(kind), [], found);
  return found;
}

function compare(git: unknown, live: unknown, place: Place, path: FieldPath, found: Difference[]): void {
  if (git === null || git === undefined) return;
  if (live === null || live === undefined) {
    // Of such a list only its items have owners, so nothing tells whether it was ever there.
    if (Array.isArray(git) && git.length === 0 && !isAtomic(place, git)) return;
    found.push({ path, what: 'absent', ...(mayBeDropped(git, place) && { doubt: 'dropped' as const }) });
  } else if (isAtomic(place, git) || !isGranular(git, live)) {
    const likeness = likenessOf(git, live, place);
    if (likeness !== 'same') found.push({ path, what: 'value', ...(likeness !== 'other' && { doubt: likeness }) });
  } else if (Array.isArray(git)) compareItems(git, live as unknown[], place, path, found);
  else compareMap(git as JsonMap, live as JsonMap, place, path, found);
}

function isGranular(git: unknown, live: unknown): boolean {
  return (Array.isArray(git) && Array.isArray(live)) || (isMap(git) && isMap(live));
}

function compareMap(git: JsonMap, live: JsonMap, place: Place, path: FieldPath, found: Difference[]): void {
  for (const [key, value] of Object.entries(git)) {
    const child = childPlace(place, key);
    // A field that the kind does not have was never applied: nobody took it away.
    if (child === undefined) continue;
    compare(value, Object.hasOwn(live, key) ? live[key] : undefined, child, [...path, `f:${key}`], found);
  }
}

function compareItems(git: unknown[], live: unknown[], place: Place, path: FieldPath, found: Difference[]): void {
  const ours = groupsOf(git, place);
  const theirs = groupsOf(live, place);
  for (const group of ours.values()) compareGroup(group, theirs.get(group.element), place, path, found);
  const isSet = place.schema['x-kubernetes-list-type'] === 'set';
  if (!isSet && isReordered(ours, theirs)) found.push({ path, what: 'order' });
}

/** Items that share their keys have no owner of their own: one that is doubled, or another one of them, is told of the list. */
function compareGroup(git: Group, live: Group | undefined, place: Place, path: FieldPath, found: Difference[]): void {
  const item = itemPlace(place);
  const theirs = live?.items ?? [];
  if (git.items.length === 1 && theirs.length <= 1) {
    compare(git.items[0]!.value, theirs[0]?.value, item, [...path, git.element], found);
    return;
  }
  const inner: Difference[] = [];
  for (const [i, { value }] of git.items.entries()) compare(value, theirs[i]?.value, item, [], inner);
  const isChanged = theirs.length !== git.items.length || inner.some(({ doubt }) => doubt === undefined);
  if (isChanged && !found.some((one) => one.path === path)) found.push({ path, what: 'value' });
}

type Likeness = 'same' | 'respelled' | 'filled' | 'other';

/** How a value that is one is like Git's. What is more in it was filled in: by a default, mostly. */
function likenessOf(git: unknown, live: unknown, place: Place): Likeness {
  if (git === null || git === undefined) return live === null || live === undefined ? 'same' : 'filled';
  if (live === null || live === undefined) return mayBeDropped(git, place) ? 'filled' : 'other';
  if (isMap(git) && isMap(live)) return likenessOfMaps(git, live, place);
  if (Array.isArray(git) && Array.isArray(live)) {
    return likenessOfLists(git, live, place);
  }
  if (typeof git === 'object' || typeof live === 'object') return 'other';
  if (isSameScalar(git, live, place)) return 'same';
  if (asksToChoose(git, place)) return 'filled';
  return isSameJson(git, live) ? 'respelled' : 'other';
}

function likenessOfLists(git: unknown[], live: unknown[], place: Place): Likeness {
  const more = live.length > git.length && (asksToChoose(git, place) || isAppendedTo(place));
  if (git.length !== live.length && !more) return 'other';
  const item = itemPlace(place);
  return worst([...git.map((value, i) => likenessOf(value, live[i], item)), more ? 'filled' : 'same']);
}

function likenessOfMaps(git: JsonMap, live: JsonMap, place: Place): Likeness {
  const known = Object.keys(git).flatMap((key) => {
    const child = childPlace(place, key);
    return child === undefined ? [] : [likenessOf(git[key], Object.hasOwn(live, key) ? live[key] : undefined, child)];
  });
  const more = Object.keys(live).some((key) => !Object.hasOwn(git, key));
  return worst([...known, more ? 'filled' : 'same']);
}

function worst(likenesses: readonly Likeness[]): Likeness {
  const order = ['other', 'filled', 'respelled', 'same'] as const;
  return order.find((likeness) => likenesses.includes(likeness)) ?? 'same';
}
