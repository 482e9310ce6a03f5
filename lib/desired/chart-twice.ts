import type { Problem } from '../model/errors.ts';
import { nameOf } from '../model/kube-object.ts';
import type { DesiredObject } from './desired-object.ts';

/** More objects than these are not told: they have one cause. */
const mostProblems = 20;

const hint =
  'such a value would be applied anew at each render: give the chart a fixed one, or take it from a Secret that is made elsewhere';

/** The objects in which two renderings of the same chart differ, each with the place of its first difference, and never a value. */
export function differences(first: readonly DesiredObject[], second: readonly DesiredObject[]): Problem[] {
  const others = new Map(second.map((declared) => [nameOf(declared.object), declared]));
  const found: Problem[] = [];
  for (const { object, origin } of first) {
    const name = nameOf(object);
    const other = others.get(name);
    others.delete(name);
    const path = other === undefined ? '' : firstDifference(object, other.object);
    if (path !== undefined) found.push(problem(name, origin, path));
  }
  for (const [name, { origin }] of others) found.push(problem(name, origin, ''));
  return found.slice(0, mostProblems);
}

function problem(object: string, file: string, path: string): Problem {
  const where = path === '' ? 'this object is there only once' : `another value at ${path}`;
  return {
    code: 'helm-unstable',
    object,
    file,
    message: `rendering the chart twice gives two results: ${where}`,
    hint,
  };
}

/** The JSON Pointer of the first place where two values differ; undefined where they are equal. The order of keys does not count. */
function firstDifference(a: unknown, b: unknown, path = ''): string | undefined {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return a === b ? undefined : path || '/';
  if (Array.isArray(a) !== Array.isArray(b)) return path || '/';
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(left[key], right[key], `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
