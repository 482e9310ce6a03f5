// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a variable is written so
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDirectoryTree } from '../../lib/adapters/local/directory-tree.ts';
import { openKustomizer } from '../../lib/adapters/renderers/kustomizer.ts';
import type { Variables } from '../../lib/config/config.ts';
import { desired } from '../../lib/desired/desired.ts';
import { substitute } from '../../lib/desired/variables.ts';
import { formatProblem } from '../../lib/model/errors.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const variables = { HOST: 'shop.example.com', REPLICAS: 3, DEBUG: false, EMPTY: '' };
const object = (data: unknown, annotations?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...(annotations && { annotations }) },
  data,
});

function dataOf(data: unknown): unknown {
  const { object: found, problems } = substitute(object(data), variables);
  expect(problems).toEqual([]);
  return found['data'];
}

describe('variables in values', () => {
  it('are replaced at any depth, anywhere in a text, and more than once', () => {
    expect(dataOf({ a: ['https://${HOST}/${REPLICAS}', { b: '${HOST}${HOST}' }], c: '<${EMPTY}>', d: 7 })).toEqual({
      a: ['https://shop.example.com/3', { b: 'shop.example.comshop.example.com' }],
      c: '<>',
      d: 7,
    });
  });

  it('give their own type to a scalar that is nothing else, but only text to metadata', () => {
    expect(dataOf({ replicas: '${REPLICAS}', debug: '${DEBUG}', text: '${REPLICAS} ' })).toEqual({
      replicas: 3,
      debug: false,
      text: '3 ',
    });
    const { object: found } = substitute(
      { ...object({}), metadata: { name: '${REPLICAS}', labels: { n: '${REPLICAS}' } } },
      variables,
    );
    expect(found.metadata).toEqual({ name: '3', labels: { n: '3' } });
  });

  it('are literal behind a second dollar, and what they hold is not looked at again', () => {
    expect(dataOf({ a: '$${HOST} $$ $HOST $(HOST) $$${HOST}' })).toEqual({ a: '${HOST} $$ $HOST $(HOST) $${HOST}' });
    expect(substitute(object({ a: '${A}' }), { A: '${B}', B: 'x' }).object['data']).toEqual({ a: '${B}' });
  });

  it('are errors where they are not declared, have a default, are not closed, or are in a key', () => {
    const { problems } = substitute(
      object({ a: '${HOTS}', b: '${HOST:-x}', c: 'echo ${', 'd/${HOST}': '', e: '${constructor}' }),
      variables,
    );
    expect(problems.map(({ path, message, hint }) => `${path}: ${message} (${hint})`)).toEqual([
      '/data/a: the variable HOTS is not declared (did you mean "HOST"?; write $${ for a literal ${)',
      '/data/b: ${HOST:-x} is no variable: only ${NAME} is replaced (write $${ for a literal ${)',
      '/data/c: ${ is not closed (write $${ for a literal ${)',
      '/data/d~1${HOST}: the key "d/${HOST}" has a variable in it: only values are replaced (write the key as it is to be)',
      '/data/e: the variable constructor is not declared (declare it in the variables of the sync; write $${ for a literal ${)',
    ]);
  });

  it('are left alone in an object that says so, by our annotation or by that of Flux', () => {
    const both: Record<string, string>[] = [
      { 'windlass.dev/substitute': 'false' },
      { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' },
    ];
    for (const annotation of both) {
      const alone = object({ a: '${HOST} ${X}' }, annotation);
      expect(substitute(alone, variables)).toEqual({ object: alone, problems: [] });
    }
  });

  it('never change the shape of an object, and nothing at all without a dollar and a brace', () => {
    const plain = fc.string().filter((text) => !text.includes('${'));
    const shape = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shape);
      return typeof value === 'object' && value !== null
        ? Object.entries(value).map(([key, item]) => [key, shape(item)])
        : 'scalar';
    };
    fc.assert(
      fc.property(fc.jsonValue(), fc.dictionary(fc.constantFrom('A', 'B'), plain), (data, values) => {
        const before = JSON.parse(JSON.stringify(data).replaceAll('${', '')) as unknown;
        expect(substitute(object(before), values as Variables).object['data']).toEqual(before);
        const text = JSON.parse(JSON.stringify(before).replaceAll('"a', '"${A}')) as unknown;
        expect(shape(substitute(object(text), { A: 'x: {y: [1' }).object['data'])).toEqual(shape(text));
      }),
    );
  });
});

describe('variables of a sync', () => {
  const kustomizer = openKustomizer({ env: process.env });
  const rendered = async (files: Record<string, string>, declared: Variables | undefined) =>
    await desired({
      tree: await openDirectoryTree(await tempTree(files)),
      path: 'app',
      kustomizer,
      variables: declared,
    });
  const configMap = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: ${data}\n`;

  it('do nothing where none are declared', async () => {
    const { objects, problems } = await rendered({ 'app/a.yaml': configMap('{ a: "${X} $${Y}" }') }, undefined);
    expect(problems).toEqual([]);
    expect(objects[0]?.object['data']).toEqual({ a: '${X} $${Y}' });
  });

  it('come after kustomize, which keeps them as they are', async () => {
    const { objects, problems } = await rendered(
      {
        'app/kustomization.yaml': 'resources: [a.yaml]\nnamePrefix: p-\n',
        'app/a.yaml': `${configMap('{ a: "${HOST}", n: "${REPLICAS}" }')}`,
      },
      variables,
    );
    expect(problems).toEqual([]);
    expect(objects[0]?.object['data']).toEqual({ a: 'shop.example.com', n: 3 });
  });

  it('name the line of one that is not closed, not of another one that begins in the same way', async () => {
    const { problems } = await rendered(
      {
        'app/a.yaml': configMap(
          '\n  n: ${REPLICAS}\n  e: "$${"\n  a: "${HOST} ${NOPE} ${"\n  b: >-\n    ${x\n  c: $${X} ${X}',
        ),
      },
      variables,
    );
    expect(problems.map(({ line, column, message }) => [line, column, message])).toEqual([
      [7, 15, '/data/a: the variable NOPE is not declared'],
      [7, 23, '/data/a: ${ is not closed'],
      [9, 5, '/data/b: ${ is not closed'],
      [10, 12, '/data/c: the variable X is not declared'],
    ]);
  });

  it('name file and line of one that is not declared, in plain files and behind a kustomization', async () => {
    const plain = await rendered(
      {
        'app/a.yaml': `# \${X}\n${configMap('{ a: ok }')}---\n${configMap('\n  a: b\n  b: ${X}')}`.replace(
          'name: a }\ndata: \n',
          'name: b }\ndata: \n',
        ),
      },
      variables,
    );
    expect(plain.problems.map(formatProblem).join('\n')).toMatchInlineSnapshot(`
      "app/a.yaml:12:6: ConfigMap/b: /data/b: the variable X is not declared
        |   b: \${X}
        |      ^
        = declare it in the variables of the sync; write $\${ for a literal \${"
    `);
    const built = await rendered(
      {
        'app/kustomization.yaml': 'resources: [../base]\n',
        'base/kustomization.yaml': 'resources: [s.yaml]\n',
        'base/s.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData:\n  p: hunter2 ${X}\n',
      },
      variables,
    );
    const text = built.problems.map(formatProblem).join('\n');
    expect(text).toContain('base/s.yaml:5:14: Secret/s: /stringData/p: the variable X is not declared');
    expect(text).not.toContain('hunter2');
  });
});
