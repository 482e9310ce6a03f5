import type { AppliedEntry } from '../kube/record.ts';
import { sorted, type Verdicts } from './compare-recorded.ts';
import type { RecordReader } from './ports.ts';
import { type Applied, readApplied, writing } from './read-applied.ts';
import { reasonOf } from './reason.ts';

/**
 * A pull may write while a check reads: what it applied after the record was read looks like drift. A pull says in the record what it is
 * about to write before it does, so the record, read again, tells which differences are its own; these are unknown until the next check.
 */
export async function withoutRaces(verdicts: Verdicts, applied: Applied, records: RecordReader): Promise<Verdicts> {
  if (verdicts.drift.length === 0 || (await isUnchanged(applied.sync, records))) return verdicts;
  const again = await readApplied(applied.sync, records);
  const now = new Map(again.entries.map((entry) => [entry.object, entry]));
  const before = new Map(applied.entries.map((entry) => [entry.object, entry]));
  const same = (object: string) => isSameApply(now.get(object), before.get(object));
  const raced = verdicts.drift.filter(({ object }) => !same(object));
  const unread = again.unknown.find(({ object }) => object === '*')?.reason;
  return sorted({
    ...verdicts,
    drift: verdicts.drift.filter(({ object }) => same(object)),
    unknown: [
      ...verdicts.unknown,
      ...raced.map(({ object }) => (unread === undefined ? writing(object) : { object, reason: unread })),
    ],
  });
}

/** True when the object was not applied again, nor forgotten. */
function isSameApply(now: AppliedEntry | undefined, before: AppliedEntry | undefined): boolean {
  const keys = ['uid', 'resourceVersion', 'desiredHash', 'appliedAt'] as const;
  return now !== undefined && before !== undefined && keys.every((key) => now[key] === before[key]);
}

/** True when the record is still the one that was read: nobody has begun to write. */
async function isUnchanged(sync: string, records: RecordReader): Promise<boolean> {
  try {
    return (await records.changed?.(sync)) === false;
  } catch (error) {
    reasonOf(error);
    return false;
  }
}
