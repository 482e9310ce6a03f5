import { textOf } from './follow-keys.ts';
import { documentsOf, type TreeNode } from './tree.ts';
import type { YamlText } from './yaml-text.ts';

/** Where each scalar of a file stands: its document and the keys to it, by its index in the tree. Of a text that is no YAML as a whole nothing is told. */
export function placePaths(yaml: YamlText): Map<number, string> {
  const found = new Map<number, string>();
  const visit = (node: TreeNode, path: readonly string[]): void => {
    if (node.kind === 'list') for (const [index, item] of node.items.entries()) visit(item, [...path, String(index)]);
    else if (node.kind === 'mapping')
      for (const { key, value } of node.entries) visit(value, [...path, textOf(yaml, key) ?? '?']);
    else if (node.spot !== undefined) found.set(node.spot.node, JSON.stringify(path));
  };
  if (yaml.format !== 'lines') for (const [index, root] of documentsOf(yaml).entries()) visit(root, [String(index)]);
  return found;
}
