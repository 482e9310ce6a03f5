import { Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { formatProblem, type Problem, UserError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';

/** What is wrong with a prop, and what to do about it. `object` is the prop as a person would point at it: `clusters[1].arn`. */
export function propProblem(object: string, message: string, hint: string): Problem {
  return { code: 'stack-props', object, message, hint };
}

/** All that is wrong with the props of a construct; `whose` names it. The message has it all: an app of the CDK that it ends shows nothing else. */
export function wrongProps(whose: string, problems: readonly Problem[]): UserError {
  const message = [`The properties of ${whose} are wrong`, ...problems.map(formatProblem)].join('\n');
  return new UserError(message, { code: 'stack-props', problems });
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Construct.isConstruct(value)) return `the construct ${value.node.path}`;
  if (Token.isUnresolved(value)) return 'what is not known before it is deployed';
  return typeof value === 'bigint' || typeof value === 'function' ? String(value) : JSON.stringify(value);
}

/** The problems of a list's entries, each looked at alone; a prop that is no list is one problem. Absent is fine. */
export function problemsOfList(
  prop: string,
  list: unknown,
  problemsOf: (entry: unknown, at: string, index: number) => Problem[],
): Problem[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) return [propProblem(prop, `${shown(list)} is no list`, 'write a list: [ ... ]')];
  return list.flatMap((entry: unknown, index) => problemsOf(entry, `${prop}[${index}]`, index));
}

/**
 * The keys of a construct's props that are none; `whose` names the construct. Throws `UserError` for what is no object at all, of which nothing else can be told:
 * props may come from outside of TypeScript.
 */
export function strangeProps(whose: string, props: unknown, known: readonly string[]): Problem[] {
  if (typeof props === 'object' && props !== null && !Array.isArray(props)) return unknownKeys('', props, known);
  throw wrongProps(whose, [
    propProblem('props', `${shown(props)} is no object`, `write one with ${known[0]}: { ... }`),
  ]);
}

/** The keys of an object that are no props; `at` is the object itself, empty for all props. */
export function unknownKeys(at: string, value: object, known: readonly string[]): Problem[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = nearest(key, known);
      const hint = near === undefined ? 'leave it out' : `did you mean "${near}"?`;
      return propProblem(at === '' ? key : `${at}.${key}`, 'there is no such property', hint);
    });
}
