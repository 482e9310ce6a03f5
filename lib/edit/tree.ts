import type { Spot, YamlText } from './yaml-text.ts';

/** A parsed file as a tree. A scalar without a spot is an empty one. */
export type TreeNode =
  | { kind: 'mapping'; entries: { key: TreeNode; value: TreeNode }[] }
  | { kind: 'list'; items: TreeNode[] }
  | { kind: 'scalar'; spot?: Spot }
  | { kind: 'alias'; spot: Spot };

/** The documents of a file, in order; an empty one is an empty scalar. */
export function documentsOf(yaml: YamlText): TreeNode[] {
  const spots = new Map(yaml.spots.map((spot) => [spot.node, spot]));
  let at = 0;
  const children = (): TreeNode[] => {
    const nodes: TreeNode[] = [];
    while (yaml.shape[at] !== '.') nodes.push(node());
    at++;
    return nodes;
  };
  const node = (): TreeNode => {
    const index = at++;
    const letter = yaml.shape[index];
    if (letter === 'M') return { kind: 'mapping', entries: pairs(children()) };
    if (letter === 'S') return { kind: 'list', items: children() };
    return { kind: letter === 'a' ? 'alias' : 'scalar', spot: spots.get(index) } as TreeNode;
  };
  const documents: TreeNode[] = [];
  while (at < yaml.shape.length) {
    at++;
    documents.push(children()[0] ?? { kind: 'scalar' });
  }
  return documents;
}

function pairs(nodes: readonly TreeNode[]): { key: TreeNode; value: TreeNode }[] {
  return nodes.flatMap((key, index) => (index % 2 === 0 ? [{ key, value: nodes[index + 1]! }] : []));
}

/** The first scalar or alias of a node, in the order of the text. */
export function firstSpot(node: TreeNode): Spot | undefined {
  if (node.kind === 'scalar' || node.kind === 'alias') return node.spot;
  const children = node.kind === 'list' ? node.items : node.entries.flatMap(({ key, value }) => [key, value]);
  for (const child of children) {
    const spot = firstSpot(child);
    if (spot !== undefined) return spot;
  }
  return undefined;
}
