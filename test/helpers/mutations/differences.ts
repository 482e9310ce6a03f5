import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../lib/model/kube-object.ts';
import { keysOf, type Step, textOf } from './path.ts';
import type { Schema, Shape, Types } from './types.ts';

/** One difference that an edit made, at the path that people are told; `dropped`: by the server, as it does not fit any more. */
export interface Difference {
  path: readonly Step[];
  what: 'changed' | 'removed' | 'dropped' | 'added' | 'reordered';
  /** What the object has there now, of what is changed or added. */
  live?: unknown;
}

/** An object before and after an edit, what Git sent of it, and the types of its API version. */
export interface Made {
  git: KubeObject;
  before: KubeObject;
  after: KubeObject;
  types: Types;
  /** The field that the edit means. */
  meant?: string;
}

/** Written by the server itself, after field managers were worked out: nobody's, unless the edit means just that. */
const written: Record<string, RegExp> = {
  Service: /^spec\.(ports\[[^\]]*\]\.nodePort|healthCheckNodePort|clusterIPs?|ipFamilies|ipFamilyPolicy)$/,
  DaemonSet: /^metadata\.annotations\[deprecated\.daemonset\.template\.generation\]$/,
};
const identity = ['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields'];
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * What an edit did to an object, worked out from the object before and after it, what Git sent, and the server's types: not from managedFields.
 * What Git sets is changed, removed or reordered; what it does not set is added, told once at the shortest path that Git does not have.
 */
export function differences({ git, before, after, types, meant }: Made): Difference[] {
  const schema = types.kind(git.apiVersion, git.kind);
  if (schema === undefined) throw new Error(`no schema of ${git.apiVersion} ${git.kind}`);
  const three = { git: content(git), before: content(before), after: content(after) };
  return new Walk(types).at(schema, three, []).flatMap((one) => byServer(one, git.kind, meant));
}

/** What the server wrote or dropped by itself: as such, or not at all where nobody is told of it. */
function byServer(one: Difference, kind: string, meant: string | undefined): Difference[] {
  const text = textOf(one.path);
  if (meant !== undefined && text.startsWith(meant) && /^([.[]|$)/.test(text.slice(meant.length))) return [one];
  // A Service of another type or affinity loses what belonged to the old one.
  const isDropped = kind === 'Service' && meant !== undefined && one.what === 'removed' && text.startsWith('spec.');
  if (!isDropped && written[kind]?.test(text) !== true) return [one];
  return one.what === 'added' ? [] : [{ ...one, what: 'dropped' }];
}

/** What people write of an object: without status, and what the server says of it. */
function content({ apiVersion: _version, kind: _kind, status: _status, metadata, ...rest }: KubeObject): object {
  const own = Object.fromEntries(Object.entries(metadata).filter(([name]) => !identity.includes(name)));
  if (own['annotations']) {
    const { [lastApplied]: _noise, ...annotations } = own['annotations'] as Record<string, string>;
    own['annotations'] = annotations;
  }
  return { ...rest, metadata: own };
}

/** The same place in three objects: undefined where Git says nothing, and where nothing is. */
interface Three {
  git: unknown;
  before: unknown;
  after: unknown;
}

type ItemsShape = Shape & { kind: 'items' };
type MapShape = Shape & { kind: 'map' };
type Items = Map<string, { keys: Record<string, unknown>; items: unknown[] }>;

class Walk {
  readonly #types: Types;

  constructor(types: Types) {
    this.#types = types;
  }

  at(schema: Schema, three: Three, path: readonly Step[]): Difference[] {
    const { git, before, after } = three;
    if (isDeepStrictEqual(before, after)) return [];
    if (git === undefined || this.#isEmptyItems(schema, git)) {
      return this.#hasNew(schema, before, after) ? [{ path, what: 'added', live: after }] : [];
    }
    if (after === undefined && !isFilled(git)) return [{ path, what: 'removed' }];
    // What somebody puts into a map that Git has empty or null is an addition; a value that is one is changed.
    const shape = this.#types.shape(schema, isFilled(git) ? git : after);
    if (shape.kind === 'leaf')
      return [after === undefined ? { path, what: 'removed' } : { path, what: 'changed', live: after }];
    if (shape.kind === 'map') return this.#map(shape, three, path);
    if (shape.kind === 'items') return this.#items(shape, three, path);
    return this.#set(three, path);
  }

  /** An empty list of items is nobody's: there is no item to own. */
  #isEmptyItems(schema: Schema, git: unknown): boolean {
    return Array.isArray(git) && git.length === 0 && this.#types.shape(schema, git).kind !== 'leaf';
  }

  #map(shape: MapShape, { git, before, after }: Three, path: readonly Step[]): Difference[] {
    const [ours, old, now] = [fieldsOf(git), fieldsOf(before), fieldsOf(after)];
    const names = new Set([...Object.keys(ours), ...Object.keys(old), ...Object.keys(now)]);
    return [...names].flatMap((name): Difference[] => {
      const { schema, declared } = shape.child(name);
      const here = [...path, { field: name }];
      const three = { git: own(ours, name), before: own(old, name), after: own(now, name) };
      const isGone = three.git !== undefined && three.before !== undefined && three.after === undefined;
      // A key of a map is a thing in itself, a field of a structure is what is in it.
      return isGone && !declared ? [{ path: here, what: 'removed' }] : this.at(schema, three, here);
    });
  }

  #items(shape: ItemsShape, { git, before, after }: Three, path: readonly Step[]): Difference[] {
    const [ours, old, now] = [itemsOf(git, shape), itemsOf(before, shape), itemsOf(after, shape)];
    const found = [...new Map([...ours, ...old, ...now])].flatMap(([text, { keys }]): Difference[] => {
      const here = [...path, { keys }];
      const wanted = ours.get(text)?.items[0];
      const last = old.get(text)?.items ?? [];
      const items = now.get(text)?.items ?? [];
      const [first] = items;
      if (wanted === undefined) {
        return first !== undefined && this.#hasNew(shape.item, last[0], first)
          ? [{ path: here, what: 'added', live: first }]
          : [];
      }
      if (items.length === 0) return [{ path: here, what: 'removed' }];
      if (items.length === 1) return this.at(shape.item, { git: wanted, before: last[0], after: first }, here);
      return isDeepStrictEqual(items, last) ? [] : [{ path: here, what: 'changed', live: items }];
    });
    const kept = [...old.keys()].filter((key) => ours.has(key) && now.get(key)?.items.length === 1);
    return [...found, ...reordered(kept, [...now.keys()], path)];
  }

  #set({ git, before, after }: Three, path: readonly Step[]): Difference[] {
    const [ours, old, now] = [listOf(git), listOf(before), listOf(after)];
    const removed = ours.filter((value) => !now.includes(value));
    const added = now.filter((value) => !ours.includes(value) && !old.includes(value));
    return [
      ...removed.map((value): Difference => ({ path: [...path, { value }], what: 'removed' })),
      ...added.map((value): Difference => ({ path: [...path, { value }], what: 'added', live: value })),
      ...reordered(
        old.filter((value) => ours.includes(value) && now.includes(value)),
        now,
        path,
      ),
    ];
  }

  /** True when the value after has something that was not there, or was another, before: what is only taken away is nobody's. */
  #hasNew(schema: Schema, before: unknown, after: unknown): boolean {
    if (after === undefined || isDeepStrictEqual(before, after)) return false;
    const shape = this.#types.shape(schema, after);
    if (before === undefined || shape.kind === 'leaf' || typeof before !== 'object') return true;
    if (shape.kind === 'set') return listOf(after).some((value) => !listOf(before).includes(value));
    if (shape.kind === 'map') {
      const old = fieldsOf(before);
      return Object.entries(fieldsOf(after)).some(([name, value]) =>
        this.#hasNew(shape.child(name).schema, own(old, name), value),
      );
    }
    const old = itemsOf(before, shape);
    return [...itemsOf(after, shape)].some(([text, { items }]) =>
      this.#hasNew(shape.item, old.get(text)?.items[0], items[0]),
    );
  }
}

/** Only the order of what Git has counts, of what is still there. */
function reordered(kept: unknown[], now: unknown[], path: readonly Step[]): Difference[] {
  const order = now.filter((one) => kept.includes(one));
  return isDeepStrictEqual(kept, order) ? [] : [{ path, what: 'reordered' }];
}

function itemsOf(list: unknown, { keys, defaults }: ItemsShape): Items {
  const known: Items = new Map();
  for (const item of listOf(list)) {
    const own = keysOf(item, keys, defaults);
    const text = JSON.stringify(own);
    known.set(text, { keys: own, items: [...(known.get(text)?.items ?? []), item] });
  }
  return known;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function own(fields: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !isEmpty(value);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
