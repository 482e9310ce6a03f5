import type { KubernetesCluster } from '../../../lib/adapters/kubernetes/cluster.ts';

/** What is read of the OpenAPI that the API server publishes: enough to know which part of an object is one value and which has parts of its own. */
export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  type?: string;
  format?: string;
  enum?: unknown[];
  default?: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'granular' | 'atomic';
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}

/**
 * How a value is divided (Kubernetes documentation, "Merge strategy"). `leaf`: one value, also a list or map as a whole; `map`: each key for
 * itself; `items`: a list of items with keys; `set`: a list of scalars.
 */
export type Shape =
  | { kind: 'leaf' }
  | { kind: 'map'; child(name: string): { schema: Schema; declared: boolean } }
  | { kind: 'items'; keys: string[]; defaults: Record<string, unknown>; item: Schema; mergeKey?: string | undefined }
  | { kind: 'set' };

const atomic: Schema = { 'x-kubernetes-map-type': 'atomic' };
const free: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

/** The types of one API version's kinds, as the server publishes them. */
export class Types {
  readonly #definitions: Record<string, Schema>;

  constructor(definitions: Record<string, Schema>) {
    this.#definitions = definitions;
  }

  /** The schema of a kind; undefined where the document has none. */
  kind(apiVersion: string, kind: string): Schema | undefined {
    const isIt = (one: { group: string; version: string; kind: string }) =>
      one.kind === kind && [one.group, one.version].filter(Boolean).join('/') === apiVersion;
    return Object.values(this.#definitions).find((schema) => schema['x-kubernetes-group-version-kind']?.some(isIt));
  }

  /** The schema itself, where it only points to one; what is said beside the pointer counts more: a claimRef is granular. */
  resolve(schema: Schema): Schema {
    const ref = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined);
    if (ref === undefined) return schema;
    const target = this.#definitions[ref.slice(ref.lastIndexOf('/') + 1)];
    if (target === undefined) throw new Error(`the API server's OpenAPI lacks ${ref}`);
    const mapType = schema['x-kubernetes-map-type'];
    return { ...this.resolve(target), ...(mapType && { 'x-kubernetes-map-type': mapType }) };
  }

  /** How a value of a schema is divided. */
  shape(schema: Schema, value: unknown): Shape {
    const known = this.resolve(schema);
    if (Array.isArray(value)) return this.#listShape(known);
    if (typeof value !== 'object' || value === null) return { kind: 'leaf' };
    if (known['x-kubernetes-map-type'] === 'atomic') return { kind: 'leaf' };
    const { properties = {}, additionalProperties } = known;
    const isFree = known['x-kubernetes-preserve-unknown-fields'] === true;
    const isOpaque = known.properties === undefined && additionalProperties === undefined && !isFree;
    if (isOpaque) return { kind: 'leaf' };
    const rest = typeof additionalProperties === 'object' ? additionalProperties : isFree ? free : atomic;
    return {
      kind: 'map',
      child: (name) => {
        const declared = Object.hasOwn(properties, name);
        return { schema: declared ? properties[name]! : rest, declared };
      },
    };
  }

  #listShape(known: Schema): Shape {
    const items = known.items === undefined ? free : known.items;
    if (known['x-kubernetes-list-type'] === 'set') return { kind: 'set' };
    if (known['x-kubernetes-list-type'] !== 'map') return { kind: 'leaf' };
    const keys = [...(known['x-kubernetes-list-map-keys'] ?? [])].sort();
    const fields = this.resolve(items).properties ?? {};
    const given = keys.filter((key) => fields[key]?.default !== undefined);
    return {
      kind: 'items',
      keys,
      defaults: Object.fromEntries(given.map((key) => [key, fields[key]?.default])),
      item: items,
      mergeKey: known['x-kubernetes-patch-merge-key'],
    };
  }
}

/** Reads the types of API versions from the server, each once. */
export class TypeReader {
  readonly #cluster: KubernetesCluster;
  readonly #read = new Map<string, Promise<Types>>();

  constructor(cluster: KubernetesCluster) {
    this.#cluster = cluster;
  }

  /** Throws where the server does not publish the API version. */
  of(apiVersion: string): Promise<Types> {
    const known = this.#read.get(apiVersion) ?? this.#fetch(apiVersion);
    this.#read.set(apiVersion, known);
    return known;
  }

  async #fetch(apiVersion: string): Promise<Types> {
    const path = `/openapi/v3/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`;
    const { status, json } = await this.#cluster.client.send({ verb: 'discover', method: 'GET', path });
    if (status !== 200) throw new Error(`${path}: ${status}`);
    const document = json as { components?: { schemas?: Record<string, Schema> } };
    return new Types(document.components?.schemas ?? {});
  }
}
