/** What a graph of "comes after" was sorted into. */
export interface SortedOut {
  /** Each node behind all that it comes after, but for the nodes of cycles, which are not in it. */
  sorted: string[];
  /** Each begins and ends with the same node. */
  cycles: string[][];
}

/**
 * Sorts nodes behind those that they come after. A cycle is taken out as a whole and named, and what is behind it is sorted as if the cycle
 * were done, so that all cycles are found at once. Names that are no nodes are passed over.
 */
export function sortOut(before: ReadonlyMap<string, readonly string[]>): SortedOut {
  const left = new Map<string, number>();
  const behind = new Map<string, string[]>();
  for (const [node, first] of before) {
    const known = first.filter((one) => before.has(one));
    left.set(node, known.length);
    for (const one of known) behind.set(one, [...(behind.get(one) ?? []), node]);
  }
  const result: SortedOut = { sorted: [], cycles: [] };
  const free = [...left].filter(([, count]) => count === 0).map(([node]) => node);
  const release = (node: string) => {
    for (const next of behind.get(node) ?? []) {
      const count = left.get(next);
      if (count === undefined) continue;
      left.set(next, count - 1);
      if (count === 1) free.push(next);
    }
  };
  while (left.size > 0) {
    for (let node = free.pop(); node !== undefined; node = free.pop()) {
      left.delete(node);
      result.sorted.push(node);
      release(node);
    }
    if (left.size === 0) break;
    const cycle = cycleIn(before, left);
    result.cycles.push(cycle);
    for (const node of new Set(cycle)) left.delete(node);
    for (const node of new Set(cycle)) release(node);
  }
  return result;
}

/** Follows the nodes that are left, of which each comes after another one that is left, until one comes again. */
function cycleIn(before: ReadonlyMap<string, readonly string[]>, left: ReadonlyMap<string, number>): string[] {
  const path = new Map<string, number>();
  let [node] = left.keys();
  while (!path.has(node!)) {
    path.set(node!, path.size);
    node = before.get(node!)!.find((one) => left.has(one));
  }
  return [...[...path.keys()].slice(path.get(node!)), node!];
}
