import { matchesGlob } from '../model/glob.ts';
import { stepsOf } from './exceptions/pointer.ts';
import { type FieldPath, pathText } from './fields.ts';
import { canonicalJson } from './hash.ts';
import { childTree, type HashTree } from './projection.ts';
import { isMap } from './values.ts';

/** One step of a path that a person wrote. */
export interface PathStep {
  /** `name`: one field. `inside`: what stands in brackets, an item of a list or the name of a field. `pointer`: a step of a JSON Pointer, where `*` is no glob. */
  kind: 'name' | 'inside' | 'pointer';
  text: string;
}

/** Which paths are meant: one step for each element of a path. */
export type PathPattern = readonly PathStep[];

const plainName = /^[A-Za-z_$*][\w$*-]*/;
const pointer = /^(?:\/(?:[^~/]|~[01])*)+$/;

/**
 * Reads a path as drift shows it (`spec.template.spec.containers[name=istio-*].image`, where `*` stands for any text), or a JSON Pointer
 * (`/spec/replicas`). Undefined for what is neither.
 */
export function readPathPattern(text: string): PathPattern | undefined {
  if (text.startsWith('/')) {
    return pointer.test(text) ? stepsOf(text).map((step): PathStep => ({ kind: 'pointer', text: step })) : undefined;
  }
  const steps: PathStep[] = [];
  let rest = text;
  while (rest !== '') {
    const read = rest.startsWith('[') ? readBrackets(rest) : readName(rest, steps.length === 0);
    if (read === undefined) return undefined;
    steps.push(read.step);
    rest = read.rest;
  }
  return steps.length === 0 ? undefined : steps;
}

function readName(text: string, isFirst: boolean): { step: PathStep; rest: string } | undefined {
  if (!isFirst && !text.startsWith('.')) return undefined;
  const name = plainName.exec(isFirst ? text : text.slice(1))?.[0];
  if (name === undefined) return undefined;
  return { step: { kind: 'name', text: name }, rest: text.slice(name.length + (isFirst ? 0 : 1)) };
}

/** A bracket closes where a path can go on, so that names may have brackets in them. */
function readBrackets(text: string): { step: PathStep; rest: string } | undefined {
  const inside = /^\[(.+?)\](?=$|[.[])/s.exec(text)?.[1];
  if (inside === undefined) return undefined;
  return { step: { kind: 'inside', text: inside }, rest: text.slice(inside.length + 2) };
}

/**
 * What of a pattern lies below a path: nothing when the pattern means the path or something above it, undefined when it means something
 * else. `recorded` tells which item of a list stood at an index when it was applied.
 */
export function restBelow(pattern: PathPattern, path: FieldPath, recorded: HashTree): PathPattern | undefined {
  let tree: HashTree | undefined = recorded;
  for (const [i, element] of path.entries()) {
    const step = pattern[i];
    if (step === undefined) return [];
    if (!meansElement(step, element, tree)) return undefined;
    tree = childTree(tree, element);
  }
  return pattern.slice(path.length);
}

/** True when a step means one element of a path of managed fields. */
function meansElement(step: PathStep, element: string, list: HashTree | undefined): boolean {
  const name = element.slice(2);
  if (element.startsWith('f:')) return step.kind === 'pointer' ? step.text === name : matchesGlob(step.text, name);
  if (step.kind === 'name') return step.text === '*';
  if (isIndex(step.text)) return element.startsWith('i:') ? name === step.text : elementAt(list, step.text) === element;
  if (step.kind === 'pointer') return false;
  if (matchesGlob(step.text, pathText([element]).slice(1, -1))) return true;
  const value: unknown = element.startsWith('i:') ? undefined : JSON.parse(name);
  return isMap(value) ? hasKeys(step.text, value) : typeof value === 'string' && matchesGlob(step.text, value);
}

function isIndex(text: string): boolean {
  return /^\d+$/.test(text);
}

/** We own Git's items, and they stand in Git's order. */
function elementAt(list: HashTree | undefined, index: string): string | undefined {
  return list !== undefined && typeof list !== 'string' && 'i' in list ? list.i[Number(index)]?.[0] : undefined;
}

/** `name=istio-*`, `containerPort=80,protocol=TCP`: each key that is named has a fitting value. */
function hasKeys(text: string, item: Record<string, unknown>): boolean {
  const pairs = text.split(',').map((pair) => /^([^=]+)=(.*)$/s.exec(pair));
  return pairs.every((pair) => {
    const [, key = '', pattern = ''] = pair ?? [];
    if (pair === null || !Object.hasOwn(item, key)) return false;
    return matchesGlob(pattern, plainText(item[key]));
  });
}

/** True when a step means an item of a list that is one value, as many lists of custom resources are. */
export function meansItem(step: PathStep, item: unknown, index: number): boolean {
  if (isIndex(step.text)) return Number(step.text) === index;
  if (step.kind === 'pointer') return false;
  if (step.kind === 'name') return step.text === '*';
  if (isMap(item)) return step.text === '*' || hasKeys(step.text, item);
  return matchesGlob(step.text, plainText(item));
}

/** True when a step means a key of a map that is one value. */
export function meansKey(step: PathStep, key: string): boolean {
  return step.kind === 'pointer' ? step.text === key : matchesGlob(step.text, key);
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : canonicalJson(value);
}
