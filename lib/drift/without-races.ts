import type { AppliedEntry } from '../kube/record.ts';
import { sorted, type Verdicts } from './compare-recorded.ts';
import type { RecordReader } from './ports.ts';
import { type Applied, neverPulled, splitByIntent, writing } from './read-applied.ts';
import { reasonOf } from './reason.ts';

/**
 * A pull may write while a check reads: what it applied after the record was read looks like drift. A pull says in the record what it is
 * about to write before it does, so the record, read again, tells which differences are its own; these are unknown until the next check.
 */
export async function withoutRaces(verdicts: Verdicts, applied: Applied, records: RecordReader): Promise<Verdicts> {
  if (verdicts.drift.length === 0) return verdicts;
  const again = await settledNow(applied.sync, records);
  const before = byName(applied.entries);
  const same = (object: string) => isSameApply(again.entries.get(object), before.get(object));
  const raced = verdicts.drift.filter(({ object }) => !same(object));
  const { unread } = again;
  return sorted({
    ...verdicts,
    drift: verdicts.drift.filter(({ object }) => same(object)),
    unknown: [
      ...verdicts.unknown,
      ...raced.map(({ object }) => (unread === undefined ? writing(object) : { object, reason: unread })),
    ],
  });
}

/** What no pull is just writing, by name; or why the record could not be read. */
async function settledNow(
  sync: string,
  records: RecordReader,
): Promise<{ entries: Map<string, AppliedEntry>; unread?: string }> {
  try {
    const record = await records.read(sync, { sparing: true });
    if (record === undefined) return { entries: new Map(), unread: neverPulled };
    return { entries: byName(splitByIntent(record).settled) };
  } catch (error) {
    return { entries: new Map(), unread: reasonOf(error) };
  }
}

function byName(entries: readonly AppliedEntry[]): Map<string, AppliedEntry> {
  return new Map(entries.map((entry) => [entry.object, entry]));
}

/** True when the object was not applied again, nor forgotten. */
function isSameApply(now: AppliedEntry | undefined, before: AppliedEntry | undefined): boolean {
  const keys = ['uid', 'resourceVersion', 'desiredHash', 'appliedAt'] as const;
  return now !== undefined && before !== undefined && keys.every((key) => now[key] === before[key]);
}
