import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDirectoryTree } from '../lib/adapters/local/directory-tree.ts';
import { openKustomizer } from '../lib/adapters/renderers/kustomizer.ts';
import type { Config } from '../lib/config/config.ts';
import { readConfig } from '../lib/config/windlass-file.ts';
import { desired } from '../lib/desired/desired.ts';
import { findMarkers, type Marker } from '../lib/edit/find-markers.ts';
import { isTag, parseImageRef } from '../lib/model/image-ref.ts';
import { type KubeObject, nameOf } from '../lib/model/kube-object.ts';
import { choose } from '../lib/policy/choose.ts';
import { compilePolicy, type Policy } from '../lib/policy/policy.ts';
import type { PolicySpec } from '../lib/policy/spec.ts';

const shop = fileURLToPath(new URL('../examples/shop', import.meta.url));
const minimal = fileURLToPath(new URL('../examples/minimal', import.meta.url));

/** The objects of one path of an example, which must render without a problem. */
async function objectsOf(example: string, path: string): Promise<KubeObject[]> {
  const tree = await openDirectoryTree(example);
  const { objects, problems } = await desired({ tree, path, kustomizer: openKustomizer({ env: process.env }) });
  expect(problems).toEqual([]);
  return objects.map(({ object }) => object);
}

/** All markers of an example. Each must be one that can be edited. */
async function markersOf(example: string): Promise<Marker[]> {
  const tree = await openDirectoryTree(example);
  const files = (await tree.files('.')).filter(({ kind }) => kind === 'file');
  const marked = await Promise.all(files.map(async ({ path }) => findMarkers({ path, bytes: await tree.read(path) })));
  expect(marked.flatMap((file) => file?.skipped ?? [])).toEqual([]);
  return marked.flatMap((file) => file?.markers ?? []);
}

/** windlass.yaml of an example, which must be without a problem and without a remark. */
async function configOf(example: string): Promise<Config> {
  const { config, problems, warnings } = readConfig(await readFile(`${example}/windlass.yaml`, 'utf8'));
  expect([...problems, ...warnings]).toEqual([]);
  return config!;
}

async function policiesOf(example: string): Promise<Map<string, { spec: PolicySpec; policy: Policy }>> {
  const { images } = await configOf(example);
  return new Map(Object.entries(images).map(([name, spec]) => [name, { spec, policy: compilePolicy(spec) }]));
}

const tagOf = ({ part, value }: Marker) => (part === 'tag' ? value : parseImageRef(value)?.tag);

describe.each([
  ['shop', shop],
  ['minimal', minimal],
])('the markers of the example %s', (_, example) => {
  it('name every policy, and only policies', async () => {
    const named = (await markersOf(example)).map(({ policy }) => policy);
    expect([...new Set(named)].sort()).toEqual([...(await policiesOf(example)).keys()].sort());
  });

  it('stand beside tags that their policies would choose', async () => {
    const policies = await policiesOf(example);
    for (const marker of await markersOf(example)) {
      const tag = tagOf(marker)!;
      expect(isTag(tag)).toBe(true);
      const place = policies.get(marker.policy)!.policy.place(tag);
      expect({ ...place, rank: 0 }).toEqual({ tag, rank: 0 });
    }
  });
});

describe('the example shop', () => {
  let staging: KubeObject[];
  let prod: KubeObject[];
  let infra: KubeObject[];

  beforeAll(async () => {
    infra = await objectsOf(shop, 'clusters/main');
    staging = await objectsOf(shop, 'apps/shop/staging');
    prod = await objectsOf(shop, 'apps/shop/prod');
  });

  it('is three syncs: what both environments stand on, and one for each', async () => {
    const { syncs } = await configOf(shop);
    expect(syncs.map(({ name, path, dependsOn, prune }) => ({ name, path, dependsOn, prune }))).toEqual([
      { name: 'infra', path: 'clusters/main', dependsOn: [], prune: false },
      { name: 'shop-staging', path: 'apps/shop/staging', dependsOn: ['infra'], prune: true },
      { name: 'shop-prod', path: 'apps/shop/prod', dependsOn: ['infra'], prune: true },
    ]);
  });

  it('has a policy of each kind', async () => {
    const kinds = [...(await policiesOf(shop)).values()].map(({ spec }) => Object.keys(spec));
    for (const kind of ['semver', 'numerical', 'alphabetical', 'filter']) expect(kinds.flat()).toContain(kind);
  });

  it.each([
    ['1.5.0', ['web', 'web-prod']],
    ['1.5.0-rc.1', ['web']],
    ['1.7.0-broken', ['web']],
    ['2.0.0', []],
    ['1.4.1', []],
    ['latest', []],
  ])('takes web:%s by the policies %j', async (pushed, takers) => {
    const policies = await policiesOf(shop);
    const took = ['web', 'web-prod'].filter((name) => {
      const question = {
        policy: policies.get(name)!.policy,
        tags: ['1.4.2', pushed],
        current: '1.4.2',
        now: new Date(),
      };
      return choose(question).chosen === pushed;
    });
    expect(took).toEqual(takers);
  });

  it('takes the worker builds of main in staging, and of the release branch in prod', async () => {
    const policies = await policiesOf(shop);
    const markers = await markersOf(shop);
    const tags = [
      'main-0c44e1f-1793782800',
      'release-77aa012-1793782801',
      'feature-0c44e1f-1793782802',
      'main-0c44e1f-1793782800-broken',
    ];
    const chosen = ['worker', 'worker-prod'].map((name) => {
      const current = markers.filter(({ policy }) => policy === name).map(({ value }) => value);
      return choose({ policy: policies.get(name)!.policy, tags: [...tags, ...current], current, now: new Date() })
        .chosen;
    });
    expect(chosen).toEqual(['main-0c44e1f-1793782800', 'release-77aa012-1793782801']);
  });

  it('keeps each environment in its own namespace, with the same objects', () => {
    const names = (objects: KubeObject[], namespace: string) => {
      expect(new Set(objects.map((object) => object.metadata.namespace))).toEqual(new Set([namespace]));
      return objects
        .map((object) =>
          nameOf(object)
            .replace(namespace, 'NS')
            .replace(/-[a-z0-9]{10}$/, ''),
        )
        .sort();
    };
    expect(names(staging, 'shop-staging')).toEqual(names(prod, 'shop-prod'));
  });

  it('is what a team has: services, a database, an ingress, an autoscaler, a job, rules and a kind of its own', () => {
    const kinds = [...infra, ...prod].map((object) => object.kind);
    const count = (kind: string) => kinds.filter((one) => one === kind).length;
    expect(count('Deployment')).toBe(3);
    for (const kind of [
      'StatefulSet',
      'Ingress',
      'HorizontalPodAutoscaler',
      'CronJob',
      'CustomResourceDefinition',
      'MaintenanceWindow',
    ])
      expect([kind, count(kind)]).toEqual([kind, 1]);
    for (const kind of [
      'Service',
      'ConfigMap',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Role',
      'ServiceAccount',
      'Namespace',
    ])
      expect([kind, count(kind) > 0]).toEqual([kind, true]);
  });

  it('leaves replicas to the autoscaler, where there is one', () => {
    const scaled = prod
      .filter((object) => object.kind === 'HorizontalPodAutoscaler')
      .map((object) => at(object, 'spec', 'scaleTargetRef', 'name'));
    for (const deployment of prod.filter((object) => object.kind === 'Deployment'))
      expect([deployment.metadata.name, at(deployment, 'spec', 'replicas') === undefined]).toEqual([
        deployment.metadata.name,
        scaled.includes(deployment.metadata.name),
      ]);
  });

  it('has every Service select the pods of one workload', () => {
    for (const service of prod.filter((object) => object.kind === 'Service')) {
      const wanted = Object.entries(at(service, 'spec', 'selector') as Record<string, string>);
      const selected = prod.filter((object) => {
        const labels = at(object, 'spec', 'template', 'metadata', 'labels') as Record<string, string> | undefined;
        return labels !== undefined && wanted.every(([key, value]) => labels[key] === value);
      });
      expect(selected.map((object) => object.metadata.name)).toEqual([service.metadata.name]);
    }
  });

  it('has no Secret in Git', () =>
    expect([...infra, ...staging, ...prod].filter((object) => object.kind === 'Secret')).toEqual([]));
});

describe('the example minimal', () => {
  it('needs fewer than 15 lines of windlass.yaml', async () => {
    const lines = (await readFile(`${minimal}/windlass.yaml`, 'utf8')).trimEnd().split('\n');
    expect(lines.length).toBeLessThan(15);
  });

  it('renders', async () =>
    expect((await objectsOf(minimal, 'deploy')).map(nameOf)).toEqual([
      'Namespace/web',
      'apps/Deployment/web/web',
      'Service/web/web',
    ]));
});

/** What an object has at a path of fields; undefined where the path ends early. */
function at(object: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((inner, field) => (inner as Record<string, unknown> | undefined)?.[field], object);
}
