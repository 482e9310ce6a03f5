import type { KubeObject } from '../../model/kube-object.ts';
import { childrenOf, type FieldPath, type FieldsV1, hasChildren, nodeAt, union } from '../fields.ts';
import { fieldsOf, ourFields } from '../managers.ts';
import { resolveChild, resolvePath } from '../resolve.ts';
import { isMap } from '../values.ts';
import { exceptionsOf } from './exceptions.ts';
import { stepsOf } from './pointer.ts';

/** Stands for the whole object. */
const everything: FieldPath = [];

/**
 * The fields of a live object that are not ours to compare or take over: those that Git's object ignores, and of an object that is applied
 * once, all. An item of a list is found by its keys; a path into a list that is one value stands for the whole list.
 */
export function ignoredIn(git: KubeObject, live: KubeObject): FieldPath[] {
  const { ignorePaths = [], apply } = exceptionsOf(git);
  if (apply === 'once') return [everything];
  return inManagedFields(ignorePaths, git, live);
}

/** The fields of a live object that Git's object takes although a controller sets them. */
export function takenIn(git: KubeObject, live: KubeObject): FieldPath[] {
  return inManagedFields(exceptionsOf(git).takePaths ?? [], git, live);
}

function inManagedFields(pointers: readonly string[], git: KubeObject, live: KubeObject): FieldPath[] {
  if (pointers.length === 0) return [];
  const entries = (live.metadata.managedFields ?? []).filter((entry) => entry.subresource !== 'status');
  const fields = entries.reduce<FieldsV1>((all, entry) => union(all, fieldsOf(entry) ?? {}), {});
  const paths = pointers.map((path) => fieldPathOf(stepsOf(path), git, fields));
  return paths.filter((path) => path !== undefined);
}

/**
 * Git's object as it is sent to a live one: an ignored field that is ours alone keeps its live value, for to leave it out would remove
 * it; any other one is left out.
 */
export function withLiveIgnored(git: KubeObject, paths: readonly FieldPath[], live: KubeObject): KubeObject {
  if (!paths.some((path) => path.length > 0)) return git;
  const copy = structuredClone(git);
  const ours = ourFields(live) ?? {};
  for (const path of paths.filter(({ length }) => length > 0)) {
    const owned = nodeAt(ours, path);
    const found = resolvePath(live, path);
    put(copy, path, owned !== undefined && found.count === 'one' ? cutTo(found.value, owned) : undefined);
  }
  return copy;
}

/** A set of fields in two: what lies at or below one of the paths, and the rest. */
export function splitFields(fields: FieldsV1, paths: readonly FieldPath[]): { inside: FieldsV1; outside: FieldsV1 } {
  if (paths.length === 0) return { inside: {}, outside: fields };
  if (paths.some((path) => path.length === 0)) return { inside: fields, outside: {} };
  const inside: FieldsV1 = {};
  const outside: FieldsV1 = {};
  for (const [element, child] of Object.entries(fields)) {
    const below = paths.filter(([first]) => first === element).map((path) => path.slice(1));
    // A leaf is one field: what is ignored below it is not told apart from it.
    if (below.length === 0 || (!hasChildren(child) && !below.some((path) => path.length === 0))) {
      outside[element] = child;
      continue;
    }
    const parts = splitFields(child, below);
    if (below.some((path) => path.length === 0) || hasChildren(parts.inside)) inside[element] = parts.inside;
    if (hasChildren(parts.outside)) outside[element] = parts.outside;
  }
  return { inside, outside };
}

function fieldPathOf(steps: readonly string[], git: unknown, fields: FieldsV1): FieldPath | undefined {
  const path: string[] = [];
  let value = git;
  let node: FieldsV1 | undefined = fields;
  for (const step of steps) {
    if (path.length > 0 && node !== undefined && !hasChildren(node) && isFilled(value)) return path;
    const element: string | undefined = Array.isArray(value)
      ? itemElement(value, Number(step), node ?? {})
      : `f:${step}`;
    if (element === undefined) return undefined;
    path.push(element);
    node = node !== undefined && Object.hasOwn(node, element) ? node[element] : undefined;
    value = (value as Record<string, unknown> | null | undefined)?.[step];
  }
  return path;
}

/** True for a list, or a map with something in it: a field without fields inside it is then one value. */
function isFilled(value: unknown): boolean {
  return Array.isArray(value) || (isMap(value) && Object.keys(value).length > 0);
}

/** How the set of fields names an item of Git's list. */
function itemElement(list: unknown[], index: number, node: FieldsV1): string | undefined {
  return childrenOf(node)
    .map(([element]) => element)
    .find((element) => {
      const found = resolveChild(list, element, true);
      return found.count === 'one' && found.index === index;
    });
}

/**
 * Sets or, without a value, removes what is at a path. Maps on the way are made, items of lists are not; a map that nothing is left in goes
 * too: applied empty it would be ours as a whole.
 */
export function put(root: KubeObject, path: FieldPath, value: unknown): void {
  let parent: unknown = root;
  for (const element of path.slice(0, -1)) {
    const found = resolveChild(parent, element, true);
    if (found.count === 'one') parent = found.value;
    else if (value !== undefined && found.count === 'none' && isMap(parent) && element.startsWith('f:')) {
      const made = {};
      parent[element.slice(2)] = made;
      parent = made;
    } else return;
  }
  const last = path.at(-1)!;
  const found = resolveChild(parent, last, true);
  if (Array.isArray(parent)) {
    const at = found.count === 'one' ? (found.index ?? parent.length) : parent.length;
    parent.splice(at, 1, ...(value === undefined ? [] : [value]));
  } else if (isMap(parent) && value === undefined) remove(root, path, parent);
  else if (isMap(parent)) parent[last.slice(2)] = value;
}

function remove(root: KubeObject, path: FieldPath, parent: Record<string, unknown>): void {
  const name = path.at(-1)!.slice(2);
  if (!Object.hasOwn(parent, name)) return;
  delete parent[name];
  const outer = path.slice(0, -1);
  if (outer.at(-1)?.startsWith('f:') && Object.keys(parent).length === 0) put(root, outer, undefined);
}

/** The part of a live value that a set of fields has. */
function cutTo(value: unknown, fields: FieldsV1): unknown {
  if (!hasChildren(fields)) return value;
  const parts = childrenOf(fields).flatMap(([element, child]) => {
    const found = resolveChild(value, element);
    return found.count === 'one' ? [{ element, index: found.index ?? 0, value: cutTo(found.value, child) }] : [];
  });
  if (Array.isArray(value)) return parts.sort((a, b) => a.index - b.index).map((part) => part.value);
  return Object.fromEntries(parts.map((part) => [part.element.slice(2), part.value]));
}
