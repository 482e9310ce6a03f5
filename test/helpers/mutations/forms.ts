import { isDeepStrictEqual } from 'node:util';
import { pointerOf, type Step } from './path.ts';
import type { Schema, Types } from './types.ts';

type Json = Record<string, unknown>;

/** A JSON merge patch (RFC 7386) that makes `after` of `before`. */
export function mergePatch(before: Json, after: Json): Json {
  const patch: Json = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[name], after[name]];
    if (isDeepStrictEqual(old, now)) continue;
    patch[name] = now === undefined ? null : isJson(old) && isJson(now) ? mergePatch(old, now) : now;
  }
  return patch;
}

/** A JSON patch (RFC 6902) that makes `after` of `before`. */
export function jsonPatch(before: unknown, after: unknown, at: (string | number)[] = []): object[] {
  if (isDeepStrictEqual(before, after)) return [];
  const path = pointerOf(at);
  if (after === undefined) return [{ op: 'remove', path }];
  if (before === undefined) return [{ op: 'add', path, value: after }];
  if (isJson(before) && isJson(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
      jsonPatch(before[name], after[name], [...at, name]),
    );
  }
  if (!Array.isArray(before) || !Array.isArray(after)) return [{ op: 'replace', path, value: after }];
  if (before.length === after.length) return before.flatMap((item, i) => jsonPatch(item, after[i], [...at, i]));
  const first = before.findIndex((item, i) => !isDeepStrictEqual(item, after[i]));
  if (first >= 0 && isDeepStrictEqual(before.toSpliced(first, 1), after))
    return [{ op: 'remove', path: pointerOf([...at, first]) }];
  if (isDeepStrictEqual(after.slice(0, -1), before)) return [{ op: 'add', path: `${path}/-`, value: after.at(-1) }];
  return [{ op: 'replace', path, value: after }];
}

/**
 * A strategic merge patch as `kubectl edit` sends it for a built-in kind; undefined where the lists on the way do not merge by one key: the
 * tool then has to send another form.
 */
export function strategicPatch(types: Types, schema: Schema, before: Json, after: Json): Json | undefined {
  const shape = types.shape(schema, before);
  const patch: Json = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[name], after[name]];
    if (isDeepStrictEqual(old, now)) continue;
    const inner = shape.kind === 'map' ? shape.child(name).schema : {};
    const made = now === undefined ? null : strategicValue(types, inner, old, now);
    if (made === undefined) return undefined;
    patch[name] = made;
  }
  return patch;
}

function strategicValue(types: Types, schema: Schema, old: unknown, now: unknown): unknown {
  if (isJson(old) && isJson(now)) {
    const shape = types.shape(schema, now);
    return shape.kind === 'leaf' ? mergePatch(old, now) : strategicPatch(types, schema, old, now);
  }
  if (!Array.isArray(now)) return now;
  const known = types.resolve(schema);
  const key = known['x-kubernetes-patch-merge-key'];
  if (known['x-kubernetes-patch-strategy']?.includes('merge') !== true) return now;
  const [before, after] = [(old ?? []) as Json[], now as Json[]];
  const names = (list: Json[]) => list.map((item) => (key === undefined ? undefined : item[key]));
  const isUnique = (list: Json[]) =>
    names(list).every((one) => one !== undefined) && new Set(names(list)).size === list.length;
  if (key === undefined || !isUnique(before) || !isUnique(after)) return undefined;
  const items: (Json | undefined)[] = [];
  for (const item of after) {
    const last = before.find((one) => one[key] === item[key]);
    if (last === undefined) items.push(item);
    else if (!isDeepStrictEqual(last, item)) {
      const inner = strategicPatch(types, known.items ?? {}, last, item);
      items.push(inner && { [key]: item[key], ...inner });
    }
  }
  for (const gone of before.filter((one) => !after.some((item) => item[key] === one[key]))) {
    items.push({ $patch: 'delete', [key]: gone[key] });
  }
  // Only the order differs: this form does not say it without a directive of its own.
  if (items.length === 0 || items.includes(undefined)) return undefined;
  return items;
}

/** A value inside the maps and keyed items that lead to it, as a manifest says it. */
export function manifestAt(path: readonly Step[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if ('field' in first) return { [first.field]: manifestAt(rest, value) };
  if ('value' in first) return [first.value];
  const inner = manifestAt(rest, value);
  return [{ ...first.keys, ...(isJson(inner) ? inner : {}) }];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
