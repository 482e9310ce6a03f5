import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareObject } from '../../lib/kube/compare.ts';
import { type DriftSettings, driftRules, type IgnoreRule, rulesHash, ruleText } from '../../lib/kube/drift-rules.ts';
import { readPathPattern, restBelow } from '../../lib/kube/drift-rules-path.ts';
import { sameBut } from '../../lib/kube/drift-rules-value.ts';
import { type FieldPath, pathText } from '../../lib/kube/fields.ts';
import { plan } from '../../lib/kube/plan.ts';
import { treeOf } from '../../lib/kube/projection.ts';
import { recordEntry } from '../../lib/kube/record.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../lib/model/kube-object.ts';
import { answerTo, git, hashKey, recordOf, sync } from './answers.ts';

const now = new Date('2027-01-15T00:00:00Z');
const nothing = { m: {} };

const entry = (manager: string, fieldsV1: object): ManagedFieldsEntry =>
  ({ manager, operation: 'Update', apiVersion: 'v1', time: '2027-01-02T00:00:00Z', fieldsV1 }) as ManagedFieldsEntry;
const entries = (live: KubeObject) => live.metadata.managedFields!;
// biome-ignore lint/suspicious/noExplicitAny: tests reach into objects of many shapes to change one field.
const loose = (value: unknown) => value as any;

/** An object as we applied it, and as somebody changed it afterwards. */
function changed(object: KubeObject, change: (live: KubeObject) => void, fields?: object) {
  const answer = answerTo(object);
  if (fields !== undefined) loose(entries(answer)[0]).fieldsV1 = fields;
  const recorded = recordEntry(object, answer, { hashKey, now });
  const live = structuredClone(answer);
  live.metadata.resourceVersion = '2';
  change(live);
  return (settings: Partial<DriftSettings> = {}) => {
    const rules = driftRules({ ignore: [], ...settings }, now);
    return compareObject({ entry: recorded, live, desired: object, hashKey, rules });
  };
}

const settings = git('ConfigMap', 'settings', { data: { a: '1', b: '2' } });
/** `data.a` was taken from us. */
const edited = (manager: string) =>
  changed(settings, (live) => {
    loose(live['data']).a = '9';
    delete loose(entries(live)[0]!.fieldsV1)['f:data']['f:a'];
    entries(live).push(entry(manager, { 'f:data': { 'f:a': {} } }));
  });
const rule = (rest: Partial<IgnoreRule>): DriftSettings => ({ ignore: [{ object: 'ConfigMap/shop/*', ...rest }] });

describe('paths of rules', () => {
  const meant = (pattern: string, path: FieldPath, recorded: Parameters<typeof restBelow>[2] = nothing) => {
    const read = readPathPattern(pattern);
    expect(read, pattern).toBeDefined();
    return restBelow(read!, path, recorded)?.length;
  };
  const image = ['f:spec', 'f:containers', 'k:{"name":"istio-proxy"}', 'f:image'];

  it.each([
    ['spec.containers[name=istio-proxy].image', 0],
    ['spec.containers[name=istio-*].image', 0],
    ['spec.containers[name=istio-*]', 0],
    ['spec.containers[*].image', 0],
    ['spec.*.*.image', 0],
    ['spec', 0],
    ['spec.containers[name=istio-*].image.tag', 1],
    ['spec.containers[name=web].image', undefined],
    ['spec.containers[image=istio-proxy].image', undefined],
    ['spec.containers.name.image', undefined],
    ['spec.container*', 0],
    ['/spec/containers', 0],
    ['/spec/container*', undefined],
  ])('%s', (pattern, rest) => {
    expect(meant(pattern, image)).toBe(rest);
  });

  it('find names with dots and slashes, values of sets, and some of several keys', () => {
    const revision = ['f:metadata', 'f:annotations', 'f:example.com/rev'];
    expect(meant('metadata.annotations[example.com/rev]', revision)).toBe(0);
    expect(meant('metadata.annotations[example.com/*]', revision)).toBe(0);
    expect(meant('/metadata/annotations/example.com~1rev', revision)).toBe(0);
    const finalizer = ['f:metadata', 'f:finalizers', 'v:"example.com/keep"'];
    expect(meant('metadata.finalizers["example.com/keep"]', finalizer)).toBe(0);
    expect(meant('metadata.finalizers[example.com/*]', finalizer)).toBe(0);
    const port = ['f:ports', 'k:{"containerPort":53,"protocol":"UDP"}', 'f:name'];
    expect(meant('ports[protocol=UDP].name', port)).toBe(0);
    expect(meant('ports[protocol=TCP].name', port)).toBeUndefined();
    expect(meant('ports[protocol=UDP,containerPort=53].name', port)).toBe(0);
  });

  it('take an index for the item that stood there when it was applied', () => {
    const recorded = {
      m: {
        spec: {
          m: {
            containers: {
              i: [
                ['k:{"name":"web"}', nothing],
                [image[2]!, nothing],
              ],
            },
          },
        },
      },
    } as Parameters<typeof restBelow>[2];
    expect(meant('/spec/containers/1/image', image, recorded)).toBe(0);
    expect(meant('/spec/containers/0/image', image, recorded)).toBeUndefined();
    expect(meant('spec.containers[1].image', image, recorded)).toBe(0);
    expect(meant('/spec/containers/1/image', image)).toBeUndefined();
  });

  it('mean the path that people copied, whatever is in it', () => {
    const name = fc.string({ minLength: 1 }).filter((text) => !/[[\]*]/.test(text));
    const element = fc.oneof(
      name.map((text) => `f:${text}`),
      fc.record({ name }).map((keys) => `k:${JSON.stringify(keys)}`),
      name.map((text) => `v:${JSON.stringify(text)}`),
    );
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 5 }), (path) => {
        const pattern = readPathPattern(pathText(path));
        return pattern !== undefined && restBelow(pattern, path, nothing)?.length === 0;
      }),
    );
  });

  it('refuse what is no path', () => {
    for (const text of ['', '.a', 'a.', 'a..b', 'a[b', 'a]', 'a b', '/a~2b', '/', 'a[]'])
      expect(readPathPattern(text) === undefined || text === '/', text).toBe(true);
  });
});

describe('values inside of one field', () => {
  const same = (value: unknown, recorded: unknown, patterns: string[], exact = true) =>
    sameBut(
      value,
      treeOf(recorded),
      patterns.map((text) => readPathPattern(text)!),
      { exact },
    );

  it('differ only where a rule means them', () => {
    const applied = {
      items: [
        { name: 'a', weight: 1 },
        { name: 'b', weight: 2 },
      ],
    };
    const live = {
      items: [
        { name: 'a', weight: 7 },
        { name: 'b', weight: 2 },
      ],
    };
    expect(same(live, applied, ['items[name=a].weight'])).toBe(true);
    expect(same(live, applied, ['/items/0/weight'])).toBe(true);
    expect(same(live, applied, ['items[*].weight'])).toBe(true);
    expect(same(live, applied, ['items[name=b].weight'])).toBe(false);
    expect(same({ items: [{ name: 'a', weight: 7, more: 1 }, live.items[1]] }, applied, ['items[name=a].weight'])).toBe(
      false,
    );
    expect(same({ items: [live.items[1]] }, applied, ['items[name=a].weight'])).toBe(false);
  });

  it('take an item that is meant as a whole for put in', () => {
    const applied = [{ name: 'a' }];
    expect(same([{ name: 'istio-1' }, { name: 'a' }], applied, ['[name=istio-*]'])).toBe(true);
    expect(same([{ name: 'other' }, { name: 'a' }], applied, ['[name=istio-*]'])).toBe(false);
    expect(same(['x', 'istio'], ['x'], ['[istio]'])).toBe(true);
    expect(same([], applied, ['[name=istio-*]'])).toBe(false);
  });

  it('are the same as ever where no rule means anything', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => same(value, value, [])));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), fc.string(), (map, key) => {
        const other = { ...map, [key]: (map[key] ?? 0) + 1 };
        return !same(other, map, []) && same(other, map, ['*']);
      }),
    );
  });
});

describe('comparing by rules', () => {
  it('leaves out what a rule means, and says which one did', () => {
    const verdict = edited('kubectl-edit')(rule({ path: 'data.a' }));
    expect(verdict.drift).toBeUndefined();
    expect(verdict.rulesUsed).toEqual(['ConfigMap/shop/*: data.a']);
    expect(edited('kubectl-edit')().drift?.fields).toMatchObject([{ path: 'data.a' }]);
  });

  it('tells what no rule means beside it', () => {
    const compare = changed(settings, (live) => {
      Object.assign(live['data'] as object, { a: '9', b: '9' });
    });
    const { drift, rulesUsed } = compare(rule({ path: '/data/a' }));
    expect(drift?.fields.map(({ path }) => path)).toEqual(['data.b']);
    expect(rulesUsed).toHaveLength(1);
  });

  it.each([
    ['another object', { ignore: [{ object: 'ConfigMap/other/*', path: 'data.a' }] }],
    ['a longer name', { ignore: [{ object: 'ConfigMap/*', path: 'data.a' }] }],
    ['another field', rule({ path: 'data.b' })],
    ['another tool', rule({ path: 'data.a', manager: 'mesh-*' })],
    ['a time that is over', rule({ path: 'data.a', until: '2027-01-14' })],
  ])('is not fooled by a rule for %s', (_, settings) => {
    const verdict = edited('kubectl-edit')(settings);
    expect(verdict.drift?.fields).toHaveLength(1);
    expect(verdict.rulesUsed).toEqual([]);
  });

  it('counts a rule to the end of its last day', () => {
    expect(edited('kubectl-edit')(rule({ path: 'data.a', until: '2027-01-15' })).drift).toBeUndefined();
  });

  it('leaves out all that one tool did, and nothing that somebody else did to the same field', () => {
    const only = rule({ manager: 'mesh-*' });
    expect(edited('mesh-agent')(only).drift).toBeUndefined();
    const both = changed(settings, (live) => {
      loose(live['data']).a = '9';
      delete loose(entries(live)[0]!.fieldsV1)['f:data']['f:a'];
      entries(live).push(entry('mesh-agent', { 'f:data': { 'f:a': {} } }), entry('k9s', { 'f:data': { 'f:a': {} } }));
    });
    expect(both(only).drift?.fields).toMatchObject([{ manager: 'k9s' }]);
  });

  it('never hides that an object is missing or was created again, nor that it lost our label', () => {
    const everything = {
      ignore: [
        { object: '*/shop/*', path: '*' },
        { object: 'ConfigMap/*/*', manager: '*' },
      ],
    };
    const object = recordOf([settings]).entries[0]!;
    const rules = driftRules(everything, now);
    expect(compareObject({ entry: object, live: undefined, hashKey, rules }).drift?.state).toBe('missing');
    const again = { ...answerTo(settings), metadata: { ...answerTo(settings).metadata, uid: 'another' } };
    expect(compareObject({ entry: object, live: again, hashKey, rules }).drift?.reason).toMatch(/^created again/);
    const unlabelled = changed(settings, (live) => {
      delete live.metadata.labels!['windlass.dev/sync'];
      delete loose(entries(live)[0]!.fieldsV1)['f:metadata']['f:labels'];
    });
    expect(unlabelled(everything).drift?.fields.map(({ path }) => path)).toEqual([
      'metadata.labels[windlass.dev/sync]',
    ]);
  });

  it('never hides that all labels are gone, ours among them', () => {
    const labels = { '.': {}, 'f:windlass.dev/sync': {} };
    const unlabelled = changed(
      settings,
      (live) => {
        delete live.metadata.labels;
        delete loose(entries(live)[0]!.fieldsV1)['f:metadata']['f:labels'];
      },
      { 'f:metadata': { 'f:labels': labels }, 'f:data': { 'f:a': {}, 'f:b': {} } },
    );
    const { drift } = unlabelled(rule({ path: 'metadata.labels' }));
    expect(drift?.fields.map(({ path }) => path)).toEqual(['metadata.labels']);
  });

  it('leaves out a part of what somebody added, and tells the rest', () => {
    const web = git('ConfigMap', 'web', { spec: { template: { metadata: { labels: { app: 'web' } } } } });
    const added = changed(web, (live) => {
      loose(live['spec']).template.metadata.annotations = { 'mesh.io/rev': '1', note: 'by hand' };
      const annotations = { '.': {}, 'f:mesh.io/rev': {}, 'f:note': {} };
      entries(live).push(
        entry('kubectl-edit', { 'f:spec': { 'f:template': { 'f:metadata': { 'f:annotations': annotations } } } }),
      );
    });
    const path = 'spec.template.metadata.annotations';
    expect(added().drift?.fields.map((field) => field.path)).toEqual([path]);
    const part = added(rule({ path: '/spec/template/metadata/annotations/mesh.io~1rev' }));
    expect(part.drift?.fields).toMatchObject([{ path: `${path}.note`, live: 'by hand' }]);
    expect(part.ignoredAdditions?.map(pathText)).toEqual([`${path}[mesh.io/rev]`]);
    expect(added(rule({ path: `${path}[*]` })).drift).toBeUndefined();
    expect(added(rule({ path: `${path}.other` })).drift?.fields.map((field) => field.path)).toEqual([path]);
  });

  it('reaches into lists of custom resources that are one value', () => {
    const route = git('example.com/v1 Route', 'shop', {
      spec: {
        backends: [
          { name: 'blue', weight: 90 },
          { name: 'green', weight: 10 },
        ],
      },
    });
    const shifted = changed(route, (live) => {
      loose(live['spec']).backends = [
        { name: 'blue', weight: 50 },
        { name: 'green', weight: 50 },
      ];
      delete loose(entries(live)[0]!.fieldsV1)['f:spec'];
      entries(live).push(entry('kubectl-edit', { 'f:spec': { 'f:backends': {} } }));
    });
    const by = (path: string) => shifted({ ignore: [{ object: 'example.com/Route/*/*', path }] });
    expect(by('spec.backends[*].weight').drift).toBeUndefined();
    expect(by('spec.backends[name=*].weight').rulesUsed).toHaveLength(1);
    expect(by('/spec/backends/0/weight').drift?.fields).toMatchObject([{ path: 'spec.backends' }]);
    expect(by('spec.backends[name=blue].weight').drift?.fields).toHaveLength(1);
    const two = ['/spec/backends/0/weight', '/spec/backends/1/weight'];
    const ignore = two.map((path) => ({ object: 'example.com/Route/*/*', path }));
    expect(shifted({ ignore }).drift).toBeUndefined();
  });

  it('names a rule by what it says, not by its place', () => {
    expect(ruleText({ object: 'apps/Deployment/shop/web', path: 'spec.replicas', manager: 'a', why: 'b' })).toBe(
      'apps/Deployment/shop/web: spec.replicas by a',
    );
  });
});

describe('whose tools count', () => {
  const added = (manager: string) =>
    changed(settings, (live) => {
      loose(live['data']).c = '3';
      entries(live).push(entry(manager, { 'f:data': { 'f:c': {} } }));
    });
  const managers = { alert: ['team-*'], silent: ['team-operator', 'shop-agent', 'kubectl-nightly'] };

  it('shows what a program nobody knows added, and alerts only once Git says so', () => {
    const verdict = added('shop-script')();
    expect(verdict.drift).toBeUndefined();
    expect(verdict.addedByOthers).toMatchObject([{ path: 'data.c', manager: 'shop-script' }]);
    const alerted = added('team-script')({ managers });
    expect(alerted.drift).toMatchObject({ state: 'added', fields: [{ path: 'data.c', manager: 'team-script' }] });
    expect(added('shop-agent')({ managers })).toMatchObject({ addedByOthers: [] });
    expect(added('shop-agent')({ managers }).drift).toBeUndefined();
    expect(added('kubectl-nightly')({ managers }).drift).toBeUndefined();
    expect(added('team-operator')({ managers }).drift?.state).toBe('added');
  });

  it('leaves a field to a program that Git calls a controller', () => {
    const verdict = edited('shop-agent')({ managers });
    expect(verdict.drift).toBeUndefined();
    expect(verdict.leftToControllers).toMatchObject([{ path: 'data.a', manager: 'shop-agent' }]);
    expect(edited('shop-agent')().drift?.fields).toMatchObject([{ manager: 'shop-agent' }]);
  });

  it('finds an old addition when the rules change and the object does not', () => {
    const answer = answerTo(settings, [entry('team-script', { 'f:data': { 'f:c': {} } })]);
    loose(answer['data']).c = '3';
    const recorded = recordEntry(settings, answer, { hashKey, now });
    const compare = (rules?: ReturnType<typeof driftRules>) =>
      compareObject({ entry: recorded, live: answer, hashKey, rules });
    expect(compare().drift).toBeUndefined();
    expect(compare(driftRules({ ignore: [], managers }, now)).drift?.fields).toMatchObject([{ path: 'data.c' }]);
  });
});

describe('a pull by rules', () => {
  const planned = (live: KubeObject, ignore: IgnoreRule[], desired = settings) =>
    plan({
      desired: [desired],
      live: new Map([['ConfigMap/shop/settings', live]]),
      record: recordOf([settings]),
      options: {
        sync,
        selfHeal: true,
        prune: true,
        hashKey,
        takeOver: true,
        now,
        rules: driftRules({ ignore }, now),
      },
    });
  const live = () => {
    const object = answerTo(settings);
    object.metadata.resourceVersion = '2';
    loose(object['data']).a = '9';
    delete loose(entries(object)[0]!.fieldsV1)['f:data']['f:a'];
    loose(object['data']).c = '3';
    entries(object).push(entry('kubectl-edit', { 'f:data': { 'f:a': {}, 'f:c': {} } }));
    return object;
  };
  const both = [
    { object: 'ConfigMap/*/*', path: 'data.a' },
    { object: 'ConfigMap/*/*', path: 'data.c' },
  ];

  it('neither reports nor heals what a rule means', () => {
    const { drift, apply, unchanged } = planned(live(), both);
    expect([drift, apply, unchanged]).toEqual([[], [], ['ConfigMap/shop/settings']]);
    expect(planned(live(), []).drift[0]?.fields).toHaveLength(2);
  });

  it('sets the value of Git when the object is applied for another reason, and leaves what was added', () => {
    const { drift, apply } = planned(live(), both, git('ConfigMap', 'settings', { data: { a: '1', b: '3' } }));
    expect(drift).toEqual([]);
    expect(apply.flat()[0]?.object['data']).toEqual({ a: '1', b: '3' });
    const without = planned(live(), [both[0]!], git('ConfigMap', 'settings', { data: { a: '1', b: '3' } }));
    const ours = (patch: unknown) => loose(patch)?.[0].value[0].fieldsV1['f:data'];
    expect(ours(without.apply.flat()[0]?.ownership?.patch)).toHaveProperty('f:c');
    expect(ours(apply.flat()[0]?.ownership?.patch)).not.toHaveProperty('f:c');
  });
});

describe('the name of all rules about drift', () => {
  const [a, b] = [
    { object: 'ConfigMap/shop/a', path: 'data.a', until: '2027-01-01' },
    { object: 'ConfigMap/shop/b', manager: 'mesh-agent', why: 'it keeps its state there' },
  ];
  const managers = { alert: ['team-*', 'deploy'], silent: ['agent'] };

  it('is the same however they are ordered and explained', () => {
    const name = rulesHash({ ignore: [a, b], managers });
    expect(name).toMatch(/^[0-9a-f]{16}$/);
    const other = { alert: ['deploy', 'team-*'], silent: ['agent'] };
    expect(rulesHash({ ignore: [{ ...b, why: 'x' }, a], managers: other })).toBe(name);
    expect(rulesHash({ ignore: [] })).toBe(rulesHash({ ignore: [], managers: { alert: [], silent: [] } }));
  });

  it('is another one for each change of what they mean', () => {
    const all = [
      { ignore: [] },
      { ignore: [a] },
      { ignore: [{ ...a, until: '2028-01-01' }] },
      { ignore: [{ object: a.object, path: a.path }] },
      { ignore: [a], managers },
      { ignore: [a], managers: { ...managers, silent: [] } },
      { ignore: [a], managers: { alert: managers.silent, silent: managers.alert } },
    ];
    expect(new Set(all.map(rulesHash)).size).toBe(all.length);
  });
});
