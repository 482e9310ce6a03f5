import { childrenOf, type FieldPath, type FieldsV1, hasChildren } from './fields.ts';
import { hashOf } from './hash.ts';
import { resolveChild } from './resolve.ts';
import { isMap } from './values.ts';

/**
 * A value without its contents. A text is the hash of a scalar; `m` a map by field; `l` a list that is one value, in order;
 * `i` the items of a list that we own, each by its element (`k:{...}`, `v:...`, `i:0`), in the order in which they are live.
 * `f`, beside an empty `m` or `i`: what others had filled it with, which is no less right than nothing.
 */
export type HashTree =
  | string
  | { m: Record<string, HashTree>; f?: HashTree }
  | { l: HashTree[] }
  | { i: [element: string, tree: HashTree][]; f?: HashTree };

/** The hash tree of a whole value; with a key, its hashes are keyed. */
export function treeOf(value: unknown, key?: Uint8Array): HashTree {
  if (Array.isArray(value)) return { l: value.map((item: unknown) => treeOf(item, key)) };
  if (!isMap(value)) return hashOf(value, key);
  return { m: Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, treeOf(inner, key)])) };
}

/**
 * The value cut down to a set of fields, as a hash tree. A field of the set that the value does not have is left out:
 * the API server drops an env's empty `value`, and that it is not there is a fact like any other. Of a map or list that is empty or null in
 * `git`, where that is given, nothing is recorded to be held against it: what it holds is what others put into it.
 */
export function projectionOf(value: unknown, fields: FieldsV1, key?: Uint8Array, git?: unknown): HashTree {
  if (!hasChildren(fields)) return (isEmpty(git) ? emptied(value, key) : undefined) ?? treeOf(value, key);
  if (Array.isArray(value)) return { i: itemsOf(value, fields, key, git) };
  if (!isMap(value)) return treeOf(value, key);
  const map: Record<string, HashTree> = {};
  for (const [element, child] of childrenOf(fields)) {
    const found = resolveChild(value, element);
    if (found.count !== 'none') map[element.slice(2)] = projectionOf(found.value, child, key, inGit(git, element));
  }
  return { m: map };
}

function emptied(value: unknown, key?: Uint8Array): HashTree | undefined {
  const filling = isEmpty(value) ? {} : { f: treeOf(value, key) };
  if (Array.isArray(value)) return { i: [], ...filling };
  return isMap(value) ? { m: {}, ...filling } : undefined;
}

function isEmpty(value: unknown): boolean {
  if (value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0;
}

function inGit(git: unknown, element: string): unknown {
  const found = resolveChild(git, element, true);
  return found.count === 'one' ? found.value : undefined;
}

/** True for a map or list of which nothing was recorded but, at most, that it is there. */
export function isEmptyTree(tree: HashTree | undefined): boolean {
  if (tree === undefined) return true;
  if (typeof tree === 'string') return false;
  if ('m' in tree) return Object.keys(tree.m).length === 0;
  return 'l' in tree ? tree.l.length === 0 : tree.i.length === 0;
}

function itemsOf(list: unknown[], fields: FieldsV1, key?: Uint8Array, git?: unknown): [string, HashTree][] {
  const items: { index: number; item: [string, HashTree] }[] = [];
  for (const [element, child] of childrenOf(fields)) {
    const found = resolveChild(list, element);
    if (found.count !== 'one') continue;
    const item: [string, HashTree] = [element, projectionOf(found.value, child, key, inGit(git, element))];
    items.push({ index: found.index ?? 0, item });
  }
  return items.sort((a, b) => a.index - b.index).map(({ item }) => item);
}

/** The part of a tree below one element; undefined where the recorded value had nothing there. */
export function childTree(tree: HashTree | undefined, element: string): HashTree | undefined {
  if (tree === undefined || typeof tree === 'string' || 'l' in tree) return undefined;
  if ('i' in tree) return tree.i.find(([known]) => known === element)?.[1];
  const name = element.slice(2);
  return element.startsWith('f:') && Object.hasOwn(tree.m, name) ? tree.m[name] : undefined;
}

/** The part of a tree at a path. */
export function treeAt(tree: HashTree, path: FieldPath): HashTree | undefined {
  let at: HashTree | undefined = tree;
  for (const element of path) at = childTree(at, element);
  return at;
}

/**
 * True when everything recorded is still in the value, list by list in the same order and length. Further keys of a map do not count:
 * a new default of a CRD puts them into what we own. Nothing, an empty map and an empty list are the same.
 */
export function contains(value: unknown, tree: HashTree | undefined, key?: Uint8Array): boolean {
  if (tree === undefined) return value === undefined || value === null || typeof value === 'object';
  if (typeof tree === 'string') return !Array.isArray(value) && !isMap(value) && hashOf(value, key) === tree;
  if ('l' in tree) {
    const list = value === undefined || value === null ? [] : value;
    return Array.isArray(list) && list.length === tree.l.length && tree.l.every((t, i) => contains(list[i], t, key));
  }
  if ('i' in tree) return tree.i.length === 0 || Array.isArray(value);
  const names = Object.keys(tree.m);
  if (value === undefined || value === null) return names.length === 0;
  return isMap(value) && names.every((name) => contains(value[name], tree.m[name], key));
}

/** True when the value is exactly what was recorded, or what others had filled it with. */
export function equals(value: unknown, tree: HashTree | undefined, key?: Uint8Array): boolean {
  if (tree === undefined) return value === undefined;
  if (value === undefined) return false;
  return sameTree(treeOf(value, key), tree);
}

function sameTree(a: HashTree, b: HashTree): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  if ('f' in b && b.f !== undefined && sameTree(a, b.f)) return true;
  if ('i' in b) return b.i.length === 0 && 'l' in a && a.l.length === 0;
  if ('l' in a) return 'l' in b && a.l.length === b.l.length && a.l.every((tree, i) => sameTree(tree, b.l[i]!));
  if (!('m' in a) || !('m' in b)) return false;
  const names = Object.keys(a.m);
  const other = b.m;
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && sameTree(a.m[name]!, other[name]!))
  );
}
