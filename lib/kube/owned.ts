import { childrenOf, difference, type FieldPath, type FieldsV1, hasChildren, isWithin, nodeAt } from './fields.ts';
import { childTree, contains, equals, type HashTree, treeAt } from './projection.ts';
import { type Found, resolveChild, resolvePath } from './resolve.ts';

/** A path that left our entry, sorted by what the live object has there. */
export interface LostPath {
  path: FieldPath;
  /** `same`: the value is still what we applied; only the ownership went. */
  value: 'same' | 'changed' | 'removed';
}

/** A path that is still ours and yet differs. */
export interface ChangedPath {
  path: FieldPath;
  /** `order`: the items of a list that we own stand in another order; the items themselves may be the same. */
  what: 'value' | 'order';
}

/** What was recorded: our fields, and what they held. */
export interface Recorded {
  fields: FieldsV1;
  projection: HashTree;
}

/**
 * Rule A: members of the recorded fields that `ours` lacks. An item or map that is gone as a whole is one path; one that is still there
 * speaks through what is inside it.
 */
export function lostPaths(recorded: Recorded, ours: FieldsV1, live: unknown, key?: Uint8Array): LostPath[] {
  const lost: LostPath[] = [];
  const covered: FieldPath[] = [];
  for (const path of difference(recorded.fields, ours)) {
    if (covered.some((outer) => isWithin(path, outer))) continue;
    const found = resolvePath(live, path);
    const inner = hasChildren(nodeAt(recorded.fields, path) ?? {});
    const value = lostValue(found, inner, treeAt(recorded.projection, path), key);
    if (value === undefined) continue;
    if (inner) covered.push(path);
    lost.push({ path, value });
  }
  return lost;
}

function lostValue(
  found: Found,
  inner: boolean,
  tree: HashTree | undefined,
  key?: Uint8Array,
): LostPath['value'] | undefined {
  if (found.count === 'many') return 'changed';
  if (found.count === 'none') return tree === undefined ? 'same' : 'removed';
  if (inner) return undefined;
  return equals(found.value, tree, key) ? 'same' : 'changed';
}

/** Rule B: members that are recorded and still ours, whose value (by containment) or whose order among our list items differs. */
export function changedPaths(recorded: Recorded, ours: FieldsV1, live: unknown, key?: Uint8Array): ChangedPath[] {
  const changed: ChangedPath[] = [];
  const walk = (fields: FieldsV1, our: FieldsV1, tree: HashTree | undefined, value: unknown, path: FieldPath): void => {
    for (const [element, child] of childrenOf(fields)) {
      const ourChild = Object.hasOwn(our, element) ? our[element] : undefined;
      if (ourChild === undefined) continue;
      const found = resolveChild(value, element);
      const inner = found.count === 'none' ? undefined : found.value;
      const here = [...path, element];
      if (hasChildren(child)) walk(child, ourChild, childTree(tree, element), inner, here);
      else if (!contains(inner, childTree(tree, element), key)) changed.push({ path: here, what: 'value' });
    }
    if (isReordered(our, tree, value)) changed.push({ path, what: 'order' });
  };
  walk(recorded.fields, ours, recorded.projection, live, []);
  return changed;
}

/** Foreign items may stand anywhere: only the order of those that are ours, then and now, counts. */
function isReordered(ours: FieldsV1, tree: HashTree | undefined, live: unknown): boolean {
  if (tree === undefined || typeof tree === 'string' || !('i' in tree)) return false;
  const places = tree.i.flatMap(([element]) => {
    const found = Object.hasOwn(ours, element) ? resolveChild(live, element) : undefined;
    return found?.count === 'one' && found.index !== undefined ? [found.index] : [];
  });
  return places.some((place, i) => i > 0 && place < places[i - 1]!);
}
