import { type DriftSettings, type IgnoreRule, ruleText } from '../kube/drift-rules.ts';
import type { Problem } from '../model/errors.ts';
import { matchesGlob, matchesObject } from '../model/glob.ts';
import type { DriftFound } from '../model/messages.ts';
import { hasPassed } from '../model/until.ts';

/** What people should know of the rules after a check of one sync: those that are void, and those that found nothing to do. */
export function ruleNotices({ ignore }: DriftSettings, found: DriftFound, now: Date): Problem[] {
  const { sync } = found;
  const idle = new Set(idleIn(found));
  return numbered(ignore).flatMap(({ rule, name }) => {
    if (hasPassed(rule.until, now)) return [voidRule(name, rule)];
    return idle.has(ruleText(rule)) ? [idleRule(name, rule, `matches nothing in ${sync}`)] : [];
  });
}

/** The rules about objects of a sync that found nothing to do. Without a record less is compared: that a rule is of no use cannot be told then. */
function idleIn({ rules = [], basis }: DriftFound): string[] {
  return basis === 'git' ? [] : rules.filter(({ objects }) => objects === 0).map(({ rule }) => rule);
}

/** The rules that are void by now. */
export function voidRules({ ignore }: DriftSettings, now: Date): Problem[] {
  return numbered(ignore).flatMap(({ rule, name }) => (hasPassed(rule.until, now) ? [voidRule(name, rule)] : []));
}

/** The rules in force that are about none of these objects, which are all that there are. */
export function rulesAboutNothing({ ignore }: DriftSettings, objects: readonly string[], now: Date): Problem[] {
  return numbered(ignore)
    .filter(({ rule }) => !hasPassed(rule.until, now))
    .filter(({ rule }) => !objects.some((object) => matchesObject(rule.object, object)))
    .map(({ rule, name }) => idleRule(name, rule, 'is about no object of any sync'));
}

/** Patterns of `drift.unmanaged.namespaces` by which nothing is looked for. */
export function namespacesOfNobody(patterns: readonly string[]): Problem[] {
  return patterns.map((pattern) => ({
    code: 'rule-idle',
    message: `${pattern} of drift.unmanaged.namespaces fits no namespace that a sync declares or has objects in`,
    hint: 'only in namespaces of syncs objects are looked for that nobody declared',
  }));
}

/**
 * The rules in force that found nothing to do in a run that checked all syncs of all clusters. Empty where something could not be read: a rule may be
 * about that.
 */
export function unusedRules({ ignore }: DriftSettings, findings: readonly DriftFound[], now: Date): Problem[] {
  if (findings.length === 0 || findings.some(({ unknown }) => unknown.some(({ undeclared }) => undeclared !== true)))
    return [];
  const used = new Set(
    findings.flatMap(({ rules = [], basis }) =>
      rules.flatMap(({ rule, objects }) => (objects > 0 || basis === 'git' ? [rule] : [])),
    ),
  );
  const leftOut = [...new Set(findings.flatMap((found) => found.leftOut ?? []))];
  return numbered(ignore)
    .filter(({ rule }) => !hasPassed(rule.until, now) && !used.has(ruleText(rule)))
    .filter(({ rule }) => !leftOut.some((kind) => mayBeOf(rule, kind)))
    .map(({ rule, name }) => idleRule(name, rule, 'matches nothing'));
}

function numbered(ignore: readonly IgnoreRule[]): { rule: IgnoreRule; name: string }[] {
  return ignore.map((rule, index) => ({ rule, name: `drift.ignore[${index}] (${ruleText(rule)})` }));
}

function voidRule(name: string, { until }: IgnoreRule): Problem {
  return {
    code: 'rule-void',
    message: `${name} is void since ${until}: what it was for is reported`,
    hint: 'delete it, or give it a later until',
  };
}

function idleRule(name: string, { why }: IgnoreRule, what: string): Problem {
  const reason = why === undefined ? '' : ` It was made for this: ${why}`;
  return { code: 'rule-idle', message: `${name} ${what}`, hint: `delete it when it is not needed any more.${reason}` };
}

/** True for a rule that may be about objects of a kind, or about an object. */
function mayBeOf({ object }: IgnoreRule, leftOut: string): boolean {
  const kind = leftOut.split('/');
  const parts = object.split('/').slice(0, kind.length);
  return parts.every((part, i) => matchesGlob(part, kind[i]!));
}
