import type { FieldPath } from './fields.ts';
import { canonicalJson } from './hash.ts';
import { isMap } from './values.ts';

/** What is at a path: nothing, one value, or several list items that share their keys (duplicate env names). */
export type Found =
  | { count: 'none' }
  | { count: 'one'; value: unknown; index?: number }
  | { count: 'many'; value: unknown[] };

const nothing: Found = { count: 'none' };

/**
 * Finds one element of a path in a value. `lenient` is for Git's objects: a list item matches also where it leaves a key to its default
 * (`protocol` of a port).
 */
export function resolveChild(value: unknown, element: string, lenient = false): Found {
  const text = element.slice(2);
  if (element.startsWith('f:')) {
    return isMap(value) && Object.hasOwn(value, text) ? { count: 'one', value: value[text] } : nothing;
  }
  if (!Array.isArray(value)) return nothing;
  if (element.startsWith('i:')) {
    const index = Number(text);
    return index < value.length ? { count: 'one', value: value[index], index } : nothing;
  }
  const wanted: unknown = JSON.parse(text);
  const matches = element.startsWith('k:')
    ? (item: unknown) => matchesKeys(item, wanted, lenient)
    : (item: unknown) => canonicalJson(item) === canonicalJson(wanted);
  const hits = value.flatMap((item: unknown, index) => (matches(item) ? [{ item, index }] : []));
  const [first] = hits;
  if (first === undefined) return nothing;
  if (hits.length > 1) return { count: 'many', value: hits.map((hit) => hit.item) };
  return { count: 'one', value: first.item, index: first.index };
}

/** Finds a path in a value. */
export function resolvePath(value: unknown, path: FieldPath, lenient = false): Found {
  let found: Found = { count: 'one', value };
  for (const element of path) {
    if (found.count !== 'one') return found;
    found = resolveChild(found.value, element, lenient);
  }
  return found;
}

function matchesKeys(item: unknown, keys: unknown, lenient: boolean): boolean {
  if (!isMap(item) || !isMap(keys)) return false;
  const entries = Object.entries(keys);
  const given = entries.filter(([key]) => item[key] !== undefined);
  if (!lenient && given.length < entries.length) return false;
  return given.length > 0 && given.every(([key, value]) => canonicalJson(item[key]) === canonicalJson(value));
}
