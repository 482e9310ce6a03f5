import type { FieldPath, FieldsV1 } from './fields.ts';
import { childrenOf, hasChildren } from './fields.ts';
import { hashOf } from './hash.ts';
import { type Found, resolveChild } from './resolve.ts';
import { isMap } from './values.ts';

/**
 * A value without its contents. A text is the hash of a scalar; `m` a map by field; `l` a list that is one value, in order;
 * `i` the items of a list that we own, each by its element (`k:{...}`, `v:...`, `i:0`), in the order in which they are live.
 */
export type HashTree = string | { m: Record<string, HashTree> } | { l: HashTree[] } | { i: [element: string, tree: HashTree][] };

/** The hash tree of a whole value. */
export function treeOf(value: unknown, key?: Uint8Array): HashTree {
  if (Array.isArray(value)) return { l: value.map((item) => treeOf(item, key)) };
  if (!isMap(value)) return hashOf(value, key);
  return { m: Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, treeOf(inner, key)])) };
}
