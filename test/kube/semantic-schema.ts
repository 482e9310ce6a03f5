import type { KindSchema, Schema } from '../../lib/kube/schema.ts';
import { quantityPattern } from '../../lib/kube/semantic/quantity.ts';

const prefix = '#/components/schemas/';
const machinery = 'io.k8s.apimachinery.pkg';
const text: Schema = { type: 'string' };
const ref = (name: string): Schema => ({ $ref: `${prefix}${name}` });
const map = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });

/** In the forms in which an API server publishes them, a piece of each kind of place. */
const properties: Record<string, Schema> = {
  text,
  flag: { type: 'boolean' },
  number: { type: 'number' },
  nodePort: { type: 'integer' },
  always: { type: 'integer', default: 0 },
  quantity: ref(`${machinery}.api.resource.Quantity`),
  quantities: map(ref(`${machinery}.api.resource.Quantity`)),
  period: { allOf: [ref(`${machinery}.apis.meta.v1.Duration`)] },
  formatted: { type: 'string', format: 'duration' },
  port: { allOf: [ref(`${machinery}.util.intstr.IntOrString`)] },
  bytes: { type: 'string', format: 'byte' },
  time: { allOf: [ref(`${machinery}.apis.meta.v1.Time`)] },
  json: { type: 'string', format: 'json' },
  size: { 'x-kubernetes-int-or-string': true, pattern: quantityPattern },
  labels: map(text),
  selector: { ...map(text), 'x-kubernetes-map-type': 'atomic' },
  args: { type: 'array', items: text, 'x-kubernetes-list-type': 'atomic' },
  tolerations: { type: 'array', items: map(text), 'x-kubernetes-list-type': 'atomic' },
  set: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
  ports: {
    type: 'array',
    items: { default: {}, allOf: [ref('Port')] },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port', 'protocol'],
  },
  rules: { type: 'array', items: { allOf: [ref('Port')] }, 'x-kubernetes-list-type': 'atomic' },
  inner: { default: {}, allOf: [ref('Inner')] },
  pointer: { allOf: [ref('Inner')] },
  source: { allOf: [ref('Source')] },
  anything: {},
  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};

const definitions: Record<string, Schema> = {
  [`${machinery}.api.resource.Quantity`]: {},
  [`${machinery}.apis.meta.v1.Duration`]: text,
  [`${machinery}.apis.meta.v1.Time`]: { type: 'string', format: 'date-time' },
  [`${machinery}.util.intstr.IntOrString`]: { format: 'int-or-string' },
  Port: {
    type: 'object',
    properties: { port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' }, target: text, name: text },
  },
  Inner: { type: 'object', properties: { text, flag: { type: 'boolean' }, labels: map(text) } },
  Source: { type: 'object', properties: { path: text, version: text }, 'x-kubernetes-map-type': 'atomic' },
};

/** A kind with a field of each sort; a custom resource where it is not built in. */
export function everySort(builtIn = true): KindSchema {
  return { root: { type: 'object', properties }, definitions, builtIn };
}
