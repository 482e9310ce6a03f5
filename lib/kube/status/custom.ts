import type { HealthRule } from '../../config/config.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import { groupOf } from '../../model/object-id.ts';
import { conditionOf, conditionText } from './conditions.ts';
import { compile, type Expression } from './expression.ts';
import { type CustomRules, current, failed, inProgress, type Status } from './status.ts';

/** An expression's text in a reason is no longer than this. */
const longestText = 120;

/**
 * The rules of windlass.yaml for `statusOf`. Asked in this order: `inProgress`, `failed`, `current`. What cannot be told, as a field is not
 * there yet, is not yet so; a rule that cannot be used fails its objects, with the reason. Never throws.
 */
export function customRules(rules: readonly HealthRule[]): CustomRules {
  const byKind = new Map(rules.map((rule) => [`${rule.group}/${rule.kind}`, ruleOf(rule)]));
  // A live object is never changed, only replaced; a wait asks again for each of them at each change of one.
  const known = new WeakMap<KubeObject, Status>();
  return (object) => {
    const rule = byKind.get(`${groupOf(object.apiVersion)}/${object.kind}`);
    if (rule === undefined) return undefined;
    const status = known.get(object) ?? rule(object);
    known.set(object, status);
    return status;
  };
}

type Compiled = { expression: Expression } | { problem: string };

function ruleOf({ current, inProgress, failed }: HealthRule): (object: KubeObject) => Status {
  const made = { inProgress, failed, current };
  const compiled = Object.entries(made).flatMap(([word, text]): [string, Compiled][] =>
    text === undefined ? [] : [[word, compile(text)]],
  );
  const broken = compiled.find((pair): pair is [string, { problem: string }] => 'problem' in pair[1]);
  if (broken !== undefined) {
    const reason = `its health rule in windlass.yaml cannot be used: ${broken[0]}: ${broken[1].problem}`;
    return () => ({ status: 'Failed', reason });
  }
  const expressions = Object.fromEntries(
    compiled.map(([word, one]) => [word, (one as { expression: Expression }).expression]),
  );
  return (object) => evaluate(expressions, object);
}

function evaluate(expressions: Record<string, Expression>, object: KubeObject): Status {
  const answers = { inProgress: ask(expressions['inProgress'], object), failed: ask(expressions['failed'], object) };
  if (answers.inProgress !== undefined && answers.inProgress.answer !== false)
    return inProgress(told('inProgress', answers.inProgress, object));
  if (answers.failed?.answer === true) return failed(told('failed', answers.failed, object));
  const now = ask(expressions['current'], object)!;
  if (now.answer === true) return current(told('current', now, object));
  const also =
    answers.failed?.answer === undefined && answers.failed !== undefined
      ? `; ${told('failed', answers.failed, object)}`
      : '';
  return inProgress(`${told('current', now, object)}${also}`);
}

interface Told {
  text: string;
  /** Undefined: it cannot be told, and `why` says why. */
  answer: boolean | undefined;
  why?: string;
}

function ask(expression: Expression | undefined, object: KubeObject): Told | undefined {
  if (expression === undefined) return undefined;
  const { text } = expression;
  try {
    return { text, answer: expression.isTrueOf(object) };
  } catch (error) {
    return { text, answer: undefined, why: error instanceof Error ? error.message : String(error) };
  }
}

/** `current is false: status.phase == 'Ready'; Synced: 3 of 4`. What an expression says of a Secret may hold a value of it. */
function told(word: string, { text, answer, why }: Told, object: KubeObject): string {
  const short = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  if (answer === undefined) return `${word} cannot be told${object.kind === 'Secret' ? '' : `: ${why}`}: ${short}`;
  const ready = conditionOf(object, 'Ready');
  return `${word} is ${answer}: ${short}${ready === undefined ? '' : `; ${conditionText(ready)}`}`;
}
