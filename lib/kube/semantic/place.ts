import { type KindSchema, nameOfRef, resolved, type Schema } from '../schema.ts';
import { isMap } from '../values.ts';

/** A place in an object of a kind: what the API server's schema says of it. */
export interface Place {
  schema: Schema;
  /** The name of the published definition that it is of: `io.k8s.apimachinery.pkg.api.resource.Quantity`. */
  type?: string;
  /** The name of the field; empty for items, the root and the keys of maps. */
  field: string;
  kind: KindSchema;
}

/** The place of a whole object. */
export function rootPlace(kind: KindSchema): Place {
  return placeOf(kind.root, '', kind);
}

/** The place of a key; undefined where the schema knows no such field: the API server drops it. */
export function childPlace(place: Place, key: string): Place | undefined {
  const { properties, additionalProperties } = place.schema;
  if (properties !== undefined && Object.hasOwn(properties, key)) return placeOf(properties[key]!, key, place.kind);
  if (isMap(additionalProperties)) return placeOf(additionalProperties, '', place.kind);
  if (isOpen(place) || additionalProperties === true || isOfObject(place, key)) return placeOf({}, '', place.kind);
  return undefined;
}

/** The place of the items of a list. */
export function itemPlace(place: Place): Place {
  return placeOf(place.schema.items ?? {}, '', place.kind);
}

/** True where the schema says nothing of what is inside. */
export function isOpen({ schema }: Place): boolean {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return true;
  return schema.properties === undefined && schema.additionalProperties === undefined;
}

/** True for the value of a map's key, an item, or where nothing is known: nobody fills or drops it for its being empty. */
export function isFree({ field }: Place): boolean {
  return field === '';
}

/** True where the API server keeps a value as one: it has one owner, and lists have an order. */
export function isAtomic(place: Place, value: unknown): boolean {
  const { schema, kind } = place;
  if (Array.isArray(value)) return !['map', 'set'].includes(schema['x-kubernetes-list-type'] ?? '');
  if (!isMap(value)) return false;
  // What has no schema at all is one value in a built-in kind, and taken apart in a custom resource.
  return schema['x-kubernetes-map-type'] === 'atomic' || (kind.builtIn && isOpen(place) && schema.type === undefined);
}

/** An object in its own right: `apiVersion`, `kind` and `metadata` need not be in its schema. */
function isOfObject({ schema }: Place, key: string): boolean {
  return schema['x-kubernetes-embedded-resource'] === true && ['apiVersion', 'kind', 'metadata'].includes(key);
}

function placeOf(schema: Schema, field: string, kind: KindSchema): Place {
  const type = nameOfRef(schema);
  if (type === undefined) return { schema, field, kind };
  // What stands beside a reference is about this place.
  const beside = {
    ...(schema.default !== undefined && { default: schema.default }),
    ...(schema['x-kubernetes-map-type'] !== undefined && { 'x-kubernetes-map-type': schema['x-kubernetes-map-type'] }),
  };
  return { schema: { ...resolved(schema, kind.definitions), ...beside }, type, field, kind };
}
