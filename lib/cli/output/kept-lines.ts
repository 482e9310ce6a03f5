/** A line that both texts have: its number in the one and in the other, from 0. */
export type KeptLine = [before: number, after: number];

/** More would take seconds and hundreds of megabytes. */
const mostCells = 4_000_000;

/**
 * The most lines that two texts have in the same order (a longest common subsequence), by the table of all beginnings. Of two texts that are too large for
 * it: line against line where both have as many, which is what an edit of values leaves, else none.
 */
export function keptLines(before: readonly string[], after: readonly string[]): KeptLine[] {
  if (before.length * after.length > mostCells) return inPairs(before, after);
  const width = after.length + 1;
  // How many lines can be kept of what is left of both from here on.
  const left = new Uint32Array((before.length + 1) * width);
  for (let at = before.length - 1; at >= 0; at--)
    for (let now = after.length - 1; now >= 0; now--) {
      const cell = at * width + now;
      const [skipBefore, skipAfter] = [left[cell + width]!, left[cell + 1]!];
      left[cell] = before[at] === after[now] ? left[cell + width + 1]! + 1 : Math.max(skipBefore, skipAfter);
    }
  const kept: KeptLine[] = [];
  for (let [at, now] = [0, 0]; at < before.length && now < after.length; ) {
    if (before[at] === after[now]) kept.push([at++, now++]);
    else if (left[(at + 1) * width + now]! >= left[at * width + now + 1]!) at++;
    else now++;
  }
  return kept;
}

function inPairs(before: readonly string[], after: readonly string[]): KeptLine[] {
  if (before.length !== after.length) return [];
  return before.flatMap((line, at): KeptLine[] => (line === after[at] ? [[at, at]] : []));
}
