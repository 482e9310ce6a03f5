import { compareObject } from '../kube/compare.ts';
import type { ObjectDrift, Unknown } from '../model/drift.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { Applied } from './read-applied.ts';
import type { Live } from './read-live.ts';

/** What a check tells about the objects of a sync, each list sorted by object. */
export interface Verdicts {
  drift: ObjectDrift[];
  unknown: Unknown[];
  leftToControllers: string[];
}

/** Compares every recorded object that could be read. `git` only serves to show Git's values. */
export function compareRecorded(applied: Applied, live: Live, git: ReadonlyMap<string, KubeObject>): Verdicts {
  const verdicts: Verdicts = { drift: [], unknown: [...applied.unknown, ...live.unknown], leftToControllers: [] };
  for (const entry of applied.entries) {
    if (!live.objects.has(entry.object)) continue;
    const desired = git.get(entry.object);
    const verdict = compareObject({
      entry,
      live: live.objects.get(entry.object),
      hashKey: applied.hashKey,
      ...(desired !== undefined && { desired }),
    });
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
