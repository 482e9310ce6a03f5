import { ruleText } from '../kube/drift-rules.ts';
import { classOf } from '../kube/managers.ts';
import { isMap } from '../kube/values.ts';
import { matchesGlob } from '../model/glob.ts';
import { hasPassed } from '../model/until.ts';
import { ignoreSchema } from './drift-schema.ts';
import type { WindlassFile } from './schema.ts';
import type { Finding, Path } from './yaml-source.ts';
import { label } from './zod-findings.ts';

type Rule = NonNullable<NonNullable<WindlassFile['drift']>['ignore']>[number];

/** The rules of `drift.ignore` that would hide everything: looked for in the file as it is written, so that they are told beside what else is wrong. */
export function checkRules(rules: unknown): Finding[] {
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: unknown, index) => tooWide(rule, ['drift', 'ignore', index]));
}

/** Says what looks wrong with the rules about drift. Without `now` nothing is said of rules that are void. */
export function checkDrift({ drift }: WindlassFile, now?: Date): Finding[] {
  const rules = (drift?.ignore ?? []).map((rule, index) => ({ rule, path: ['drift', 'ignore', index] }));
  return [
    ...rules.flatMap(({ rule, path }) => [...withoutReason(rule, path), ...starInPointer(rule, path)]),
    ...rules.flatMap(({ rule, path }) => (now === undefined ? [] : isVoid(rule, path, now))),
    ...twice(rules),
    ...checkManagers(drift?.managers),
  ];
}

function tooWide(rule: unknown, path: Path): Finding[] {
  if (!isMap(rule) || 'path' in rule || 'manager' in rule) return [];
  // An unknown key may be either of the two, misspelt: that is told.
  if (Object.keys(rule).some((key) => !(key in ignoreSchema.shape))) return [];
  const message = `${label(path)} says neither which field nor whose change is no drift`;
  return [{ path, code: 'bad-rule', message, hint: 'write path, or manager, or both' }];
}

function withoutReason({ why }: Rule, path: Path): Finding[] {
  if (why !== undefined && why.trim() !== '') return [];
  const message = `${label(path)} does not say why: nobody will dare to remove it`;
  return [{ path, code: 'no-reason', message, hint: 'write why: set by the mesh' }];
}

function starInPointer({ path: text }: Rule, path: Path): Finding[] {
  if (!text?.startsWith('/') || !text.includes('*')) return [];
  const message = `${label(path)}.path is a JSON Pointer, where * stands for itself`;
  const hint = 'for any text write it as drift shows it: spec.template.spec.containers[name=istio-*].image';
  return [{ path: [...path, 'path'], code: 'bad-rule', message, hint }];
}

function isVoid({ until }: Rule, path: Path, now: Date): Finding[] {
  if (!hasPassed(until, now)) return [];
  const message = `${label(path)} is void since ${until}: these differences are reported`;
  return [{ path: [...path, 'until'], code: 'rule-void', message, hint: 'delete the rule, or give it a later until' }];
}

function twice(rules: readonly { rule: Rule; path: Path }[]): Finding[] {
  const seen = new Map<string, Path>();
  return rules.flatMap(({ rule, path }) => {
    const first = seen.get(ruleText(rule));
    seen.set(ruleText(rule), first ?? path);
    if (first === undefined) return [];
    return [{ path, code: 'duplicate-rule', message: `${label(path)} says the same as ${label(first)}` }];
  });
}

/** Tools that people make changes with. */
const byHand = ['kubectl-edit', 'kubectl-patch', 'kubectl-set', 'kubectl', 'k9s'];

function checkManagers({ alert = [], silent = [] }: NonNullable<WindlassFile['drift']>['managers'] = {}): Finding[] {
  return silent.flatMap((pattern, index) => {
    const path = ['drift', 'managers', 'silent', index];
    if (alert.includes(pattern))
      return [{ path, code: 'needless-key', message: `${pattern} is in alert, too, and that counts` }];
    const tool = byHand.find((name) => matchesGlob(pattern, name) && classOf(name) === 'person');
    if (tool === undefined) return [];
    const message = `${label(path)} makes changes by hand silent: it fits ${tool}`;
    return [{ path, code: 'silent-people', message }];
  });
}
