import type { KubeObject } from '../model/kube-object.ts';
import { nearest } from '../model/nearest.ts';
import { type KindSchema, resolved, type Schema } from './schema.ts';
import { isMap } from './values.ts';

/** A field that the API server would refuse. No value is in it: it may be a Secret's. */
export interface FieldProblem {
  code: 'unknown-field' | 'wrong-type';
  /** For people: `spec.template.spec.containers[name=web].image`. */
  path: string;
  message: string;
  hint?: string;
}

/**
 * Finds fields that a kind does not have, and values of a wrong type. Only what a schema says plainly is found; limits, patterns, required
 * fields, null and everything in doubt are left to the API server.
 */
export function checkFields(object: KubeObject, { root, definitions }: KindSchema): FieldProblem[] {
  const problems: FieldProblem[] = [];
  checkMap(object, resolved(root, definitions), { path: '', embedded: true, definitions, problems });
  return problems;
}

interface Place {
  path: string;
  /** An object in its own right: `apiVersion`, `kind` and `metadata` need not be in its schema. */
  embedded: boolean;
  definitions: KindSchema['definitions'];
  problems: FieldProblem[];
}

function check(value: unknown, unresolved: Schema, place: Place): void {
  const schema = resolved(unresolved, place.definitions);
  const wanted = wantedOf[typeOf(schema)];
  if (value === null || value === undefined || wanted === undefined) return;
  if (!wanted.fits(value)) place.problems.push(wrongType(value, wanted, place.path));
  else if (Array.isArray(value)) checkItems(value, schema, place);
  else if (isMap(value))
    checkMap(value, schema, { ...place, embedded: schema['x-kubernetes-embedded-resource'] === true });
}

function typeOf(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string') return 'int-or-string';
  return schema.type ?? '';
}

function checkMap(map: Record<string, unknown>, schema: Schema, place: Place): void {
  const { properties, additionalProperties } = schema;
  const open = properties === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  for (const [key, value] of Object.entries(map)) {
    const path = inside(place.path, key);
    const known = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known !== undefined) check(value, known, { ...place, path });
    else if (isMap(additionalProperties)) check(value, additionalProperties, { ...place, path });
    else if (!open && additionalProperties !== true && !(place.embedded && ownFields.has(key)))
      place.problems.push(unknownField(path, key, Object.keys(properties)));
  }
}

const ownFields = new Set(['apiVersion', 'kind', 'metadata']);

function checkItems(items: readonly unknown[], { items: schema }: Schema, place: Place): void {
  if (schema === undefined) return;
  for (const [index, item] of items.entries()) {
    const name = isMap(item) && typeof item['name'] === 'string' ? `name=${item['name']}` : String(index);
    check(item, schema, { ...place, path: `${place.path}[${name}]` });
  }
}

function unknownField(path: string, key: string, known: readonly string[]): FieldProblem {
  const close = nearest(key, known);
  return {
    code: 'unknown-field',
    path,
    message: `the API server knows no field ${path}`,
    ...(close !== undefined && { hint: `did you mean "${close}"?` }),
  };
}

interface Wanted {
  name: string;
  fits(value: unknown): boolean;
}

const wantedOf: Readonly<Record<string, Wanted>> = {
  object: { name: 'a map', fits: isMap },
  array: { name: 'a list', fits: Array.isArray },
  string: { name: 'a string', fits: (value) => typeof value === 'string' },
  boolean: { name: 'true or false', fits: (value) => typeof value === 'boolean' },
  integer: { name: 'a whole number', fits: Number.isInteger },
  'int-or-string': {
    name: 'a whole number or a string',
    fits: (value) => typeof value === 'string' || Number.isInteger(value),
  },
  number: { name: 'a number', fits: (value) => typeof value === 'number' },
};

function wrongType(value: unknown, { name }: Wanted, path: string): FieldProblem {
  const hint = hintFor(value, name);
  return {
    code: 'wrong-type',
    path,
    message: `${path} is ${kindOf(value)}, and the API server wants ${name}`,
    ...(hint !== undefined && { hint }),
  };
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean') return 'a boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a number with decimals';
  return typeof value === 'string' ? 'a string' : 'a map';
}

function hintFor(value: unknown, wanted: string): string | undefined {
  if (wanted === 'a string' && (typeof value === 'number' || typeof value === 'boolean')) return 'put it in quotes';
  if (typeof value !== 'string') return undefined;
  const plain = { 'a whole number': /^-?\d+$/, 'a number': /^-?\d+(?:\.\d+)?$/, 'true or false': /^(?:true|false)$/ }[
    wanted
  ];
  return plain?.test(value) ? 'write it without quotes' : undefined;
}

function inside(path: string, key: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}
