import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import type { KubeObject } from '../../model/kube-object.ts';

/** Far more than a rule needs. */
const limits = { maxAstNodes: 500, maxDepth: 24, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 };

/** Flux's environment for health: names stand for the object's fields, optional fields may be asked for, and lists may be mixed. */
const environment = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
  limits,
});

const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** What an expression may call: nothing that makes long values of short ones, and no regular expressions, which may run without end. */
const functions = new Set([
  ...loops,
  ...['has', 'size', 'type', 'dyn', 'bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'],
  ...['startsWith', 'endsWith', 'contains', 'lowerAscii', 'upperAscii', 'trim', 'indexOf', 'lastIndexOf'],
  ...['hasValue', 'value', 'or', 'orValue', 'of', 'none'],
  ...['getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear', 'getFullYear', 'getMonth'],
  ...['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'],
]);

/** Steps that one evaluation may take at most: a second of a busy machine would be some ten million. */
const mostSteps = 1_000_000;

/** An expression that can be evaluated. */
export interface Expression {
  text: string;
  /**
   * Whether it is true of the object. Throws `Error` with one line where that cannot be told: a field is missing, types do not fit, the
   * object is too large for it.
   */
  isTrueOf(object: KubeObject): boolean;
}

/** Says what is wrong with an expression of a health rule; undefined when it can be used. */
export function checkExpression(text: string): string | undefined {
  const made = compile(text);
  return 'problem' in made ? made.problem : undefined;
}

/** Compiles an expression of a health rule, or says what is wrong with it. Never throws. */
export function compile(text: string): { expression: Expression } | { problem: string } {
  const { valid, type = 'dyn', error } = environment.check(text);
  if (!valid) return { problem: explain(error) };
  if (type !== 'bool' && type !== 'dyn') return { problem: `it gives ${type}, not true or false` };
  const evaluate = environment.parse(text);
  const shape = shapeOf(evaluate.ast);
  const problem = refusal(shape);
  if (problem !== undefined) return { problem };
  return { expression: { text, isTrueOf: (object) => isTrue(evaluate, shape, object) } };
}

function isTrue(evaluate: (context: object) => unknown, shape: Shape, object: KubeObject): boolean {
  const longest = Math.max(shape.longest, longestIn(object));
  const steps = shape.nodes * (longest * 2 ** shape.sums) ** shape.loops;
  if (steps > mostSteps) throw new Error(`it would take too long: its lists within lists have up to ${longest} items`);
  let answer: unknown;
  try {
    answer = evaluate(valuesOf(object) as object);
  } catch (error) {
    throw new Error(explain(error));
  }
  if (typeof answer !== 'boolean') throw new Error(`it gives ${typeName(answer)}, not true or false`);
  return answer;
}

/** What the cost of an expression depends on. */
interface Shape {
  nodes: number;
  /** Loops within loops. */
  loops: number;
  /** Each may double a list. */
  sums: number;
  /** The longest list that is written in it. */
  longest: number;
  calls: Set<string>;
  names: Set<string>;
}

function shapeOf(ast: ASTNode): Shape {
  const shape: Shape = { nodes: 0, loops: 0, sums: 0, longest: 1, calls: new Set(), names: new Set() };
  const visit = (node: ASTNode, depth: number): void => {
    shape.nodes++;
    shape.loops = Math.max(shape.loops, depth);
    if (node.op === '+') shape.sums++;
    if (node.op === 'id') shape.names.add(node.args);
    if (node.op === 'list' || node.op === 'map') shape.longest = Math.max(shape.longest, node.args.length);
    if (node.op === 'call' || node.op === 'rcall') shape.calls.add(node.args[0]);
    if (node.op === 'rcall' && loops.has(node.args[0])) {
      visit(node.args[1], depth);
      for (const inner of node.args[2]) visit(inner, depth + 1);
    } else {
      for (const inner of nodesIn(node.args)) visit(inner, depth);
    }
  };
  visit(ast, 0);
  return shape;
}

function nodesIn(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(nodesIn);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}

function refusal({ calls, names }: Shape): string | undefined {
  if (calls.has('matches')) return 'matches is not offered: startsWith, endsWith and contains are';
  const unknown = [...calls].find((name) => !functions.has(name));
  if (unknown !== undefined) return `${unknown} is not offered`;
  const root = ['self', 'object'].find((name) => names.has(name));
  if (root !== undefined) return `the object's fields stand by themselves: status.phase, not ${root}.status.phase`;
  return undefined;
}

function longestIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value);
  return inner.reduce((most: number, one) => Math.max(most, longestIn(one)), inner.length);
}

/** As the API server has them: JSON does not tell a whole number from a decimal one, CEL does. */
function valuesOf(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(valuesOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, valuesOf(inner)]));
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? 'a string' : 'a number';
}

/** The first line: those after it draw the expression. */
function explain(error: unknown): string {
  const line = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
  const [, field] = /^Unknown variable: (metadata|spec|status)$/.exec(line) ?? [];
  if (field !== undefined) return `${field} is not there yet`;
  return line === 'has() invalid argument' ? 'has() takes names with dots between them: has(status.phase)' : line;
}
