import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathText } from '../../lib/kube/fields.ts';
import { declaredFields } from '../../lib/kube/semantic/declared.ts';
import { differences } from '../../lib/kube/semantic/differences.ts';
import { everySort } from './semantic-schema.ts';

/** `path what doubt` of each difference. */
function told(git: object, live: object, builtIn = true): string[] {
  return differences(git, live, everySort(builtIn)).map(({ path, what, doubt }) =>
    [pathText(path), what, doubt].filter(Boolean).join(' '),
  );
}

const port = (port: number, more: object = {}) => ({ port, ...more });

describe('the same value, written differently, is no difference', () => {
  it.each<[string, object, object]>([
    ['a quantity', { quantity: '1000m' }, { quantity: '1' }],
    ['a quantity that is a number', { quantity: 0.5 }, { quantity: '500m' }],
    [
      'a map of quantities',
      { quantities: { cpu: '1.0', memory: '1024Mi' } },
      { quantities: { cpu: '1', memory: '1Gi' } },
    ],
    ['a quantity of a custom resource', { size: '3072' }, { size: 3072 }],
    ['a duration', { period: '8760h' }, { period: '8760h0m0s' }],
    ['a duration by its format', { formatted: '60m' }, { formatted: '1h0m0s' }],
    ['a number or text', { port: 80 }, { port: '80' }],
    ['a number', JSON.parse('{"number": 1.0}'), JSON.parse('{"number": 1}')],
    ['base64 in lines', { bytes: 'aGVs\nbG8=\n' }, { bytes: 'aGVsbG8=' }],
    ['a time', { time: '2026-01-01T01:00:00+01:00' }, { time: '2026-01-01T00:00:00Z' }],
    ['JSON, where the format says so', { json: '{"a": 1, "b": 2}' }, { json: '{"b":2,"a":1}' }],
    ['nothing and null', { text: null, labels: { a: null } }, { labels: {} }],
    ['an empty list of items and none', { ports: [], set: [] }, {}],
    [
      'a list of items with a default in its key',
      { ports: [port(53), port(53, { protocol: 'UDP' })] },
      { ports: [port(53, { protocol: 'TCP', name: 'x' }), port(53, { protocol: 'UDP' })] },
    ],
    ['a set in another order', { set: ['a', 'b'] }, { set: ['b', 'a', 'c'] }],
    [
      'items that others put between',
      { ports: [port(1), port(2)] },
      { ports: [port(9, { protocol: 'TCP' }), port(1), port(8), port(2)] },
    ],
    [
      'doubled items',
      { ports: [port(1, { name: 'a' }), port(1, { name: 'b' })] },
      { ports: [port(1, { name: 'a' }), port(1, { name: 'b' })] },
    ],
    ['a field that the kind does not have', { unheard: 1, inner: { of: 2 } }, { inner: {} }],
    ['what Git does not set', { inner: { text: 'a' } }, { inner: { text: 'a', flag: true }, text: 'x', args: ['y'] }],
  ])('%s', (_, git, live) => expect(told(git, live)).toEqual([]));

  it('a duration that a controller spelled out, also where a custom resource only says text', () => {
    expect(told({ text: '90m' }, { text: '1h30m0s' }, false)).toEqual([]);
    expect(told({ text: '90m' }, { text: '1.5h' }, false)).toEqual(['text value']);
    expect(told({ text: '90m' }, { text: '1h30m0s' }, true)).toEqual(['text value']);
  });
});

describe('a difference is found where it has an owner', () => {
  it.each<[string, object, object, string[]]>([
    ['another text', { text: 'a' }, { text: 'b' }, ['text value']],
    ['another quantity', { quantity: '1' }, { quantity: '1001m' }, ['quantity value']],
    ['a text that looks like a quantity', { text: '1000m' }, { text: '1' }, ['text value']],
    ['a text that looks like a number', { labels: { a: '1' } }, { labels: { a: '1.0' } }, ['labels.a value']],
    ['another case', { flag: false }, { flag: true }, ['flag value']],
    ['a key that is gone', { labels: { a: 'b' } }, { labels: {} }, ['labels.a absent']],
    ['an empty value of a map that is gone', { labels: { a: '' } }, {}, ['labels absent']],
    ['an empty value of a map', { labels: { a: '' } }, { labels: { a: 'x' } }, ['labels.a value']],
    ['other bytes', { bytes: 'aGVsbG8=' }, { bytes: 'aGVsbG9=' + 'AAAA' }, ['bytes value']],
    ['another list', { args: ['a', 'b'] }, { args: ['b', 'a'] }, ['args value']],
    ['a longer list', { args: ['a'] }, { args: ['a', 'b'] }, ['args value']],
    [
      'an item that is gone',
      { ports: [port(1), port(2)] },
      { ports: [port(1)] },
      ['ports[port=2,protocol=TCP] absent'],
    ],
    [
      'an item of the other protocol',
      { ports: [port(1)] },
      { ports: [port(1, { protocol: 'UDP' })] },
      ['ports[port=1,protocol=TCP] absent'],
    ],
    [
      'a field of an item',
      { ports: [port(1, { target: 'a' })] },
      { ports: [port(1, { target: 'b' })] },
      ['ports[port=1,protocol=TCP].target value'],
    ],
    ['items in another order', { ports: [port(1), port(2)] }, { ports: [port(2), port(1)] }, ['ports order']],
    ['an item that is doubled', { ports: [port(1)] }, { ports: [port(1), port(1)] }, ['ports value']],
    [
      'one of doubled items',
      { ports: [port(1, { name: 'a' }), port(1, { name: 'b' })] },
      { ports: [port(1, { name: 'a' }), port(1, { name: 'c' })] },
      ['ports value'],
    ],
    ['a member of a set', { set: ['a', 'b'] }, { set: ['a'] }, ['set["b"] absent']],
    ['a struct that was there by being empty', { pointer: {} }, {}, ['pointer absent']],
    [
      'inside of what is one value',
      { rules: [port(1, { name: 'a' })] },
      { rules: [port(1, { name: 'b' })] },
      ['rules value'],
    ],
    ['another shape', { labels: { a: 'b' } }, { labels: ['a'] }, ['labels value']],
    ['a list for a text', { text: 'a' }, { text: ['a'] }, ['text value']],
    ['in what is anything', { anything: { a: 1 } }, { anything: { a: 2 } }, ['anything value']],
  ])('%s', (_, git, live, expected) => expect(told(git, live)).toEqual(expected));

  it('deep in what has no schema, of a custom resource', () => {
    const free = (last: unknown) => ({ free: { a: { b: [1, { c: last }], d: last } } });
    expect(told(free(2), free(3), false)).toEqual(['free.a.b value', 'free.a.d value']);
    expect(told(free(2), free(3))).toEqual(['free.a value']);
  });

  it('leaves to managedFields what values cannot prove', () => {
    expect(told({ text: '', flag: false, always: 0, inner: {}, args: [] }, {})).toEqual([
      'text absent dropped',
      'flag absent dropped',
      'always absent dropped',
      'inner absent dropped',
      'args absent dropped',
    ]);
    expect(told({ inner: { labels: {}, flag: false } }, {})).toEqual(['inner absent dropped']);
    expect(told({ text: '', nodePort: 0 }, { text: 'chosen', nodePort: 30_000 })).toEqual([
      'text value filled',
      'nodePort value filled',
    ]);
    expect(told({ always: 0 }, { always: 3 })).toEqual(['always value']);
    expect(told({ selector: { a: 'b' } }, { selector: { a: 'b', c: 'd' } })).toEqual(['selector value filled']);
    expect(told({ source: { path: 'a' } }, { source: { path: 'a', version: 'v1' } })).toEqual(['source value filled']);
    expect(told({ tolerations: [{ key: 'a' }] }, { tolerations: [{ key: 'a' }, { key: 'b' }] })).toEqual([
      'tolerations value filled',
    ]);
    expect(told({ labels: { j: '{"a": 1}' } }, { labels: { j: '{"a":1}' } })).toEqual(['labels.j value respelled']);
  });

  it('takes an empty value of a custom resource for one', () => {
    expect(told({ flag: false, nodePort: 0, pointer: {}, text: 'x' }, {}, false)).toEqual([
      'flag absent',
      'nodePort absent',
      'pointer absent',
      'text absent',
    ]);
    expect(told({ text: '', args: [] }, {}, false)).toEqual(['text absent dropped', 'args absent dropped']);
    expect(told({ text: '' }, { text: 'x' }, false)).toEqual(['text value']);
  });
});

describe('laws', () => {
  const word = fc.stringMatching(/^[a-z]{1,4}$/);
  const amount = fc.constantFrom('1', '1000m', '1.0', '2', '1Gi', '1024Mi');
  const item = fc.record({ port: fc.integer({ min: 1, max: 9 }), target: word }, { requiredKeys: ['port', 'target'] });
  const object = fc.record(
    {
      text: word,
      flag: fc.boolean(),
      number: fc.integer(),
      quantity: amount,
      quantities: fc.dictionary(word, amount),
      labels: fc.dictionary(word, word),
      selector: fc.dictionary(word, word),
      args: fc.array(word),
      set: fc.uniqueArray(word),
      ports: fc.uniqueArray(item, { selector: ({ port }) => port }),
      rules: fc.array(item),
      free: fc.object({ withNullPrototype: false, values: [fc.integer(), word, fc.boolean()] }),
    },
    { requiredKeys: [] },
  );

  it('an object does not differ from itself, whatever the order of its keys', () => {
    fc.assert(
      fc.property(object, fc.boolean(), (value, builtIn) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(told(value, reversed, builtIn)).toEqual([]);
      }),
    );
  });

  it('the values of a place are the same both ways', () => {
    const values = fc.constantFrom<unknown>(
      '1',
      '1000m',
      1,
      '1.0',
      '60s',
      '1m0s',
      '1h',
      'x',
      '',
      true,
      'aGk=',
      'aGk=\n',
    );
    const fields = fc.constantFrom('text', 'quantity', 'size', 'period', 'formatted', 'port', 'bytes', 'time', 'json');
    const isSame = (field: string, a: unknown, b: unknown) => told({ [field]: a }, { [field]: b }, false).length === 0;
    fc.assert(
      fc.property(fields, values, values, (field, a, b) => {
        fc.pre(a !== '' && b !== '');
        expect(isSame(field, a, b)).toBe(isSame(field, b, a));
      }),
    );
  });

  it('a changed leaf is found, and nothing else', () => {
    const leaves = (value: unknown, path: (string | number)[] = []): (string | number)[][] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) =>
            leaves(inner, [...path, Array.isArray(value) ? Number(key) : key]),
          )
        : [path];
    fc.assert(
      fc.property(object, fc.nat(), (value, nth) => {
        const all = leaves(value).filter((path) => path.at(-1) !== 'port');
        fc.pre(all.length > 0);
        const path = all[nth % all.length]!;
        const live = structuredClone(value) as Record<string | number, unknown>;
        let parent: Record<string | number, unknown> = live;
        for (const step of path.slice(0, -1)) parent = parent[step] as Record<string | number, unknown>;
        parent[path.at(-1)!] = '~changed~';
        const found = told(value, live);
        expect(found).toHaveLength(1);
        expect(found[0]).toMatch(new RegExp(`^${path[0]}\\b`));
        expect(found[0]).not.toMatch(/dropped|filled|respelled/);
      }),
    );
  });

  it('a removed field is found', () => {
    fc.assert(
      fc.property(object, fc.nat(), (value, nth) => {
        const keys = Object.keys(value).filter((key) => JSON.stringify(value[key as keyof typeof value])!.length > 2);
        fc.pre(keys.length > 0);
        const key = keys[nth % keys.length]!;
        const { [key]: gone, ...live } = value as Record<string, unknown>;
        fc.pre(gone !== false && gone !== 0);
        expect(told(value, live).some((one) => one.startsWith(`${key} absent`))).toBe(true);
      }),
    );
  });
});

describe('declared fields', () => {
  it('are as managedFields write them', () => {
    const git = {
      labels: { a: 'b', c: null },
      selector: { a: 'b' },
      ports: [port(53, { target: 'x' })],
      set: ['a'],
      rules: [port(1)],
      inner: {},
      unheard: 1,
    };
    expect(declaredFields(git, everySort())).toEqual({
      'f:labels': { 'f:a': {} },
      'f:selector': {},
      'f:ports': { 'k:{"port":53,"protocol":"TCP"}': { 'f:port': {}, 'f:target': {} } },
      'f:set': { 'v:"a"': {} },
      'f:rules': {},
      'f:inner': {},
    });
    expect(declaredFields({ labels: { c: null } }, everySort(), { nulls: true })).toEqual({
      'f:labels': { 'f:c': {} },
    });
  });
});
