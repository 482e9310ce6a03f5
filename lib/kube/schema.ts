/** What is checked of an OpenAPI v3 schema, as an API server publishes it (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3). */
export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  /** Of a list: `map` its items are told apart by `x-kubernetes-list-map-keys`, `set` by themselves; else it is one value. */
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  /** `atomic`: it is one value. */
  'x-kubernetes-map-type'?: string;
  default?: unknown;
  pattern?: string;
}

/** The schema of one kind. */
export interface KindSchema {
  root: Schema;
  /** What `$ref` points to, by name. */
  definitions: Readonly<Record<string, Schema>>;
  /** False for a custom resource: then what the server publishes may lag behind its CRD by a second or two. */
  builtIn: boolean;
}

const refPrefix = '#/components/schemas/';

/** The definition that a schema refers to, also as the only member of `allOf`; undefined where it refers to none. */
export function nameOfRef(schema: Schema): string | undefined {
  const ref =
    schema.$ref ?? (schema.allOf?.length === 1 && schema.type === undefined ? schema.allOf[0]?.$ref : undefined);
  return ref?.startsWith(refPrefix) ? ref.slice(refPrefix.length) : ref;
}

/** The schema that counts: `$ref`, also as the only member of `allOf`, followed. Nothing is known (`{}`) of a name that is not there. */
export function resolved(schema: Schema, definitions: KindSchema['definitions']): Schema {
  const name = nameOfRef(schema);
  if (name === undefined) return schema;
  const target = definitions[name];
  return target === undefined ? {} : resolved(target, definitions);
}
