import type { Found, Objects } from './objects.ts';

/** One file of a comparison, in GitHub's words. */
export interface FileChange {
  filename: string;
  status: 'added' | 'modified' | 'removed' | 'renamed';
  oid: string;
  previous?: string;
}

/** What changed between two trees, renames found as git does by default: the same blob, else half of the bytes or more in common. */
export function fileChanges(objects: Objects, before: string, after: string): FileChange[] {
  const changes = objects.compare(before, after);
  const gone = new Map(changes.filter((each) => each.after === undefined).map((each) => [each.path, each.before!]));
  const renames = new Map<string, string>();
  for (const { path, before: old, after: now } of changes) {
    if (old !== undefined || now === undefined) continue;
    const from = bestMatch(objects, now, gone);
    if (from === undefined) continue;
    gone.delete(from);
    renames.set(path, from);
  }
  const moved = new Set(renames.values());
  return changes.flatMap(({ path, before: old, after: now }): FileChange[] => {
    if (now === undefined) return moved.has(path) ? [] : [{ filename: path, status: 'removed', oid: old!.oid }];
    if (old !== undefined) return [{ filename: path, status: 'modified', oid: now.oid }];
    const previous = renames.get(path);
    if (previous !== undefined) return [{ filename: path, status: 'renamed', oid: now.oid, previous }];
    return [{ filename: path, status: 'added', oid: now.oid }];
  });
}

function bestMatch(objects: Objects, file: Found, gone: ReadonlyMap<string, Found>): string | undefined {
  for (const [path, { oid }] of gone) if (oid === file.oid) return path;
  const [best] = [...gone]
    .map(([path, { oid }]) => ({ path, likeness: likeness(objects, oid, file.oid) }))
    .sort((a, b) => b.likeness - a.likeness);
  return best !== undefined && best.likeness >= 0.5 ? best.path : undefined;
}

/** The share of bytes in lines that both have. */
function likeness(objects: Objects, a: string, b: string): number {
  const lines = (oid: string) =>
    Buffer.from(objects.blobs.get(oid) ?? [])
      .toString('latin1')
      .split(/(?<=\n)/);
  const [ofA, ofB] = [lines(a), lines(b)];
  const counts = new Map<string, number>();
  for (const line of ofA) counts.set(line, (counts.get(line) ?? 0) + 1);
  let common = 0;
  for (const line of ofB) {
    const left = counts.get(line) ?? 0;
    if (left > 0) common += line.length;
    counts.set(line, left - 1);
  }
  return common / Math.max(1, ofA.join('').length, ofB.join('').length);
}
