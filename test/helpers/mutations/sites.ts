import type { KubeObject } from '../../../lib/model/kube-object.ts';
import { keysOf, type Step, textOf } from './path.ts';
import type { Schema, Shape, Types } from './types.ts';

/** One place in a live object where somebody may put his hand. */
export interface Site {
  path: readonly Step[];
  /** Where it stands in the live object. */
  pointer: readonly (string | number)[];
  /** What a finding about it names: the path itself, or the list or map around it that is one value. */
  told: string;
  /** True inside a list or map that is one value. */
  inside: boolean;
  schema: Schema;
  shape: Shape;
  value: unknown;
  /** What Git has there; undefined where it says nothing. */
  git: unknown;
  /** False for a key of a map. */
  declared: boolean;
  /** True for an item of a list, and for a field that is a key of its item. */
  isItem: boolean;
  isKey: boolean;
}

const serverMetadata = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
  'selfLink',
  'deletionTimestamp',
  'ownerReferences',
  'generateName',
];

/** Every place of a live object that people can change, from the outside in. */
export function sitesOf(git: KubeObject, live: KubeObject, types: Types): Site[] {
  const root = types.kind(git.apiVersion, git.kind);
  if (root === undefined) throw new Error(`no schema of ${git.apiVersion} ${git.kind}`);
  const sites: Site[] = [];
  visit({
    path: [],
    pointer: [],
    told: '',
    inside: false,
    schema: root,
    value: live,
    git,
    declared: true,
    isItem: false,
    isKey: false,
  });
  return sites;

  function visit(place: Omit<Site, 'shape'>): void {
    const schema = types.resolve(place.schema);
    const shape = types.shape(schema, place.value ?? place.git);
    const site: Site = { ...place, schema, shape };
    if (place.path.length > 0) sites.push(site);
    if (typeof place.value !== 'object' || place.value === null) return;
    if (shape.kind === 'leaf' || place.inside) visitInside(site);
    else if (shape.kind === 'map') visitMap(site, shape);
    else visitList(site, shape);
  }

  function visitMap(site: Site, shape: Shape & { kind: 'map' }): void {
    for (const [name, value] of Object.entries(site.value as object)) {
      if (isServers(site.path, name)) continue;
      const { schema, declared } = shape.child(name);
      step(site, { field: name }, name, { schema, value, git: child(site.git, name), declared });
    }
  }

  function visitList(site: Site, shape: Shape): void {
    const list = site.value as unknown[];
    const ofGit = Array.isArray(site.git) ? (site.git as unknown[]) : [];
    for (const [index, value] of list.entries()) {
      if (shape.kind === 'items') {
        const { keys, defaults, item: schema } = shape;
        const own = keysOf(value, keys, defaults);
        const same = (one: unknown) => JSON.stringify(keysOf(one, keys, defaults)) === JSON.stringify(own);
        if (list.filter(same).length > 1) continue;
        step(site, { keys: own }, index, { schema, value, git: ofGit.find(same), declared: true, isItem: true });
      } else {
        step(site, { value }, index, {
          schema: {},
          value,
          git: ofGit.includes(value) ? value : undefined,
          declared: true,
          isItem: true,
        });
      }
    }
  }

  /** Inside a value that is one, Git has what is there as far as it has the same. */
  function visitInside(site: Site): void {
    const schemaOf = (name: string): Schema => {
      const { properties = {}, additionalProperties, items } = site.schema;
      const other = typeof additionalProperties === 'object' ? additionalProperties : {};
      return Array.isArray(site.value) ? (items ?? {}) : (properties[name] ?? other);
    };
    for (const [name, value] of Object.entries(site.value as object)) {
      const pointer = Array.isArray(site.value) ? Number(name) : name;
      const schema = schemaOf(name);
      const rest = {
        schema,
        value,
        git: child(site.git, name),
        declared: true,
        isItem: Array.isArray(site.value),
        isKey: false,
      };
      visit({ ...rest, path: site.path, pointer: [...site.pointer, pointer], told: site.told, inside: true });
    }
  }

  function step(
    site: Site,
    one: Step,
    at: string | number,
    rest: Pick<Site, 'schema' | 'value' | 'git' | 'declared'> & { isItem?: boolean },
  ): void {
    const path = [...site.path, one];
    const last = site.path.at(-1);
    const isKey = 'field' in one && last !== undefined && 'keys' in last && Object.hasOwn(last.keys, one.field);
    visit({ isItem: false, ...rest, isKey, path, pointer: [...site.pointer, at], told: textOf(path), inside: false });
  }
}

function isServers(path: readonly Step[], name: string): boolean {
  if (path.length === 0) return name === 'status' || name === 'apiVersion' || name === 'kind';
  const [first] = path;
  return (
    path.length === 1 &&
    first !== undefined &&
    'field' in first &&
    first.field === 'metadata' &&
    serverMetadata.includes(name)
  );
}

function child(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
