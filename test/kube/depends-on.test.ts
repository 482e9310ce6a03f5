import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { badOrder } from '../../lib/kube/bad-order.ts';
import { orderWishOf } from '../../lib/kube/depends-on.ts';
import { applyOrder, orderGroups } from '../../lib/kube/order.ts';
import { plan } from '../../lib/kube/plan.ts';
import { precedenceOf } from '../../lib/kube/precedence.ts';
import { type KubeObject, nameOf } from '../../lib/model/kube-object.ts';
import { answerTo, git, hashKey, recordOf, sync } from './answers.ts';

const annotated = (kind: string, name: string, annotations: Record<string, string>, rest = {}) =>
  git(
    kind,
    name,
    { metadata: { annotations }, ...rest },
    kind === 'Namespace' || kind.includes('Custom') ? '' : 'shop',
  );
const comesAfter = (kind: string, name: string, ...names: string[]) =>
  annotated(kind, name, { 'windlass.dev/depends-on': names.join(', ') });
const wave = (kind: string, name: string, value: string | number) =>
  annotated(kind, name, { 'argocd.argoproj.io/sync-wave': `${value}` });
const groupsOf = (objects: KubeObject[]) => orderGroups(objects).map((group) => group.map(nameOf));

const db = git('apps/v1 Deployment', 'db');
const map = git('ConfigMap', 'map');

describe('an object that depends on others', () => {
  it('is in a later group than they are, also where its kind would come first', () => {
    const job = comesAfter('batch/v1 Job', 'migrate', 'apps/Deployment/shop/db');
    const web = comesAfter('apps/v1 Deployment', 'web', 'batch/Job/shop/migrate', 'ConfigMap/shop/map');
    const late = comesAfter('ConfigMap', 'late', 'apps/Deployment/shop/web');
    expect(groupsOf([late, web, job, map, db])).toEqual([
      ['ConfigMap/shop/map'],
      ['apps/Deployment/shop/db'],
      ['batch/Job/shop/migrate'],
      ['apps/Deployment/shop/web'],
      ['ConfigMap/shop/late'],
    ]);
  });

  it('changes nothing for the others', () => {
    const others = [map, db, git('Secret', 'token'), git('batch/v1 Job', 'other')];
    expect(groupsOf([comesAfter('Service', 'web', 'ConfigMap/shop/map'), ...others])).toEqual([
      ['ConfigMap/shop/map', 'Secret/shop/token'],
      ['Service/shop/web'],
      ['apps/Deployment/shop/db', 'batch/Job/shop/other'],
    ]);
  });

  it('takes its namespace, or its kind, to where it goes', () => {
    const namespace = annotated('Namespace', 'shop', { 'windlass.dev/depends-on': 'apps/Deployment/infra/operator' });
    const operator = git('apps/v1 Deployment', 'operator', {}, 'infra');
    expect(groupsOf([map, db, namespace, operator]).flat()).toEqual([
      'apps/Deployment/infra/operator',
      'Namespace/shop',
      'ConfigMap/shop/map',
      'apps/Deployment/shop/db',
    ]);
    const crd = annotated(
      'apiextensions.k8s.io/v1 CustomResourceDefinition',
      'things.example.com',
      { 'windlass.dev/depends-on': 'apps/Deployment/infra/operator' },
      { spec: { group: 'example.com', names: { kind: 'Thing' } } },
    );
    const thing = git('example.com/v1 Thing', 'one');
    expect(groupsOf([thing, crd, operator]).flat()).toEqual([
      'apps/Deployment/infra/operator',
      'apiextensions.k8s.io/CustomResourceDefinition/things.example.com',
      'example.com/Thing/shop/one',
    ]);
  });

  it('is deleted before them', () => {
    const web = comesAfter('ConfigMap', 'web', 'apps/Deployment/shop/db', 'ConfigMap/shop/not-any-more');
    const left = [db, web, map];
    const keep = git('ConfigMap', 'keep');
    const there = [...left, keep].map((object) => answerTo(object));
    const made = plan({
      desired: [keep],
      live: new Map(there.map((object) => [nameOf(object), object])),
      record: recordOf([...left, keep]),
      options: { sync, prune: true, selfHeal: true, hashKey },
    });
    expect(made.prune.map((group) => group.map(({ id }) => id))).toEqual([
      ['ConfigMap/shop/web'],
      ['apps/Deployment/shop/db'],
      ['ConfigMap/shop/map'],
    ]);
  });

  it("reads the annotation of cli-utils, over which ours wins, and Argo CD's waves", () => {
    const foreign = 'apps/namespaces/shop/Deployment/db, /namespaces/shop/ConfigMap/map,/Namespace/shop';
    const key = 'config.kubernetes.io/depends-on';
    expect(orderWishOf(annotated('Secret', 's', { [key]: foreign }))).toEqual({
      after: ['apps/Deployment/shop/db', 'ConfigMap/shop/map', 'Namespace/shop'],
      wave: 0,
      bad: [],
    });
    const both = { [key]: foreign, 'windlass.dev/depends-on': 'Namespace/x', 'argocd.argoproj.io/sync-wave': '-2' };
    expect(orderWishOf(annotated('Secret', 's', both))).toEqual({ after: ['Namespace/x'], wave: -2, bad: [] });
  });
});

describe('waves', () => {
  it('come before the order of kinds', () => {
    expect(groupsOf([wave('ConfigMap', 'last', 2), wave('Service', 'first', -1), db, map])).toEqual([
      ['Service/shop/first'],
      ['ConfigMap/shop/map'],
      ['apps/Deployment/shop/db'],
      ['ConfigMap/shop/last'],
    ]);
  });

  it('take namespaces and kinds along with the first that needs them', () => {
    const namespace = git('Namespace', 'shop', {}, '');
    expect(groupsOf([map, wave('batch/v1 Job', 'first', -1), namespace])).toEqual([
      ['Namespace/shop'],
      ['batch/Job/shop/first'],
      ['ConfigMap/shop/map'],
    ]);
    expect(precedenceOf([map, wave('batch/v1 Job', 'first', -1), namespace]).needs).toEqual(
      new Map([['ConfigMap/shop/map', ['Namespace/shop', 'batch/Job/shop/first']]]),
    );
  });

  it('wait for the wave before, whatever number it has', () => {
    const { needs } = precedenceOf([wave('ConfigMap', 'a', -5), db, wave('ConfigMap', 'b', 7)]);
    expect(needs).toEqual(
      new Map([
        ['apps/Deployment/shop/db', ['ConfigMap/shop/a']],
        ['ConfigMap/shop/b', ['apps/Deployment/shop/db']],
      ]),
    );
  });
});

describe('annotations that cannot be followed', () => {
  const found = (objects: KubeObject[], others?: string[]) =>
    badOrder(objects, others).map(({ object, key, message, hint }) => [object, `${key}: ${message} (${hint})`]);

  it('are all told at once', () => {
    const objects = [
      db,
      comesAfter('ConfigMap', 'typo', 'apps/Deployment/shop/bd'),
      comesAfter('ConfigMap', 'odd', 'apps/v1/Deployment/shop/db', 'ConfigMap/other/far'),
      comesAfter('ConfigMap', 'none', ''),
      annotated('ConfigMap', 'foreign', { 'config.kubernetes.io/depends-on': 'apps/Deployment/shop/db/x' }),
      wave('ConfigMap', 'wave', 'first'),
      comesAfter('ConfigMap', 'elsewhere', 'example.com/Thing/shop/refused'),
    ];
    expect(found(objects, ['example.com/Thing/shop/refused'])).toEqual([
      [
        'ConfigMap/shop/foreign',
        'config.kubernetes.io/depends-on: "apps/Deployment/shop/db/x" is no name of an object (it holds GROUP/namespaces/NAMESPACE/KIND/NAME, or GROUP/KIND/NAME, with commas between them)',
      ],
      [
        'ConfigMap/shop/none',
        'windlass.dev/depends-on: it names no object (it holds names with commas between them: apps/Deployment/shop/db, Namespace/shop)',
      ],
      [
        'ConfigMap/shop/odd',
        'windlass.dev/depends-on: "apps/v1/Deployment/shop/db" is no name of an object (it holds names with commas between them: apps/Deployment/shop/db, Namespace/shop)',
      ],
      [
        'ConfigMap/shop/odd',
        'windlass.dev/depends-on: the sync has no ConfigMap/other/far (between syncs there is dependsOn in windlass.yaml)',
      ],
      [
        'ConfigMap/shop/typo',
        'windlass.dev/depends-on: the sync has no apps/Deployment/shop/bd (did you mean apps/Deployment/shop/db?)',
      ],
      [
        'ConfigMap/shop/wave',
        'argocd.argoproj.io/sync-wave: "first" is not a value that it can have (it is a whole number, like -1 or 5)',
      ],
    ]);
  });

  it('names every object of every cycle, and nothing that is only behind one', () => {
    const objects = [
      comesAfter('ConfigMap', 'self', 'ConfigMap/shop/self'),
      comesAfter('ConfigMap', 'a', 'Secret/shop/b'),
      comesAfter('Secret', 'b', 'ConfigMap/shop/c'),
      comesAfter('ConfigMap', 'c', 'ConfigMap/shop/a', 'ConfigMap/shop/map'),
      comesAfter('ConfigMap', 'behind', 'ConfigMap/shop/a'),
      map,
    ];
    const cycles = badOrder(objects).map(({ object, message }) => [object, message]);
    const round = (...names: string[]) => `these wait for each other: ${names.join(' -> ')}`;
    const abc = round('ConfigMap/shop/a', 'Secret/shop/b', 'ConfigMap/shop/c', 'ConfigMap/shop/a');
    expect(cycles).toEqual([
      ['ConfigMap/shop/a', abc],
      ['Secret/shop/b', abc],
      ['ConfigMap/shop/c', abc],
      ['ConfigMap/shop/self', round('ConfigMap/shop/self', 'ConfigMap/shop/self')],
    ]);
    expect(new Set(applyOrder(objects).map(nameOf))).toEqual(new Set(objects.map(nameOf)));
  });

  it('sees the cycles of namespaces and waves, too', () => {
    const namespace = annotated('Namespace', 'shop', { 'windlass.dev/depends-on': 'ConfigMap/shop/map' });
    expect(
      badOrder([namespace, map])
        .map(({ object }) => object)
        .sort(),
    ).toEqual(['ConfigMap/shop/map', 'Namespace/shop']);
    const against = [comesAfter('Secret', 'early', 'ConfigMap/shop/late'), wave('ConfigMap', 'late', 1)];
    expect(
      badOrder(against)
        .map(({ object }) => object)
        .sort(),
    ).toEqual(['ConfigMap/shop/late', 'Secret/shop/early']);
  });
});

describe('whatever the annotations say', () => {
  const kinds = ['Namespace', 'ConfigMap', 'Secret', 'apps/v1 Deployment', 'example.com/v1 Thing'];
  const name = (index: number) => nameOf(git(kinds[index % kinds.length]!, `o${index}`));
  const arbitrary = fc.array(
    fc.record({ after: fc.array(fc.nat(11), { maxLength: 2 }), wave: fc.option(fc.integer({ min: -1, max: 1 })) }),
    { minLength: 1, maxLength: 12 },
  );
  const objectsOf = (given: { after: number[]; wave: number | null }[]) =>
    given.map((one, index) =>
      git(kinds[index % kinds.length]!, `o${index}`, {
        metadata: {
          annotations: {
            ...(one.after.length > 0 && { 'windlass.dev/depends-on': one.after.map(name).join(',') }),
            ...(one.wave !== null && { 'argocd.argoproj.io/sync-wave': `${one.wave}` }),
          },
        },
      }),
    );

  it('nothing is lost, nothing depends on the order of the files, and without a problem all that is needed comes first', () => {
    fc.assert(
      fc.property(arbitrary, (given) => {
        const objects = objectsOf(given);
        const groups = groupsOf(objects);
        expect(groups.flat().sort()).toEqual(objects.map(nameOf).sort());
        expect(groupsOf(objects.toReversed())).toEqual(groups);
        if (badOrder(objects).length > 0) return;
        const at = new Map(groups.flatMap((group, index) => group.map((one) => [one, index] as const)));
        for (const [one, first] of precedenceOf(objects).needs)
          for (const needed of first) expect(at.get(needed)!).toBeLessThan(at.get(one)!);
      }),
      { numRuns: 500 },
    );
  });
});
