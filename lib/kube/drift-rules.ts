import { createHash } from 'node:crypto';
import { matchesGlob, matchesObject } from '../model/glob.ts';
import { hasPassed } from '../model/until.ts';
import { type PathPattern, readPathPattern } from './drift-rules-path.ts';
import type { ManagerRules } from './managers.ts';

/** A difference that is not drift. It has a path, or a manager, or both. */
export interface IgnoreRule {
  /** An object's written name, where `*` stands for any text without a slash. */
  object: string;
  /** As drift shows paths, where `*` stands for any text, or a JSON Pointer (RFC 6901); everything below it is ignored too. */
  path?: string;
  /** Only what this field manager did; `*` stands for any text. */
  manager?: string;
  why?: string;
  /** ISO 8601 date or time; the rule is void after it. */
  until?: string;
}

/** What Git says about drift. */
export interface DriftSettings {
  ignore: readonly IgnoreRule[];
  managers?: ManagerRules | undefined;
}

/** The rules that are in force, ready to be used. */
export interface DriftRules {
  managers?: ManagerRules | undefined;
  ignore: readonly ReadyRule[];
}

/** One rule that is in force. */
export interface ReadyRule {
  /** As `ruleText` writes it. */
  text: string;
  object: string;
  path?: PathPattern;
  manager?: string;
}

/** The rules of windlass.yaml that are in force at a time. Throws for a path that `readPathPattern` does not take: a file that has one is not used. */
export function driftRules({ ignore, managers }: DriftSettings, now: Date): DriftRules {
  return { managers, ignore: ignore.filter(({ until }) => !hasPassed(until, now)).map(ready) };
}

/** Names what Git says about drift, 16 hex digits: the same however it is ordered, explained, and whatever is void by now. */
export function rulesHash({ ignore, managers }: DriftSettings): string {
  const { alert, silent } = managers ?? { alert: [], silent: [] };
  const rules = ignore.map((rule) => `${ruleText(rule)} until ${rule.until}`);
  const content = JSON.stringify([rules.sort(), [...alert].sort(), [...silent].sort()]);
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** What names a rule, whatever its place in the file: `apps/Deployment/shop/web: spec.replicas by mesh-agent`. */
export function ruleText({ object, path, manager }: IgnoreRule): string {
  const by = manager === undefined ? '' : `by ${manager}`;
  return `${object}: ${[path, by].filter(Boolean).join(' ')}`;
}

/** True where what `ruleText` wrote names a rule about an object. */
export function isTextAbout(text: string, object: string): boolean {
  return matchesObject(text.slice(0, text.indexOf(': ')), object);
}

/** The rules that are about an object. */
export function rulesFor(object: string, rules: DriftRules | undefined): ReadyRule[] {
  return rules?.ignore.filter((rule) => matchesObject(rule.object, object)) ?? [];
}

/** True where a rule does not ask who did it, or asks for this one: what nobody is known to have done is nobody's. */
export function isAbout({ manager: pattern }: ReadyRule, manager: string | undefined): boolean {
  return pattern === undefined || (manager !== undefined && matchesGlob(pattern, manager));
}

function ready(rule: IgnoreRule): ReadyRule {
  const { object, path, manager } = rule;
  const pattern = path === undefined ? undefined : readPathPattern(path);
  if (path !== undefined && pattern === undefined) throw new Error(`drift.ignore: "${path}" is no path`);
  return {
    text: ruleText(rule),
    object,
    ...(pattern !== undefined && { path: pattern }),
    ...(manager !== undefined && { manager }),
  };
}
