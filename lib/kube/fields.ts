import { isMap } from './values.ts';

/**
 * A set of fields as `managedFields` writes it: `f:name` a field, `k:{...}` a list item by its keys, `v:...` a set item by its value,
 * `i:0` an item by its place, `.` the node itself. A node without children, or with `.`, is a member.
 * (Kubernetes API reference, FieldsV1.)
 */
export type FieldsV1 = { [element: string]: FieldsV1 };

/** The elements from the root to a field. */
export type FieldPath = readonly string[];

/** True when the node itself is a member of its set. */
export function isMember(node: FieldsV1): boolean {
  return '.' in node || !hasChildren(node);
}

/** True when something inside the node is a member. */
export function hasChildren(node: FieldsV1): boolean {
  for (const key in node) if (key !== '.') return true;
  return false;
}

/** The children of a node, without the node itself. */
export function childrenOf(node: FieldsV1): [element: string, child: FieldsV1][] {
  return Object.entries(node).filter(([key]) => key !== '.');
}

/** The node at a path; undefined when the set has nothing there. */
export function nodeAt(set: FieldsV1, path: FieldPath): FieldsV1 | undefined {
  let node: FieldsV1 | undefined = set;
  for (const element of path) {
    if (node === undefined || !Object.hasOwn(node, element)) return undefined;
    node = node[element];
  }
  return node;
}

/** True when the set has the path as a member. */
export function hasMember(set: FieldsV1, path: FieldPath): boolean {
  const node = nodeAt(set, path);
  return node !== undefined && path.length > 0 && isMember(node);
}

/** Every member of a set, in the set's order, parents before children. The root of a set is never a member. */
export function membersOf(set: FieldsV1): FieldPath[] {
  const members: FieldPath[] = [];
  const walk = (node: FieldsV1, path: FieldPath): void => {
    if (path.length > 0 && isMember(node)) members.push(path);
    for (const [element, child] of childrenOf(node)) walk(child, [...path, element]);
  };
  walk(set, []);
  return members;
}

/** The set that has just these paths as members. */
export function setOf(paths: readonly FieldPath[]): FieldsV1 {
  const one = (path: FieldPath): FieldsV1 => path.reduceRight<FieldsV1>((inner, element) => ({ [element]: inner }), {});
  return paths.map(one).reduce(union, {});
}

/** The members of `left` that `right` does not have. */
export function difference(left: FieldsV1, right: FieldsV1): FieldPath[] {
  return membersOf(left).filter((path) => !hasMember(right, path));
}

/** The members of either set. */
export function union(left: FieldsV1, right: FieldsV1): FieldsV1 {
  const result: FieldsV1 = {};
  const add = (into: FieldsV1, node: FieldsV1): void => {
    for (const [element, child] of Object.entries(node)) {
      const known = Object.hasOwn(into, element) ? into[element] : undefined;
      // A bare leaf that gets children beside it has to say that it is a member itself.
      if (known !== undefined && element !== '.' && hasChildren(known) !== hasChildren(child)) known['.'] = {};
      const next = known ?? {};
      into[element] = next;
      add(next, child);
    }
  };
  add(result, left);
  add(result, right);
  return result;
}

/**
 * The shortest paths of `theirs` at which `ours` has nothing at all; inside a field that both know, the search goes on.
 * `f:resources` that we own empty and of which they own `f:limits` gives `resources.limits`.
 */
export function additions(theirs: FieldsV1, ours: FieldsV1): FieldPath[] {
  const found: FieldPath[] = [];
  const walk = (their: FieldsV1, our: FieldsV1, path: FieldPath): void => {
    for (const [element, child] of childrenOf(their)) {
      const here = [...path, element];
      const known = Object.hasOwn(our, element) ? our[element] : undefined;
      if (known !== undefined) walk(child, known, here);
      else if (!isKeyOfItem(here)) found.push(here);
    }
  };
  walk(theirs, ours, []);
  return found;
}

/** A field that an item is known by cannot have another value in the item that ours has, also where ours left it to its default. */
function isKeyOfItem(path: FieldPath): boolean {
  const item = path.at(-2);
  if (!item?.startsWith('k:')) return false;
  const keys: unknown = JSON.parse(item.slice(2));
  return isMap(keys) && Object.hasOwn(keys, path.at(-1)!.slice(2));
}

/** True when the path is `outer` or lies below it. */
export function isWithin(path: FieldPath, outer: FieldPath): boolean {
  return outer.length <= path.length && outer.every((element, i) => path[i] === element);
}

/** The path for people: `spec.template.spec.containers[name=web].image`, `metadata.labels[example.com/team]`. */
export function pathText(path: FieldPath): string {
  let text = '';
  for (const element of path) {
    const name = element.slice(2);
    if (element.startsWith('f:') && /^[A-Za-z_$][\w$-]*$/.test(name)) text += text === '' ? name : `.${name}`;
    else if (element.startsWith('k:')) text += `[${keysText(name)}]`;
    else text += `[${name}]`;
  }
  return text;
}

function keysText(json: string): string {
  const keys: unknown = JSON.parse(json);
  if (!isMap(keys)) return json;
  return Object.entries(keys)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(',');
}
