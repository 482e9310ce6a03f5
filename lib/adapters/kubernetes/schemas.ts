import type { KindSchema, Schema } from '../../kube/schema.ts';
import { quantityPattern } from '../../kube/semantic/quantity.ts';
import type { Client } from './client.ts';

/** A list of what is published is asked for again after this time. What it names is kept by its hash. In milliseconds. */
const indexLife = 60_000;

interface Index {
  paths?: Record<string, { serverRelativeURL?: string }>;
}

interface Document {
  components?: { schemas?: Record<string, Schema & { 'x-kubernetes-group-version-kind'?: GroupVersionKind[] }> };
}

interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

/** What the definitions of the API server's own kinds begin with: of the core, of CRDs and of APIServices. */
const ownPrefixes = ['io.k8s.api.', 'io.k8s.apiextensions-apiserver.', 'io.k8s.kube-aggregator.'];

/** The kinds of one API version. */
type Kinds = ReadonlyMap<string, KindSchema>;

/**
 * The schemas that the API server publishes, read per API version and only for those in use. What it does not publish, or does not let this
 * user read, is not known; that is no error, for the server checks every object itself.
 */
export class Schemas {
  readonly #client: Client;
  #index: { until: number; paths: Promise<Map<string, string>> } | undefined;
  readonly #documents = new Map<string, { url: string; kinds: Promise<Kinds> }>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Undefined where nothing is known of the kind. Throws when the server does not answer. */
  async schema(apiVersion: string, kind: string): Promise<KindSchema | undefined> {
    const path = apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
    const url = (await this.#paths()).get(path);
    if (url === undefined) return undefined;
    const kept = this.#documents.get(apiVersion);
    if (kept?.url === url) return (await kept.kinds).get(kind);
    const kinds = this.#read(apiVersion, url);
    this.#documents.set(apiVersion, { url, kinds });
    kinds.catch(() => this.#documents.delete(apiVersion));
    return (await kinds).get(kind);
  }

  /** Forgets what is published, not what was read of it: its hash tells whether that still holds. */
  forget(): void {
    this.#index = undefined;
  }

  #paths(): Promise<Map<string, string>> {
    if (this.#index === undefined || this.#index.until < Date.now()) {
      const paths = this.#readIndex();
      this.#index = { until: Date.now() + indexLife, paths };
      paths.catch(() => {
        this.#index = undefined;
      });
    }
    return this.#index.paths;
  }

  async #readIndex(): Promise<Map<string, string>> {
    const { paths = {} } = ((await this.#get('/openapi/v3')) ?? {}) as Index;
    const known = Object.entries(paths).flatMap(([path, { serverRelativeURL: url }]): [string, string][] =>
      url === undefined ? [] : [[path, url]],
    );
    return new Map(known);
  }

  async #read(apiVersion: string, url: string): Promise<Kinds> {
    const document = ((await this.#get(url)) ?? {}) as Document;
    const published = Object.entries(document.components?.schemas ?? {});
    const definitions = Object.fromEntries(published.map(([name, schema]) => [name, essence(schema)]));
    const kinds = published.flatMap(([name, { 'x-kubernetes-group-version-kind': named = [] }]) =>
      named
        .filter(({ group, version }) => [group, version].filter(Boolean).join('/') === apiVersion)
        .map(({ kind }): [string, KindSchema] => [
          kind,
          { root: definitions[name]!, definitions, builtIn: ownPrefixes.some((prefix) => name.startsWith(prefix)) },
        ]),
    );
    return new Map(kinds);
  }

  async #get(path: string): Promise<unknown> {
    const { status, json } = await this.#client.send({ verb: 'discover', method: 'GET', path });
    return status === 200 ? json : undefined;
  }
}

/** Formats that say how values are to be compared. */
const formats = new Set(['int-or-string', 'duration', 'byte', 'date-time', 'json']);

/** A scalar, which may be a part of a list item's key, or the mark of a map that is always there. */
function isSmall(value: unknown): boolean {
  return typeof value !== 'object' || (value !== null && Object.keys(value).length === 0);
}

/** A schema without its descriptions and limits: a tenth of it. */
function essence(schema: Schema): Schema {
  const { properties, additionalProperties, items, allOf } = schema;
  const kept: Schema = {
    $ref: schema.$ref,
    type: schema.type,
    format: schema.format !== undefined && formats.has(schema.format) ? schema.format : undefined,
    pattern: schema.pattern === quantityPattern ? schema.pattern : undefined,
    default: isSmall(schema.default) ? schema.default : undefined,
    'x-kubernetes-list-type': schema['x-kubernetes-list-type'],
    'x-kubernetes-list-map-keys': schema['x-kubernetes-list-map-keys'],
    'x-kubernetes-map-type': schema['x-kubernetes-map-type'],
    'x-kubernetes-preserve-unknown-fields': schema['x-kubernetes-preserve-unknown-fields'],
    'x-kubernetes-embedded-resource': schema['x-kubernetes-embedded-resource'],
    'x-kubernetes-int-or-string': schema['x-kubernetes-int-or-string'],
    allOf: allOf?.map(essence),
    items: items && essence(items),
    additionalProperties:
      typeof additionalProperties === 'object' ? essence(additionalProperties) : additionalProperties,
    properties:
      properties && Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, essence(property)])),
  };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}
