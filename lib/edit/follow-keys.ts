import { firstSpot, type TreeNode } from './tree.ts';
import type { Spot, YamlText } from './yaml-text.ts';

/** Where a path of keys leads in one document: a node with the last key's spot, or how far there is something and why no further. */
export type Followed = { node: TreeNode; near?: Spot } | { reason: string; depth: number; near?: Spot };

/** Follows keys from a node. Aliases and merge keys are not followed: what they stand for is another place of the file. */
export function followKeys(yaml: YamlText, root: TreeNode, keys: readonly string[]): Followed {
  let node = root;
  let near = firstSpot(root);
  for (const [depth, key] of keys.entries()) {
    const next = step(yaml, node, key);
    if ('reason' in next) return { ...next, depth, near };
    node = next.node;
    near = next.spot ?? firstSpot(node) ?? near;
  }
  return { node, near };
}

function step(yaml: YamlText, node: TreeNode, key: string): { node: TreeNode; spot?: Spot } | { reason: string } {
  if (node.kind === 'mapping') return entryOf(yaml, node.entries, key);
  if (node.kind === 'alias') return { reason: `"${key}" is behind an alias: name the place where its anchor is` };
  if (node.kind === 'scalar') return { reason: `there is no "${key}"` };
  const item = /^(?:0|[1-9][0-9]*)$/.test(key) ? node.items[Number(key)] : undefined;
  if (item !== undefined) return { node: item };
  return { reason: `there is no item "${key}" in the list of ${node.items.length}` };
}

function entryOf(
  yaml: YamlText,
  entries: readonly { key: TreeNode; value: TreeNode }[],
  key: string,
): { node: TreeNode; spot?: Spot } | { reason: string } {
  const found = entries.filter((entry) => textOf(yaml, entry.key) === key);
  if (found.length > 1) return { reason: `the key "${key}" stands twice in one mapping` };
  const [entry] = found;
  if (entry === undefined) return { reason: `there is no key "${key}"` };
  return { node: entry.value, spot: firstSpot(entry.key) };
}

/** The text of a scalar; undefined for everything else. */
export function textOf(yaml: YamlText, node: TreeNode): string | undefined {
  if (node.kind !== 'scalar') return undefined;
  return node.spot === undefined ? '' : yaml.value(node.spot);
}
