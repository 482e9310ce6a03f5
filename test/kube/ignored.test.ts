import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareObject } from '../../lib/kube/compare.ts';
import { ignoredIn, splitFields, withLiveIgnored } from '../../lib/kube/exceptions/ignored.ts';
import { withoutIgnored } from '../../lib/kube/exceptions/without-ignored.ts';
import { type FieldsV1, membersOf } from '../../lib/kube/fields.ts';
import { desiredHashOf } from '../../lib/kube/hash.ts';
import { takeOverPatch } from '../../lib/kube/ownership.ts';
import { recordEntry } from '../../lib/kube/record.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../lib/model/kube-object.ts';
import { answerTo, git, hashKey } from './answers.ts';

const now = new Date('2026-01-01T00:00:00Z');

function web(paths: string, spec: object): KubeObject {
  return git('apps/v1 Deployment', 'web', { metadata: { annotations: { 'windlass.dev/ignore-paths': paths } }, spec });
}

/** An entry of a person's tool. */
function entry(fieldsV1: FieldsV1, manager = 'kubectl-edit'): ManagedFieldsEntry {
  return { manager, operation: 'Update', apiVersion: 'apps/v1', time: '2026-01-02T00:00:00Z', fieldsV1 };
}

describe('ignored paths', () => {
  it('are no change when Git changes them, and everything else is one', () => {
    const hash = (spec: object) => desiredHashOf(web('/spec/replicas', spec), hashKey);
    expect(hash({ replicas: 1, paused: true })).toBe(hash({ replicas: 5, paused: true }));
    expect(hash({ replicas: 1, paused: true })).not.toBe(hash({ replicas: 1, paused: false }));
  });

  it('name an item of a list by its place in Git, and the live item is found by its keys', () => {
    const containers = [
      { name: 'side', image: 's:1' },
      { name: 'web', image: 'w:1' },
    ];
    const object = web('/spec/containers/1/image', { containers });
    expect(withoutIgnored(object)['spec']).toEqual({
      containers: [{ name: 'side', image: 's:1' }, { name: 'web' }],
    });
    const live = answerTo(object);
    const item = (name: string) => `k:${JSON.stringify({ name })}`;
    live.metadata.managedFields![0]!.fieldsV1 = {
      'f:spec': {
        'f:containers': { [item('web')]: { 'f:image': {}, 'f:name': {} }, [item('side')]: { 'f:name': {} } },
      },
    };
    live['spec'] = {
      containers: [{ name: 'injected' }, { name: 'web', image: 'w:9' }, { name: 'side', image: 's:1' }],
    };
    const paths = ignoredIn(object, live);
    expect(paths).toEqual([['f:spec', 'f:containers', item('web'), 'f:image']]);
    expect(withLiveIgnored(object, paths, live)['spec']).toEqual({
      containers: [
        { name: 'side', image: 's:1' },
        { name: 'web', image: 'w:9' },
      ],
    });
  });

  it('leave no empty map behind where they are left out', () => {
    const object = web('/spec/template/metadata/annotations/rev', {
      template: { metadata: { annotations: { rev: '1' } } },
    });
    const live = answerTo(object);
    const path = ['f:spec', 'f:template', 'f:metadata', 'f:annotations', 'f:rev'];
    live.metadata.managedFields = [entry({ 'f:spec': { 'f:replicas': {} } }, 'windlass')];
    expect(withLiveIgnored(object, [path], live)).not.toHaveProperty('spec');
  });

  it('into a list that is one value stand for the whole list', () => {
    const object = web('/spec/args/0', { args: ['a', 'b'] });
    expect(ignoredIn(object, answerTo(object))).toEqual([['f:spec', 'f:args']]);
  });

  it('that are ours keep their live value in what is sent; those of others are left out', () => {
    const object = web('/spec/replicas', { replicas: 1, paused: true });
    const ours = answerTo(object);
    ours['spec'] = { replicas: 7, paused: true };
    expect(withLiveIgnored(object, ignoredIn(object, ours), ours)['spec']).toEqual({ replicas: 7, paused: true });
    const theirs = answerTo(object, [entry({ 'f:spec': { 'f:replicas': {} } })]);
    theirs.metadata.managedFields![0]!.fieldsV1 = { 'f:spec': { 'f:paused': {} } };
    expect(withLiveIgnored(object, ignoredIn(object, theirs), theirs)['spec']).toEqual({ paused: true });
  });

  it('stay with the person who has them when the rest is taken over', () => {
    const object = web('/spec/replicas', { replicas: 1 });
    const live = answerTo(object, [entry({ 'f:spec': { 'f:replicas': {}, 'f:paused': {} } })]);
    const patch = takeOverPatch(live, 'people', ignoredIn(object, live))!;
    const entries = patch[0]!.value as ManagedFieldsEntry[];
    expect(entries.map(({ manager }) => manager)).toEqual(['windlass', 'kubectl-edit']);
    expect(entries[0]!.fieldsV1).toHaveProperty(['f:spec', 'f:paused']);
    expect(entries[1]!.fieldsV1).toEqual({ 'f:spec': { 'f:replicas': {} } });
    const alone = answerTo(object, [entry({ 'f:spec': { 'f:replicas': {} } })]);
    expect(takeOverPatch(alone, 'people', ignoredIn(object, alone))).toBeUndefined();
  });

  it('are not drift, changed or added; what is beside them is', () => {
    const object = web('/spec/replicas,/spec/extra', { replicas: 1, paused: true });
    const recorded = recordEntry(object, answerTo(object), { hashKey, now });
    const live = answerTo(object, [entry({ 'f:spec': { 'f:replicas': {}, 'f:extra': { 'f:a': {} } } })]);
    live.metadata.resourceVersion = '2';
    live.metadata.managedFields![0]!.fieldsV1 = { 'f:spec': { 'f:paused': {} }, 'f:metadata': { 'f:labels': {} } };
    live['spec'] = { replicas: 9, paused: true, extra: { a: 1 } };
    expect(compareObject({ entry: recorded, live, hashKey }).drift?.fields.map(({ path }) => path) ?? []).not.toContain(
      'spec.replicas',
    );
    const seen = compareObject({
      entry: recorded,
      live: { ...live, spec: { replicas: 9, paused: false, extra: { a: 1 } } },
      hashKey,
    });
    expect(seen.drift?.fields.map(({ path }) => path)).toEqual(['spec.paused']);
  });

  it('split a set of fields: every member is in one half, and the halves hold no other', () => {
    const names = fc.constantFrom('f:a', 'f:b', 'f:c');
    const above = (node: fc.Arbitrary<FieldsV1>): fc.Arbitrary<FieldsV1> => fc.dictionary(names, node, { maxKeys: 3 });
    const fields = above(above(above(fc.constant({}))));
    fc.assert(
      fc.property(fields, fc.array(fc.array(names, { minLength: 1, maxLength: 3 }), { maxLength: 3 }), (set, paths) => {
        const { inside, outside } = splitFields(set, paths);
        const texts = (part: FieldsV1) => membersOf(part).map((path) => path.join('/'));
        expect([...texts(inside), ...texts(outside)].sort()).toEqual(texts(set).sort());
        const isIgnored = (path: string) => paths.some((one) => `${path}/`.startsWith(`${one.join('/')}/`));
        expect(texts(inside).every(isIgnored)).toBe(true);
        expect(texts(outside).some(isIgnored)).toBe(false);
      }),
    );
  });
});

describe('an object that is applied once', () => {
  it('is recorded without anything to compare, and only its absence is drift', () => {
    const object = git('ConfigMap', 'a', {
      metadata: { annotations: { 'windlass.dev/apply': 'once' } },
      data: { a: '1' },
    });
    const recorded = recordEntry(object, answerTo(object), { hashKey, now });
    expect(recorded).toMatchObject({ fields: {}, projection: { m: {} }, ignored: [[]] });
    const live = answerTo(object, [{ ...entry({ 'f:data': { 'f:b': {} } }), apiVersion: 'v1' }]);
    live.metadata.resourceVersion = '2';
    live['data'] = { a: '9', b: '1' };
    expect(compareObject({ entry: recorded, live, hashKey }).drift).toBeUndefined();
    expect(compareObject({ entry: recorded, live: undefined, hashKey }).drift).toMatchObject({ state: 'missing' });
  });
});
