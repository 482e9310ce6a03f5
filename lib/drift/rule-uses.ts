import { type DriftRules, rulesFor } from '../kube/drift-rules.ts';
import type { RuleUse, Unknown } from '../model/drift.ts';
import { matchesObject } from '../model/glob.ts';

/** What a check looked at. */
export interface Looked {
  /** The written names of all objects that are compared. */
  objects: readonly string[];
  /** What could not be read. */
  unknown: readonly Unknown[];
  /** For each object of which rules took something away, these rules. */
  used: readonly (readonly string[])[];
}

/**
 * Of the rules in force those that are about an object that was looked at, and of how many objects they took something away. One that took
 * nothing is left out where it may be about something that could not be read.
 */
export function ruleUses(rules: DriftRules | undefined, { objects, unknown, used }: Looked): RuleUse[] {
  const counts = new Map<string, number>();
  for (const rule of used.flat()) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const about = new Set(objects.flatMap((object) => rulesFor(object, rules)));
  return [...about].flatMap(({ text, object }) => {
    const count = counts.get(text) ?? 0;
    const isSure = count > 0 || !unknown.some((one) => mayBeAbout(object, one.object, objects));
    return isSure ? [{ rule: text, objects: count }] : [];
  });
}

function mayBeAbout(pattern: string, unread: string, objects: readonly string[]): boolean {
  const fitting = objects.filter((object) => matchesObject(pattern, object));
  // What a pull is just writing is not among what was looked at.
  if (unread === '*' || matchesObject(pattern, unread)) return true;
  return fitting.some((object) => object.startsWith(`${unread}/`));
}
