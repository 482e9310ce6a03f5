/** A JSON object: neither null nor a list. */
export type JsonMap = Record<string, unknown>;

/** True for a JSON object. */
export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value, where it is a JSON object; an empty one otherwise. Objects from a cluster are what others wrote: nothing is taken for granted. */
export function mapOf(value: unknown): JsonMap {
  return isMap(value) ? value : {};
}

/** The JSON objects of a list; none where it is no list. */
export function mapsOf(value: unknown): JsonMap[] {
  return Array.isArray(value) ? value.filter(isMap) : [];
}

/** The value at a path of names; undefined where a step is missing. */
export function valueAt(value: unknown, ...names: string[]): unknown {
  let at: unknown = value;
  for (const name of names) {
    if (!isMap(at) || !Object.hasOwn(at, name)) return undefined;
    at = at[name];
  }
  return at;
}

/** The number at a path of names; undefined where there is none. */
export function numberAt(value: unknown, ...names: string[]): number | undefined {
  const found = valueAt(value, ...names);
  return typeof found === 'number' ? found : undefined;
}

/** The text at a path of names; undefined where there is none. */
export function textAt(value: unknown, ...names: string[]): string | undefined {
  const found = valueAt(value, ...names);
  return typeof found === 'string' ? found : undefined;
}

/** A deep copy of a value of JSON: several times as fast as `structuredClone`, which copes with more. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (!isMap(value)) return value;
  // The spread makes every key the copy's own, `__proto__` too: an assignment to it then stays one.
  const copy: JsonMap = { ...value };
  for (const key of Object.keys(copy)) if (typeof copy[key] === 'object') copy[key] = copyOf(copy[key]);
  return copy as T;
}
