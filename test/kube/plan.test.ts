import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesOf, type PlanOptions, plan } from '../../lib/kube/plan.ts';
import type { AppliedRecord } from '../../lib/kube/record.ts';
import { UserError } from '../../lib/model/errors.ts';
import { type KubeObject, nameOf } from '../../lib/model/kube-object.ts';
import { answerTo, edited, git, hashKey, recordOf, sync } from './answers.ts';

const options: PlanOptions = { sync, prune: true, selfHeal: true, hashKey };
const settings = git('ConfigMap', 'settings', { data: { a: '1' } });
const web = git('apps/v1 Deployment', 'web', { spec: { replicas: 2 } });
const shop = git('Namespace', 'shop', {}, '');

interface Given {
  desired: KubeObject[];
  /** What the cluster has; everything else that is asked for is not there. */
  there?: KubeObject[];
  record?: AppliedRecord;
  changed?: Partial<PlanOptions>;
}

function planned({ desired, there = [], record, changed = {} }: Given) {
  const names = [
    ...desired.map(nameOf),
    ...(record?.entries ?? []).map(({ object }) => object),
    ...(record?.intent?.objects ?? []),
  ];
  const live = new Map<string, KubeObject | undefined>(names.map((name) => [name, undefined]));
  for (const object of there) live.set(nameOf(object), object);
  return plan({ desired, live, record, options: { ...options, ...changed } });
}

const many = (count: number) =>
  Array.from({ length: count }, (_, i) => git('ConfigMap', `c${i}`, { data: { a: '1' } }));

describe('planning', () => {
  it('creates what is not there, in order', () => {
    const made = planned({ desired: [web, settings, shop] });
    expect(made.apply.map((group) => group.map(({ id }) => id))).toEqual([
      ['Namespace/shop'],
      ['ConfigMap/shop/settings'],
      ['apps/Deployment/shop/web'],
    ]);
    expect(changesOf(made)[0]).toEqual({ object: 'Namespace/shop', action: 'created', reason: 'not there yet' });
  });

  it('does nothing when everything is as it was applied', () => {
    const desired = [settings, web];
    const made = planned({ desired, there: desired.map((object) => answerTo(object)), record: recordOf(desired) });
    expect(changesOf(made).map(({ action }) => action)).toEqual(['unchanged', 'unchanged']);
  });

  it('configures what changed in Git, and only that', () => {
    const next = git('ConfigMap', 'settings', { data: { a: '2' } });
    const made = planned({
      desired: [next, web],
      there: [answerTo(settings), answerTo(web)],
      record: recordOf([settings, web]),
    });
    expect(changesOf(made)).toEqual([
      { object: 'ConfigMap/shop/settings', action: 'configured', reason: 'changed in Git' },
      { object: 'apps/Deployment/shop/web', action: 'unchanged' },
    ]);
  });

  it('reports a drift and puts it right, with self-heal', () => {
    const live = edited(settings, (object) => void Object.assign(object.data as object, { a: '9' }));
    const made = planned({ desired: [settings], there: [live], record: recordOf([settings]) });
    expect(made.drift).toMatchObject([{ state: 'changed', fields: [{ path: 'data.a', git: '1', live: '9' }] }]);
    expect(changesOf(made)).toMatchObject([{ action: 'configured', reason: 'drift: data.a' }]);
  });

  it('reports a drift and leaves it, without self-heal; also what is missing', () => {
    const live = edited(settings, (object) => void Object.assign(object.data as object, { a: '9' }));
    const made = planned({
      desired: [settings, web],
      there: [live],
      record: recordOf([settings, web]),
      changed: { selfHeal: false },
    });
    expect(made.drift.map(({ state }) => state)).toEqual(['changed', 'missing']);
    expect(made.apply).toEqual([]);
    expect(made.skipped.map(({ reason }) => reason)).toEqual([
      'it drifted, and self-heal is off',
      'it is missing, and self-heal is off',
    ]);
  });

  it('does not show Git as it is now for what was applied before', () => {
    const live = edited(settings, (object) => void Object.assign(object.data as object, { a: '9' }));
    const next = git('ConfigMap', 'settings', { data: { a: '2' } });
    const made = planned({ desired: [next], there: [live], record: recordOf([settings]) });
    expect(made.drift[0]?.fields).toMatchObject([{ path: 'data.a', live: '9' }]);
    expect(made.drift[0]?.fields[0]).not.toHaveProperty('git');
  });

  it('believes no entry that a cut-off pull was about to rewrite', () => {
    const live = edited(settings, (object) => void Object.assign(object.data as object, { a: '9' }));
    const made = planned({ desired: [settings], there: [live], record: recordOf([settings], [nameOf(settings)]) });
    expect(made.drift).toEqual([]);
    expect(changesOf(made)).toMatchObject([{ action: 'configured', reason: 'the last pull was cut off' }]);
  });

  it('leaves an object alone that is being deleted', () => {
    const live = answerTo(settings);
    live.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(planned({ desired: [settings], there: [live] }).skipped).toMatchObject([{ reason: 'it is being deleted' }]);
  });

  it('refuses two objects of one name, also in different versions', () => {
    const twice = [git('apps/v1 Deployment', 'web'), git('apps/v1beta1 Deployment', 'web')];
    expect(() => planned({ desired: twice })).toThrow(UserError);
  });

  it('does not take an object that nobody looked up for one that is not there', () => {
    expect(() => plan({ desired: [settings], live: new Map(), record: undefined, options })).toThrow(/not looked up/);
  });
});

describe('pruning', () => {
  const gone = (objects: KubeObject[], rest: KubeObject[], changed: Partial<PlanOptions> = {}, there = objects) =>
    planned({
      desired: rest,
      there: [...there, ...rest].map((object) => (object.metadata.uid ? object : answerTo(object))),
      record: recordOf([...objects, ...rest]),
      changed,
    });

  it('deletes what left Git, in the reverse order', () => {
    const made = gone([settings, web], many(3));
    expect(made.prune.flat().map(({ id }) => id)).toEqual(['apps/Deployment/shop/web', 'ConfigMap/shop/settings']);
  });

  it.each([
    ['prune is off', { prune: false }, 'it left Git; prune is off'],
    [
      'the caller says why not',
      { keep: 'the render has problems' },
      'it left Git; not pruned: the render has problems',
    ],
  ])('keeps it when %s', (_name, changed, reason) => {
    const made = gone([settings], many(1), changed);
    expect({ prune: made.prune, skipped: made.skipped }).toEqual({
      prune: [],
      skipped: [{ id: nameOf(settings), reason }],
    });
  });

  it('keeps everything when Git is empty', () => {
    expect(gone([settings], [])).toMatchObject({
      prune: [],
      skipped: [{ reason: 'Git has no object at all: nothing is pruned' }],
    });
  });

  it.each([
    ['without our label', (object: KubeObject) => delete object.metadata.labels!['windlass.dev/sync']],
    [
      'that is a copy of another',
      (object: KubeObject) => (object.metadata.annotations!['windlass.dev/id'] = 'shop:ConfigMap/shop/other'),
    ],
  ])('keeps an object %s', (_name, change) => {
    const live = answerTo(settings);
    change(live);
    const made = gone([settings], many(1), {}, [live]);
    expect(made.prune).toEqual([]);
    expect(made.skipped).toMatchObject([{ reason: expect.stringContaining('does not carry our label') }]);
  });

  it('forgets an object that moved to another sync, or is gone', () => {
    const moved = answerTo(settings);
    moved.metadata.labels!['windlass.dev/sync'] = 'other';
    moved.metadata.annotations!['windlass.dev/id'] = 'other:ConfigMap/shop/settings';
    expect(gone([settings], many(1), {}, [moved])).toMatchObject({ prune: [], skipped: [], gone: [nameOf(settings)] });
    expect(gone([settings], many(1), {}, [])).toMatchObject({ prune: [], skipped: [], gone: [nameOf(settings)] });
  });

  it('keeps namespaces, volumes, claims and definitions, unless they say so', () => {
    const kinds = [
      'Namespace',
      'PersistentVolume',
      'PersistentVolumeClaim',
      'apiextensions.k8s.io/v1 CustomResourceDefinition',
    ];
    const objects = kinds.map((kind) => git(kind, 'a', {}, ''));
    expect(gone(objects, many(1)).prune).toEqual([]);
    const annotated = kinds.map((kind) =>
      git(kind, 'a', { metadata: { annotations: { 'windlass.dev/prune': 'always' } } }, ''),
    );
    expect(gone(annotated, many(1)).prune.flat()).toHaveLength(4);
  });

  it('keeps what says never', () => {
    const kept = git('ConfigMap', 'kept', { metadata: { annotations: { 'windlass.dev/prune': 'never' } } });
    expect(gone([kept], many(1)).skipped).toMatchObject([
      { reason: 'it left Git; an annotation says never to prune it' },
    ]);
  });

  it.each([
    ['10 of 11', 10, 1, 10],
    ['11 of 44', 11, 33, 11],
    ['11 of 43', 11, 32, 0],
  ])('looks twice at more than 10 objects and a quarter: %s', (_name, leave, stay, pruned) => {
    const all = many(leave + stay);
    const made = gone(all.slice(0, leave), all.slice(leave));
    expect(made.prune.flat()).toHaveLength(pruned);
    expect(made.skipped).toHaveLength(leave - pruned);
  });

  it('prunes also what a cut-off pull may have created', () => {
    const rest = many(1);
    const record = { ...recordOf(rest), intent: { revision: 'b', objects: [nameOf(settings)] } };
    const made = planned({
      desired: rest,
      there: [answerTo(settings), ...rest.map((object) => answerTo(object))],
      record,
    });
    expect(made.prune.flat().map(({ id }) => id)).toEqual([nameOf(settings)]);
  });
});

describe('laws of planning', () => {
  const kinds = fc.constantFrom('ConfigMap', 'Secret', 'Service', 'apps/v1 Deployment', 'example.com/v1 Thing');
  const objects = fc.uniqueArray(
    fc
      .tuple(kinds, fc.stringMatching(/^[a-z]{1,6}$/), fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.string()))
      .map(([kind, name, data]) => git(kind, name, { data })),
    { selector: nameOf, maxLength: 12 },
  );

  it('planning again what was applied is empty', () => {
    fc.assert(
      fc.property(objects, (desired) => {
        const made = planned({ desired, there: desired.map((object) => answerTo(object)), record: recordOf(desired) });
        expect({ apply: made.apply, prune: made.prune, drift: made.drift }).toEqual({
          apply: [],
          prune: [],
          drift: [],
        });
      }),
    );
  });

  it('every object is in exactly one place', () => {
    fc.assert(
      fc.property(objects, objects, (before, desired) => {
        const made = planned({ desired, there: before.map((object) => answerTo(object)), record: recordOf(before) });
        const names = [...changesOf(made).map(({ object }) => object), ...made.gone];
        expect(names.sort()).toEqual([...new Set([...before, ...desired].map(nameOf))].sort());
      }),
    );
  });
});
