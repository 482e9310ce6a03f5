import { maskObject } from '../kube/mask.ts';
import { isMap } from '../kube/values.ts';
import type { KubeObject } from '../model/kube-object.ts';

/** One field that an apply would change; a side without it is undefined. Secrets' values are hashes. */
export interface Difference {
  /** For people: `spec.template.spec.containers[name=web].image`. */
  path: string;
  from: unknown;
  to: unknown;
}

/** Facts that the API server keeps; they change with every write. */
const bookkeeping = new Set(['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink']);

/** What differs between an object and what a dry run answered, sorted as the fields stand. */
export function differences(live: KubeObject, planned: KubeObject, hashKey: Uint8Array): Difference[] {
  const found: Difference[] = [];
  compare('', comparable(maskObject(live, hashKey)), comparable(maskObject(planned, hashKey)), found);
  return found;
}

function comparable(object: KubeObject): unknown {
  const { status: _, ...rest } = object;
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !bookkeeping.has(name)));
  return { ...rest, metadata };
}

function compare(path: string, from: unknown, to: unknown, found: Difference[]): void {
  if (isMap(from) && isMap(to)) {
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)]))
      compare(inside(path, key), from[key], to[key], found);
  } else if (Array.isArray(from) && Array.isArray(to)) {
    const [old, next] = [keyed(from), keyed(to)];
    for (const key of new Set([...old.keys(), ...next.keys()]))
      compare(`${path}[${key}]`, old.get(key), next.get(key), found);
  } else if (JSON.stringify(from) !== JSON.stringify(to)) {
    found.push({ path, from, to });
  }
}

function inside(path: string, key: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(key)) return path === '' ? key : `${path}.${key}`;
  return `${path}[${key}]`;
}

/** Items by name where all have one of their own, else by place. */
function keyed(items: readonly unknown[]): Map<string, unknown> {
  const names = items.map((item) => (isMap(item) && typeof item['name'] === 'string' ? item['name'] : undefined));
  const named = !names.includes(undefined) && new Set(names).size === items.length;
  return new Map(items.map((item, index) => [named ? `name=${names[index]}` : String(index), item]));
}
