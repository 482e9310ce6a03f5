import { compareObject, type Verdict } from '../kube/compare.ts';
import type { DriftRules } from '../kube/drift-rules.ts';
import type { AppliedEntry } from '../kube/record.ts';
import { wholeEntry } from '../kube/sparing-record.ts';
import type { ObjectDrift, RuleUse, Unknown } from '../model/drift.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { Applied } from './read-applied.ts';
import { type Reading, readLive } from './read-live.ts';
import { ruleUses } from './rule-uses.ts';

/** What a check tells about the objects of a sync, each list sorted by object. */
export interface Verdicts {
  drift: ObjectDrift[];
  unknown: Unknown[];
  leftToControllers: string[];
  /** What programs that are neither people's tools nor controllers added: no drift. */
  addedByOthers?: ObjectDrift[];
  /** The rules about objects of the sync, and what they did. */
  rules?: RuleUse[];
}

/** Everything that a comparison has something to say about. */
export interface Compared {
  found: Finding[];
  /** For the hashes of Secrets. */
  hashKey: Uint8Array;
  /** What could not be read. */
  unknown: Unknown[];
  /** The names of all objects that are compared, and the rules about them. */
  objects: string[];
  rules: DriftRules | undefined;
}

/** What was found on one object. */
export interface Finding {
  entry: AppliedEntry;
  verdict: Verdict;
  /** The object as it was read, where it drifts and is there, to be shown beside Git's: of a great many the first. */
  live?: KubeObject;
}

/** So many differing objects are held until Git is rendered; of more, Git's values are not shown: no message would have room for them. */
const mostHeld = 1_000;

/** Reads and compares every recorded object, by the rules of Git where there are any. */
export async function compareRecorded(applied: Applied, reading: Reading, rules?: DriftRules): Promise<Compared> {
  const { hashKey } = applied;
  const found = new Map<string, Finding>();
  const held = new Set<string>();
  const unread = await readLive(applied, reading, (entry, live) => {
    const verdict = compareObject({ entry: wholeEntry(entry), live, hashKey, rules });
    const isHeld =
      verdict.drift !== undefined && live !== undefined && (held.has(entry.object) || held.size < mostHeld);
    if (isHeld) held.add(entry.object);
    if (isSilent(verdict)) found.delete(entry.object);
    else found.set(entry.object, { entry, verdict, ...(isHeld && { live }) });
  });
  const objects = applied.entries.map(({ object }) => object);
  return { found: [...found.values()], hashKey, unknown: [...applied.unknown, ...unread], objects, rules };
}

/** The verdicts, with Git's values beside the live ones as far as `git` has the objects. */
export function verdictsOf(compared: Compared, git: ReadonlyMap<string, KubeObject>): Verdicts {
  const { found, hashKey, unknown, objects, rules } = compared;
  const verdicts: Verdicts = { drift: [], unknown: [...unknown], leftToControllers: [] };
  const others: ObjectDrift[] = [];
  const used: string[][] = [];
  for (const { entry, live, verdict: first } of found) {
    const desired = live && git.get(entry.object);
    const verdict =
      desired === undefined ? first : compareObject({ entry: wholeEntry(entry), live, hashKey, desired, rules });
    if (verdict.drift !== undefined) verdicts.drift.push(verdict.drift);
    if (verdict.unknown !== undefined) verdicts.unknown.push({ object: entry.object, reason: verdict.unknown });
    if (verdict.leftToControllers.length > 0) verdicts.leftToControllers.push(entry.object);
    if (verdict.addedByOthers.length > 0)
      others.push({ object: entry.object, state: 'added', fields: verdict.addedByOthers });
    used.push(verdict.rulesUsed ?? []);
  }
  const uses = ruleUses(rules, { objects, unknown: verdicts.unknown, used });
  return sorted({
    ...verdicts,
    ...(others.length > 0 && { addedByOthers: others }),
    ...(uses.length > 0 && { rules: uses }),
  });
}

/** The same verdicts in the order of their objects. */
export function sorted(verdicts: Verdicts): Verdicts {
  const { drift, unknown, leftToControllers, addedByOthers } = verdicts;
  const byObject = (a: { object: string }, b: { object: string }) => (a.object < b.object ? -1 : 1);
  return {
    ...verdicts,
    drift: [...drift].sort(byObject),
    unknown: [...unknown].sort(byObject),
    leftToControllers: [...leftToControllers].sort(),
    ...(addedByOthers !== undefined && { addedByOthers: [...addedByOthers].sort(byObject) }),
  };
}

function isSilent({ drift, unknown, leftToControllers, addedByOthers, rulesUsed = [] }: Verdict): boolean {
  const others = leftToControllers.length + addedByOthers.length + rulesUsed.length;
  return drift === undefined && unknown === undefined && others === 0;
}
