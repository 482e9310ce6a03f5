import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareObject } from '../../lib/kube/compare.ts';
import { driftRules } from '../../lib/kube/drift-rules.ts';
import { recordEntry } from '../../lib/kube/record.ts';
import { isMap } from '../../lib/kube/values.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../lib/model/kube-object.ts';
import { answerTo, edited, entryOf, git, hashKey } from './answers.ts';

const settings = git('ConfigMap', 'settings', { data: { a: '1', b: '2' } });
const by = (manager: string, fieldsV1: object, rest: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry =>
  ({
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-02-02T00:00:00Z',
    fieldsV1,
    ...rest,
  }) as ManagedFieldsEntry;
const entries = (live: KubeObject) => live.metadata.managedFields!;
const oursOf = (live: KubeObject) => entries(live)[0]!.fieldsV1 as Record<string, Record<string, unknown>>;
const compare = (object: KubeObject, live: KubeObject | undefined) =>
  compareObject({ entry: entryOf(object), live, desired: object, hashKey });

/** Takes `data.a` from us, with another value and a new holder. */
const taken = (holder: ManagedFieldsEntry | undefined, value = '9') =>
  edited(settings, (live) => {
    (live.data as Record<string, string>).a = value;
    delete oursOf(live)['f:data']!['f:a'];
    if (holder) entries(live).push(holder);
  });

describe('comparing an object with what was applied', () => {
  it('finds nothing right after the apply', () => {
    expect(compare(settings, answerTo(settings)).drift).toBeUndefined();
  });

  it('tells missing from changed', () => {
    expect(compare(settings, undefined).drift).toEqual({
      object: 'ConfigMap/shop/settings',
      state: 'missing',
      fields: [],
    });
  });

  it('gives who, how and when of a changed value', () => {
    expect(compare(settings, taken(by('kubectl-edit', { 'f:data': { 'f:a': {} } }))).drift).toEqual({
      object: 'ConfigMap/shop/settings',
      state: 'changed',
      fields: [
        {
          path: 'data.a',
          git: '1',
          live: '9',
          manager: 'kubectl-edit',
          operation: 'Update',
          time: '2026-02-02T00:00:00Z',
        },
      ],
    });
  });

  it('is silent where only the ownership went', () => {
    const verdict = compare(settings, taken(by('kubectl-edit', { 'f:data': { 'f:a': {} } }), '1'));
    expect(verdict).toMatchObject({ ownershipLost: ['data.a'] });
    expect(verdict.drift).toBeUndefined();
  });

  it('leaves a field to a controller', () => {
    const verdict = compare(settings, taken(by('cert-manager-cainjector', { 'f:data': { 'f:a': {} } })));
    expect(verdict.drift).toBeUndefined();
    expect(verdict.leftToControllers).toMatchObject([{ path: 'data.a', live: '9' }]);
  });

  it('leaves replicas to the autoscaler that the record tells of, also where nobody holds them', () => {
    const web = git('apps/v1 Deployment', 'web', { spec: { replicas: 2 } });
    const scaled = edited(web, (live) => {
      (live['spec'] as Record<string, unknown>)['replicas'] = 0;
      delete oursOf(live)['f:spec']!['f:replicas'];
    });
    const compared = (entry: object, scaling?: 'free') =>
      compareObject({ entry: { ...entryOf(web), ...entry }, live: scaled, desired: web, hashKey, scaling });
    expect(compared({}).drift?.fields).toMatchObject([{ path: 'spec.replicas', git: 2, live: 0 }]);
    expect(compared({ scaled: true }).drift).toBeUndefined();
    expect(compared({ scaled: true }).leftToControllers).toMatchObject([{ path: 'spec.replicas', live: 0 }]);
    expect(compared({ scaled: true }, 'free').drift).toBeDefined();
  });

  it('names a person before a controller when both hold the field', () => {
    const live = taken(by('cainjector', { 'f:data': { 'f:a': {} } }));
    entries(live).push(by('k9s', { 'f:data': { 'f:a': {} } }));
    expect(compare(settings, live).drift?.fields).toMatchObject([{ manager: 'k9s' }]);
  });

  it('does not blame who made a map for what somebody else put into it', () => {
    const maker = by('kubectl-label', { 'f:data': { '.': {} } });
    const program = by('stock-keeper', { 'f:data': { 'f:a': {} } });
    const live = taken(maker);
    entries(live).push(program);
    expect(compare(settings, live).drift?.fields).toMatchObject([{ path: 'data.a', manager: 'stock-keeper' }]);
  });

  it('names who has the field itself before who has all around it', () => {
    const maker = by('kubectl-label', { 'f:data': {} });
    const program = by('kustomize-controller', { 'f:data': { 'f:a': {} } }, { operation: 'Apply' });
    const live = taken(maker);
    entries(live).push(program);
    expect(compare(settings, live).drift?.fields).toMatchObject([{ path: 'data.a', manager: 'kustomize-controller' }]);
  });

  it('judges each field by its new holder where all of ours were taken one by one', () => {
    const live = taken(by('kube-controller-manager', { 'f:data': { 'f:a': {} } }));
    entries(live).shift();
    entries(live).push(by('kubectl-edit', { 'f:data': { 'f:b': {} } }));
    const { drift, leftToControllers, ownershipLost } = compare(settings, live);
    expect(drift).toBeUndefined();
    expect(leftToControllers).toMatchObject([{ path: 'data.a', manager: 'kube-controller-manager' }]);
    expect(ownershipLost).toContain('data.b');
  });

  it('calls no default a change of a map that Git has empty, in an object that was created again', () => {
    const object = git('example.com/v1 App', 'shop', { spec: {} });
    const live = edited(object, (one) => {
      one.metadata.uid = 'another';
      one['spec'] = { every: '1h' };
      one.metadata.managedFields = [by('kubectl-create', { 'f:spec': { '.': {}, 'f:every': {} } })];
    });
    expect(compare(object, live).drift?.fields).toEqual([]);
    live.metadata.managedFields = [by('kubectl-create', { 'f:spec': {} })];
    expect(compare(object, live).drift?.fields).toMatchObject([{ path: 'spec', manager: 'kubectl-create' }]);
  });

  it('knows an empty list again in an object that was created again', () => {
    const object = git('example.com/v1 App', 'shop', { spec: { sources: [] } });
    const live = edited(object, (one) => {
      one.metadata.uid = 'another';
    });
    expect(compare(object, live).drift).toMatchObject({ reason: expect.stringMatching(/^created again/), fields: [] });
  });

  it('says nothing of what the server put into a map that Git has empty, also when managedFields were emptied', () => {
    const team = git('Namespace', 'team', { spec: {} }, '');
    const live = edited(team, (object) => {
      object['spec'] = { finalizers: ['kubernetes'] };
      object.metadata.managedFields = [];
    });
    expect(compare(team, live).drift).toBeUndefined();
  });

  it('calls a holder that the API server forgot an unknown tool', () => {
    const live = taken(by('ancient-changes', { 'f:data': { 'f:a': {} } }));
    expect(compare(settings, live).drift?.fields).toMatchObject([{ manager: 'unknown tool' }]);
  });

  it('says so when a value changed although it is still ours', () => {
    const live = edited(settings, (object) => void Object.assign(object.data as object, { a: '9' }));
    expect(compare(settings, live).drift?.fields).toEqual([
      { path: 'data.a', git: '1', live: '9', note: 'by admission or defaulting' },
    ]);
  });

  it('does not mind new keys inside a value that is ours as a whole', () => {
    const list = git('example.com/v1 Thing', 'a', { spec: { list: [{ n: 'a' }], more: {} } });
    const grown = edited(
      list,
      (live) => void Object.assign(live, { spec: { list: [{ n: 'a', e: 'new' }], more: { x: 1 } } }),
    );
    expect(compare(list, grown).drift).toBeUndefined();
    const longer = edited(
      list,
      (live) => void Object.assign(live, { spec: { list: [{ n: 'a' }, { n: 'b' }], more: {} } }),
    );
    expect(compare(list, longer).drift?.fields).toMatchObject([{ path: 'spec.list' }]);
  });

  it('takes what others put into a map that Git gives empty for theirs, unless it is one value', () => {
    const empty = git('ConfigMap', 'settings', { data: {} });
    const filled = (manager: string, inner: object, ours = false) =>
      edited(empty, (live) => {
        Object.assign(live, { data: { token: 'x' } });
        if (!ours) delete oursOf(live)['f:data'];
        entries(live).push(by(manager, { 'f:data': inner }));
      });
    const fill = { '.': {}, 'f:token': {} };
    for (const ours of [true, false]) {
      const byProgram = compare(empty, filled('some-app', fill, ours));
      expect(byProgram.drift).toBeUndefined();
      expect(byProgram.addedByOthers).toMatchObject([{ path: 'data.token' }]);
      const byPerson = compare(empty, filled('kubectl-edit', fill, ours));
      expect(byPerson.drift).toMatchObject({ state: 'added', fields: [{ path: 'data.token' }] });
    }
    expect(compare(empty, filled('some-app', {})).drift).toMatchObject({
      state: 'changed',
      fields: [{ path: 'data' }],
    });
  });

  it('does not record what others had put into a map that Git gives empty', () => {
    const empty = git('ConfigMap', 'settings', { data: {}, list: [] });
    const answer = edited(empty, (live) => void Object.assign(live, { data: { token: 'x' }, list: ['x'] }));
    const entry = recordEntry(empty, answer, { hashKey, now: new Date() });
    const rotated = edited(empty, (live) => void Object.assign(live, { data: { token: 'y' }, list: ['y', 'z'] }));
    expect(compareObject({ entry, live: rotated, desired: empty, hashKey }).drift).toBeUndefined();
  });

  it('knows again what the server puts into a list that Git gives empty: put back by hand, created again, or without managed fields', () => {
    const scaler = git('autoscaling/v2 HorizontalPodAutoscaler', 'web', { spec: { metrics: [] } });
    const withMetrics = (metrics: object[]) =>
      edited(scaler, (live) => void Object.assign(live, { spec: { metrics: structuredClone(metrics) } }));
    const [cpu, memory] = [
      { type: 'Resource', name: 'cpu' },
      { type: 'Resource', name: 'memory' },
    ];
    const entry = recordEntry(scaler, withMetrics([cpu]), { hashKey, now: new Date() });
    const compared = (live: KubeObject) => compareObject({ entry, live, desired: scaler, hashKey });
    const heldBy = (metrics: object[], changes: object) => {
      const live = withMetrics(metrics);
      const holder = by('kubectl-create', { 'f:spec': { 'f:metrics': {} } });
      Object.assign(live.metadata, { resourceVersion: '9', managedFields: [holder] }, changes);
      return compared(live);
    };
    expect(heldBy([cpu], {}).drift).toBeUndefined();
    expect(heldBy([cpu], { uid: 'another' }).drift).toMatchObject({ state: 'changed', fields: [] });
    expect(heldBy([cpu], { managedFields: [] }).drift).toBeUndefined();
    for (const metrics of [[memory], [cpu, memory]]) {
      const told = { fields: [{ path: 'spec.metrics', manager: 'kubectl-create' }] };
      expect(heldBy(metrics, {}).drift).toMatchObject(told);
      expect(heldBy(metrics, { uid: 'another' }).drift).toMatchObject(told);
    }
  });

  it('tells a field that was left to a controller and that somebody removed, once, unless an autoscaler has it', () => {
    const wanted = git('example.com/v1 App', 'web', { spec: { hook: { ca: 'x', path: '/' }, replicas: 2 } });
    const sent = git('example.com/v1 App', 'web', { spec: { hook: { path: '/' } } });
    const answer = edited(sent, (live) => {
      Object.assign(live, { spec: { hook: { path: '/', ca: 'y' }, replicas: 5 } });
      const fields = { 'f:spec': { 'f:replicas': {}, 'f:hook': { 'f:ca': {} } } };
      entries(live).push(by('shop-controller', fields, { apiVersion: 'example.com/v1' }));
    });
    const recorded = (changes = {}) => recordEntry(wanted, answer, { hashKey, now: new Date(), ...changes });
    const without = (spec: object) =>
      edited(sent, (live) => void Object.assign(live, { spec, metadata: { ...live.metadata, resourceVersion: '9' } }));
    const told = (live: KubeObject, changes?: object) =>
      compareObject({ entry: recorded(changes), live, desired: wanted, hashKey }).drift;
    const removed = { note: 'removed, by whom is not recorded' };
    const ca = { path: 'spec.hook.ca', git: 'x', ...removed };
    const replicas = { path: 'spec.replicas', git: 2, ...removed };
    expect(told(without({ hook: { path: '/' } }))).toMatchObject({ state: 'changed', fields: [ca, replicas] });
    expect(told(without({ hook: { path: '/' } }), { scaling: 'scaled' })?.fields).toEqual([ca]);
    const rules = driftRules({ ignore: [{ object: '*/App/*/*', path: 'spec.hook.ca' }] }, new Date());
    const verdict = compareObject({
      entry: recorded(),
      live: without({ hook: { path: '/' }, replicas: 5 }),
      hashKey,
      rules,
    });
    expect(verdict.drift).toBeUndefined();
    expect(verdict.rulesUsed).toHaveLength(1);
  });

  it('tells an item of a list once that is gone with the field of it that was left to a controller', () => {
    const item = 'k:{"name":"web"}';
    const app = git('example.com/v1 App', 'web', { hooks: [{ name: 'web', ca: 'x' }] });
    const ours = (fields: object) =>
      edited(app, (live) => {
        Object.assign(live, { hooks: 'f:hooks' in fields ? [{ name: 'web', ca: 'y' }] : undefined });
        Object.assign(live.metadata, {
          resourceVersion: '9',
          managedFields: [{ ...entries(live)[0], fieldsV1: fields }],
        });
      });
    const entry = recordEntry(app, ours({ 'f:hooks': { [item]: { '.': {}, 'f:name': {} } } }), {
      hashKey,
      now: new Date(),
    });
    const left = { left: ['hooks[name=web].ca'], leftAt: [['f:hooks', item, 'f:ca']] };
    const verdict = compareObject({
      entry: { ...entry, ...left, resourceVersion: '8' },
      live: ours({ 'f:kind': {} }),
      hashKey,
    });
    expect(verdict.drift?.fields).toMatchObject([{ path: 'hooks[name=web]' }]);
  });

  it('does not miss a field that was left to a controller and of which Git has an empty value', () => {
    const wanted = git('example.com/v1 App', 'web', { spec: { ca: '' } });
    const sent = git('example.com/v1 App', 'web', {});
    const answer = edited(sent, (live) => {
      live['spec'] = { ca: 'y' };
      entries(live).push(by('shop-controller', { 'f:spec': { 'f:ca': {} } }));
    });
    const entry = recordEntry(wanted, answer, { hashKey, now: new Date() });
    expect(entry).toMatchObject({ left: ['spec.ca'] });
    const live = edited(sent, (one) => void Object.assign(one.metadata, { resourceVersion: '9' }));
    expect(compareObject({ entry, live, desired: wanted, hashKey }).drift).toBeUndefined();
  });

  it('shows what a tool added that the API server forgot, and calls it no drift: it may be anybody', () => {
    const live = edited(settings, (one) => {
      Object.assign(one.data as object, { more: '1' });
      entries(one).push(by('ancient-changes', { 'f:data': { 'f:more': {} } }));
    });
    const verdict = compare(settings, live);
    expect(verdict.drift).toBeUndefined();
    expect(verdict.addedByOthers).toMatchObject([
      { path: 'data.more', live: '1', manager: 'unknown tool', note: 'added' },
    ]);
  });

  it('does not call a Job missing that Kubernetes deletes when it has finished', () => {
    const job = (spec: object) => git('batch/v1 Job', 'migrate', { spec });
    expect(compare(job({ ttlSecondsAfterFinished: 0 }), undefined).drift).toBeUndefined();
    expect(compare(job({ parallelism: 1 }), undefined).drift).toMatchObject({ state: 'missing' });
  });

  it('reads the stringData that somebody applied as the data that it became', () => {
    const login = git('Secret', 'login', { data: { key: 'Z2l0' } });
    const applied = (key: string) =>
      edited(login, (live) => {
        Object.assign(live.data as object, { [key]: 'b3RoZXI=' });
        const fields = { 'f:stringData': { [`f:${key}`]: {} } };
        entries(live).push(by('kubectl', fields, { operation: 'Apply' }));
      });
    expect(compare(login, applied('more')).drift).toMatchObject({
      state: 'added',
      fields: [{ path: 'data.more', manager: 'kubectl' }],
    });
    expect(compare(login, applied('key')).drift).toMatchObject({
      state: 'changed',
      fields: [{ path: 'data.key', manager: 'kubectl', operation: 'Apply' }],
    });
  });

  it('knows what was left to a controller also where nothing around it is ours, and tells a person’s change of it once', () => {
    const wanted = git('Secret', 'settings', { data: { 'tls.crt': '' } });
    const left = { ...entryOf(git('Secret', 'settings', {})), left: ['data[tls.crt]'] };
    const filled = (manager: string) =>
      edited(git('Secret', 'settings', {}), (live) => {
        Object.assign(live, { data: { 'tls.crt': 'eA==' } });
        entries(live).push(by(manager, { 'f:data': { '.': {}, 'f:tls.crt': {} } }));
      });
    const compared = (manager: string) =>
      compareObject({ entry: left, live: filled(manager), desired: wanted, hashKey });
    expect(compared('cert-manager')).toMatchObject({ leftToControllers: [{ path: 'data[tls.crt]' }] });
    expect(compared('cert-manager').drift).toBeUndefined();
    expect(compared('kubectl-edit').drift).toMatchObject({
      state: 'changed',
      fields: [{ path: 'data[tls.crt]', manager: 'kubectl-edit' }],
    });
    expect(compared('kubectl-edit').drift?.fields).toHaveLength(1);
  });

  it('ignores what controllers add, status, and what a tool notes for itself', () => {
    const note = 'kubectl.kubernetes.io/last-applied-configuration';
    const live = edited(settings, (object) => {
      Object.assign(object.data as object, { c: '3' });
      Object.assign(object.metadata.annotations!, { [note]: '{}', revision: '1' });
      entries(object).push(
        by('kube-controller-manager', { 'f:data': { 'f:c': {} } }),
        by('kubectl-edit', { 'f:metadata': { 'f:annotations': { 'f:revision': {} } } }, { subresource: 'status' }),
        by('kubectl-client-side-apply', { 'f:metadata': { 'f:annotations': { [`f:${note}`]: {} } } }),
      );
    });
    const verdict = compare(settings, live);
    expect({ drift: verdict.drift, others: verdict.addedByOthers }).toEqual({ drift: undefined, others: [] });
  });

  it('still reports an addition when nothing has moved since the apply', () => {
    const addition = by('kubectl-edit', { 'f:data': { 'f:c': {} } });
    const live = answerTo({ ...settings, data: { ...(settings.data as object), c: '3' } }, [addition]);
    delete oursOf(live)['f:data']!['f:c'];
    const entry = entryOf(settings, live);
    expect(entry.foreign).toEqual(['data.c']);
    expect(compareObject({ entry, live, hashKey }).drift).toMatchObject({
      state: 'added',
      fields: [{ path: 'data.c' }],
    });
  });

  it('refuses to compare what was read at another version', () => {
    const live = edited(settings, (object) => void Object.assign(object, { apiVersion: 'v2' }));
    expect(compare(settings, live)).toMatchObject({ unknown: 'it was applied as v1 and read as v2' });
  });

  it('shows no value of a Secret, only hashes that depend on the key', () => {
    const secret = git('Secret', 'login', { stringData: { a: 'canary-1', b: 'x' } });
    const live = edited(secret, (object) => {
      Object.assign(object.data as object, { a: btoa('canary-2') });
      delete oursOf(object)['f:data']!['f:a'];
      entries(object).push(by('kubectl-edit', { 'f:data': { 'f:a': {} } }));
    });
    const withKey = (key: string) => {
      const hash = new TextEncoder().encode(key);
      return JSON.stringify(compareObject({ entry: entryOf(secret), live, desired: secret, hashKey: hash }));
    };
    const [one, two] = [withKey('a key of the tests'), withKey('another key')];
    for (const text of [one, two, JSON.stringify(entryOf(secret))]) {
      expect(text).not.toMatch(/canary|Y2FuYXJ5/);
    }
    expect(one).toContain('"git":"hash:');
    expect(one).not.toBe(two);
  });
});

describe('laws of comparing', () => {
  const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('__proto__'));
  const objects = fc
    .dictionary(fc.stringMatching(/^[a-z]{1,5}$/), json, { maxKeys: 5 })
    .map((spec) => git('example.com/v1 Thing', 'a', { spec }));

  it('whatever was applied, nothing differs right after, also when the resourceVersion moved', () => {
    fc.assert(
      fc.property(objects, (object) => {
        expect(
          compare(
            object,
            edited(object, () => {}),
          ).drift,
        ).toBeUndefined();
      }),
    );
  });

  it('the order of keys does not matter', () => {
    fc.assert(
      fc.property(objects, (object) => {
        const shuffled = reversedKeys(edited(object, () => {})) as KubeObject;
        expect(compare(object, shuffled).drift).toBeUndefined();
        expect(entryOf(reversedKeys(object) as KubeObject).desiredHash).toBe(entryOf(object).desiredHash);
      }),
    );
  });

  it('a scalar of ours that has another value is always found, at its path', () => {
    fc.assert(
      fc.property(objects, fc.string(), (object, value) => {
        const base = { ...object, spec: { ...(object.spec as object), probe: `was ${value}` } };
        const live = edited(base, (changed) => void Object.assign(changed.spec as object, { probe: value }));
        expect(compare(base, live).drift?.fields.map(({ path }) => path)).toEqual(['spec.probe']);
      }),
    );
  });
});

function reversedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversedKeys);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, reversedKeys(inner)] as const)
      .reverse(),
  );
}
