import { type Edit, editing, kubectlPatch, type Loose, pathOf, putAt, type Subject } from './edit.ts';
import type { Expected } from './oracle.ts';

/** Longer than what a finding shows of a text. */
export const longText = 'long '.repeat(1000);

/** Objects with names, lists and values as hardly anybody writes them: CORPUS is the prefix. */
export const oddManifests = `
apiVersion: v1
kind: Namespace
metadata: { name: CORPUS-odd }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: oddities.odd.CORPUS.example }
spec:
  group: odd.CORPUS.example
  scope: Namespaced
  names: { plural: oddities, singular: oddity, kind: Oddity, listKind: OddityList }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                free: { type: object, x-kubernetes-preserve-unknown-fields: true }
                big: { type: integer, format: int64 }
                half: { type: number }
                tags: { type: array, x-kubernetes-list-type: set, items: { type: string } }
                point: { type: object, x-kubernetes-map-type: atomic, properties: { east: { type: integer }, north: { type: integer } } }
                routes:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [port, name]
                  items: { type: object, required: [port, name], properties: { port: { type: integer }, name: { type: string }, to: { type: string } } }
---
apiVersion: odd.CORPUS.example/v1
kind: Oddity
metadata: { name: names, namespace: CORPUS-odd }
spec:
  free: { "example.com/a.b~c": one, "": empty, "über straße": two, "with space": three, 'quo"te]': four, nested: { "x/y": { z: five } }, list: [1, 2] }
---
apiVersion: odd.CORPUS.example/v1
kind: Oddity
metadata: { name: values, namespace: CORPUS-odd }
spec:
  big: 1099511627776
  half: 0.5
  tags: [first, second, "th/ird"]
  point: { east: 1, north: 2 }
  routes: [{ port: 80, name: web, to: here }, { port: 80, name: other, to: there }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: texts, namespace: CORPUS-odd, annotations: { "example.com/a_b.c": x } }
data: { a.b: "1", .c: "2", long: ${JSON.stringify(longText)}, bell: "ring \\u0007 twice" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: crowded, namespace: CORPUS-odd }
data: { mode: plain }
`;

/** An edit by hand, with what must be told of it written out. */
export interface OddEdit {
  name: string;
  /** Kind and name of the object. */
  object: string;
  edit(subject: Subject): Pick<Edit, 'requests' | 'by'>;
  told(object: string): Expected | undefined;
}

const by = kubectlPatch.hand;
const named = { manager: 'kubectl-patch', operation: 'Update' } as const;
const removed = 'removed, by whom is not recorded';

const change = (make: (copy: Loose) => void) => (subject: Subject) =>
  editing(subject, kubectlPatch, '', 'silent', make);
const changed =
  (...fields: Expected['fields']) =>
  (object: string): Expected => ({ object, state: 'changed', fields });

/** What may go wrong with names, lists and values that are out of the ordinary. */
export const oddEdits: OddEdit[] = [
  {
    name: 'keys with slashes, dots, blanks, quotes and brackets, without a letter of ASCII, and an empty one',
    object: 'Oddity names',
    edit: change(({ spec: { free } }) => {
      for (const key of ['example.com/a.b~c', '', 'über straße', 'with space']) free[key] = 'changed';
      delete free['quo"te]'];
      free.nested['x/y'].z = 'changed';
      free['a/new~key'] = 'added';
    }),
    told: changed(
      { path: 'spec.free.nested[x/y].z', ...named },
      { path: 'spec.free[]', ...named },
      { path: 'spec.free[a/new~key]', ...named, note: 'added' },
      { path: 'spec.free[example.com/a.b~c]', ...named },
      { path: 'spec.free[quo"te]]', note: removed },
      { path: 'spec.free[with space]', ...named },
      { path: 'spec.free[über straße]', ...named },
    ),
  },
  {
    name: 'integers beyond 32 bits, sets, maps that are one value, and items with two keys',
    object: 'Oddity values',
    edit: change(({ spec }) => {
      spec.big += 1;
      spec.half = 0.25;
      spec.tags = ['second', 'th/ird', 'fourth'];
      spec.point.north = 3;
      spec.routes[1].to = 'elsewhere';
      spec.routes[0].port = 81;
    }),
    told: changed(
      { path: 'spec.big', ...named },
      { path: 'spec.half', ...named },
      { path: 'spec.point', ...named },
      { path: 'spec.routes[name=other,port=80].to', ...named },
      { path: 'spec.routes[name=web,port=80]', note: removed },
      { path: 'spec.routes[name=web,port=81]', ...named, note: 'added' },
      { path: 'spec.tags["first"]', note: removed },
      { path: 'spec.tags["fourth"]', ...named, note: 'added' },
    ),
  },
  {
    name: 'texts that are long or have control characters',
    object: 'ConfigMap texts',
    edit: change(({ data, metadata }) => {
      data['a.b'] = '\u001b[31mred';
      data.long = `${longText}!`;
      delete data['.c'];
      metadata.annotations['example.com/a_b.c'] = 'y';
    }),
    told: changed(
      { path: 'data.long', ...named },
      { path: 'data[.c]', note: removed },
      { path: 'data[a.b]', ...named },
      { path: 'metadata.annotations[example.com/a_b.c]', ...named },
    ),
  },
  {
    name: 'more writers than the API server remembers: the tool is unknown, the change is told',
    object: 'ConfigMap crowded',
    edit: (subject) => ({
      by,
      requests: () => [
        ...editing(subject, kubectlPatch, '', 'silent', (copy) => putAt(copy, ['data', 'mode'], 'by-hand')).requests(),
        ...Array.from({ length: 12 }, (_, i) => labelling(subject, `program-${String.fromCharCode(97 + i)}`)),
      ],
    }),
    told: changed({ path: 'data.mode', manager: 'unknown tool', operation: 'Update' }),
  },
];

function labelling(subject: Subject, manager: string) {
  const body = { metadata: { labels: { [manager]: 'yes' } } };
  const path = pathOf(subject, { fieldManager: manager });
  return { method: 'PATCH', path, body, contentType: 'application/merge-patch+json' } as const;
}

/** True for the edit of a subject. */
export function isOn({ object }: OddEdit, { git }: Subject): boolean {
  return object === `${git.kind} ${git.metadata.name}`;
}
