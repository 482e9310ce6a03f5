import { compareObject, type Verdict } from '../kube/compare.ts';
import type { AppliedEntry } from '../kube/record.ts';
import type { ObjectDrift, Unknown } from '../model/drift.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { Applied } from './read-applied.ts';
import { type Reading, readLive } from './read-live.ts';

/** What a check tells about the objects of a sync, each list sorted by object. */
export interface Verdicts {
  drift: ObjectDrift[];
  unknown: Unknown[];
  leftToControllers: string[];
}

/** Everything that a comparison has something to say about. */
export interface Compared {
  found: Finding[];
  /** For the hashes of Secrets. */
  hashKey: Uint8Array;
  /** What could not be read. */
  unknown: Unknown[];
}

/** What was found on one object. */
export interface Finding {
  entry: AppliedEntry;
  verdict: Verdict;
  /** The object as it was read, where it drifts and is there: to be shown beside Git's. */
  live?: KubeObject;
}

/** Reads and compares every recorded object. */
export async function compareRecorded(applied: Applied, reading: Reading): Promise<Compared> {
  const { hashKey } = applied;
  const found = new Map<string, Finding>();
  const unread = await readLive(applied, reading, (entry, live) => {
    const verdict = compareObject({ entry, live, hashKey });
    if (isSilent(verdict)) found.delete(entry.object);
    else found.set(entry.object, { entry, verdict, ...(verdict.drift && live && { live }) });
  });
  return { found: [...found.values()], hashKey, unknown: [...applied.unknown, ...unread] };
}

/** The verdicts, with Git's values beside the live ones as far as `git` has the objects. */
export function verdictsOf({ found, hashKey, unknown }: Compared, git: ReadonlyMap<string, KubeObject>): Verdicts {
  const verdicts: Verdicts = { drift: [], unknown: [...unknown], leftToControllers: [] };
  for (const { entry, live, verdict: first } of found) {
    const desired = live && git.get(entry.object);
    const verdict = desired === undefined ? first : compareObject({ entry, live, hashKey, desired });
    if (verdict.drift !== undefined) verdicts.drift.push(verdict.drift);
    if (verdict.unknown !== undefined) verdicts.unknown.push({ object: entry.object, reason: verdict.unknown });
    if (verdict.leftToControllers.length > 0) verdicts.leftToControllers.push(entry.object);
  }
  return sorted(verdicts);
}

/** The same verdicts in the order of their objects. */
export function sorted({ drift, unknown, leftToControllers }: Verdicts): Verdicts {
  const byObject = (a: { object: string }, b: { object: string }) => (a.object < b.object ? -1 : 1);
  return {
    drift: [...drift].sort(byObject),
    unknown: [...unknown].sort(byObject),
    leftToControllers: [...leftToControllers].sort(),
  };
}

function isSilent({ drift, unknown, leftToControllers, addedByOthers }: Verdict): boolean {
  return drift === undefined && unknown === undefined && leftToControllers.length + addedByOthers.length === 0;
}
