import { describe, expect, it } from 'vitest';
import type { KindSchema, Schema } from '../../lib/kube/schema.ts';
import { checkFields } from '../../lib/kube/schema-check.ts';

const definitions: Record<string, Schema> = {
  Meta: { type: 'object', properties: { name: { type: 'string' }, labels: strings() } },
  Port: {
    type: 'object',
    properties: { name: { type: 'string' }, port: { type: 'integer' }, weight: { type: 'number' } },
  },
  Target: { format: 'int-or-string' },
  Anything: {},
};

function strings(): Schema {
  return { type: 'object', additionalProperties: { type: 'string' } };
}

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

function check(spec: unknown, schema: Schema): string[] {
  const root: Schema = {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { allOf: [ref('Meta')] },
      spec: schema,
    },
  };
  const kind: KindSchema = { root, definitions, builtIn: true };
  const object = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'it' }, spec };
  return checkFields(object, kind).map(({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`));
}

const ports: Schema = { type: 'object', properties: { ports: { type: 'array', items: { allOf: [ref('Port')] } } } };

describe('a check of fields', () => {
  it('finds every unknown field, and tells the nearest known one', () => {
    expect(check({ prots: [], whatever: 1 }, ports)).toEqual([
      'the API server knows no field spec.prots (did you mean "ports"?)',
      'the API server knows no field spec.whatever',
    ]);
  });

  it('names an item of a list by its name, else by its place', () => {
    expect(check({ ports: [{ name: 'http', prot: 1 }, { port: 'x' }] }, ports)).toEqual([
      'the API server knows no field spec.ports[name=http].prot (did you mean "port"?)',
      'spec.ports[1].port is a string, and the API server wants a whole number',
    ]);
  });

  it.each<[unknown, Schema, string]>([
    ['80', { type: 'integer' }, 'spec is a string, and the API server wants a whole number (write it without quotes)'],
    [1.5, { type: 'integer' }, 'spec is a number with decimals, and the API server wants a whole number'],
    [80, { type: 'string' }, 'spec is a number, and the API server wants a string (put it in quotes)'],
    [true, { type: 'string' }, 'spec is a boolean, and the API server wants a string (put it in quotes)'],
    ['true', { type: 'boolean' }, 'spec is a string, and the API server wants true or false (write it without quotes)'],
    ['1.5', { type: 'number' }, 'spec is a string, and the API server wants a number (write it without quotes)'],
    [[], { type: 'object' }, 'spec is a list, and the API server wants a map'],
    [{}, { type: 'array' }, 'spec is a map, and the API server wants a list'],
    [{}, ref('Target'), 'spec is a map, and the API server wants a whole number or a string'],
    [
      1.5,
      { 'x-kubernetes-int-or-string': true },
      'spec is a number with decimals, and the API server wants a whole number or a string',
    ],
  ])('says of %j what is wanted', (value, schema, message) => {
    expect(check(value, schema)).toEqual([message]);
  });

  it('says of the value of a map which key has it', () => {
    expect(check({ 'example.com/port': 8080, fine: 'a' }, strings())).toEqual([
      'spec[example.com/port] is a number, and the API server wants a string (put it in quotes)',
    ]);
  });

  it.each<[string, unknown, Schema]>([
    ['null', { ports: null }, ports],
    ['a map whose fields are not told', { any: { thing: [1] } }, { type: 'object' }],
    ['what has no type', { any: 1 }, ref('Anything')],
    ['what refers to nothing', { any: 1 }, ref('Nowhere')],
    ['several schemas at once', { any: 1 }, { allOf: [ref('Port'), ref('Meta')] }],
    ['a number or a string', 'http', ref('Target')],
    ['fields that are kept although unknown', { more: 1 }, { ...ports, 'x-kubernetes-preserve-unknown-fields': true }],
    ['maps of everything', { more: { of: 1 } }, { type: 'object', additionalProperties: true }],
    ['a whole number where decimals may be', { ports: [{ weight: 1 }, { weight: 1.5 }] }, ports],
    ['a type that is not known', 'x', { type: 'file' }],
  ])('leaves %s to the API server', (_, value, schema) => {
    expect(check(value, schema)).toEqual([]);
  });

  it('still checks the known fields beside those that are kept', () => {
    const open = { ...ports, 'x-kubernetes-preserve-unknown-fields': true };
    expect(check({ more: 1, ports: {} }, open)).toEqual(['spec.ports is a map, and the API server wants a list']);
  });

  it('lets an object inside an object be one, and checks the rest of it', () => {
    const embedded: Schema = { ...ports, 'x-kubernetes-embedded-resource': true };
    expect(check({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, ports: [] }, embedded)).toEqual([]);
    expect(check({ kind: 'Pod' }, ports)).toHaveLength(1);
    expect(check({ apiVersion: 'v1', ports: 1 }, embedded)).toHaveLength(1);
  });

  it('takes no field for known that every map has by nature', () => {
    expect(check({ constructor: 1, toString: 2 }, ports)).toHaveLength(2);
    expect(check(JSON.parse('{"__proto__": 1}'), ports)).toHaveLength(1);
  });
});
