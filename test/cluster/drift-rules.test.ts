import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import type { Config } from '../../lib/config/config.ts';
import { drift } from '../../lib/drift/drift.ts';
import type { IgnoreRule } from '../../lib/kube/drift-rules.ts';
import { cluster, describeWithCluster, privateControlPlane, temporaryFolder } from '../helpers/cluster.ts';
import { windlass } from '../helpers/io.ts';
import { configMap, crd, deployment, namespace } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, type World } from '../pull/world.ts';

type Settings = Partial<Config['drift']>;

/** A CRD with a list that is one value, as most lists of custom resources are. */
function routes(group: string): string {
  const backend = '{ type: object, properties: { name: { type: string }, weight: { type: integer } } }';
  const spec = `properties: { size: { type: integer }, backends: { type: array, items: ${backend} } }`;
  return crd(group).replace('properties: { size: { type: integer } }', spec);
}

describeWithCluster('rules of Git about drift, on a real API server', () => {
  let world: World;
  const group = () => `${world.sync.name}.example.com`;
  const files = (image = 'web:1.4.0'): Record<string, string> => ({
    'namespace.yaml': namespace(world.namespace),
    'crd.yaml': routes(group()),
    'web.yaml': deployment(world.namespace, 'web', image),
    'settings.yaml': configMap(world.namespace, 'settings', { mode: 'plain', level: '3' }),
    'route.yaml': `apiVersion: ${group()}/v1
kind: Widget
metadata: { name: route, namespace: ${world.namespace} }
spec: { size: 1, backends: [{ name: blue, weight: 90 }, { name: green, weight: 10 }] }
`,
  });
  const web = () => `apps/Deployment/${world.namespace}/web`;
  const rule = (rest: Partial<IgnoreRule>): Settings => ({ ignore: [{ object: '*/*/*/*', ...rest }] });
  const check = (settings: Settings = {}) =>
    drift(
      { sync: world.sync, run: 'check', now: new Date(), settings: { ignore: [], ...settings } },
      {
        ...{ cluster: world.cluster, records: world.records, findings: { send: async () => undefined } },
        desired: { head: async () => 'a', objects: async () => [] },
      },
    );
  const pull = async (settings: Settings = {}, image?: string) => {
    const outcome = await world.pull(files(image), { drift: settings });
    expect(outcome.report.errors).toEqual([]);
    return outcome;
  };
  /** Neither the check nor the pull says anything, and the pull writes nothing. */
  const quiet = async (settings: Settings) => {
    const found = await check(settings);
    expect(found).toMatchObject({ drift: [], unknown: [] });
    const outcome = await pull(settings);
    expect(outcome.report.drift).toEqual([]);
    expect(actionsOf(outcome)).toEqual({ unchanged: 5 });
    return found;
  };
  const container = (name: string, image: string) => ({
    spec: { template: { spec: { containers: [{ name, image }] } } },
  });
  const imageOf = async (name: string) => {
    const live = await world.live('apps/v1', 'Deployment', 'web');
    const { containers } = (
      live as unknown as { spec: { template: { spec: { containers: { name: string; image: string }[] } } } }
    ).spec.template.spec;
    return containers.find((one) => one.name === name)?.image;
  };

  beforeAll(async () => {
    world = await openWorld(cluster().kubeconfigPath, syncSpec());
    await pull();
  });
  afterAll(() => world.close());

  it('leave what one tool does to one field, in the check and in the pull, until Git changes the object', async () => {
    const settings = rule({ path: 'spec.template.spec.containers[name=web].image', manager: 'mesh-*' });
    await world.edit('apps/v1', 'Deployment', 'web', container('web', 'mesh/web:1.4.0'), 'mesh-agent');
    const { rules } = await quiet(settings);
    expect(rules).toEqual([{ rule: '*/*/*/*: spec.template.spec.containers[name=web].image by mesh-*', objects: 1 }]);
    expect((await check()).drift).toMatchObject([{ object: web(), fields: [{ manager: 'mesh-agent' }] }]);
    await pull(settings, 'web:1.5.0');
    expect(await imageOf('web')).toBe('web:1.5.0');
    expect((await check(settings)).rules).toMatchObject([{ objects: 0 }]);
    await pull();
  });

  it('tell what a person does to the same object beside it', async () => {
    const settings = rule({ path: '/spec/template/spec/containers/0/image' });
    await world.edit('apps/v1', 'Deployment', 'web', container('web', 'hand:1'));
    await quiet(settings);
    await world.edit('apps/v1', 'Deployment', 'web', { spec: { replicas: 3 } });
    expect((await check(settings)).drift).toMatchObject([
      { object: web(), fields: [{ path: 'spec.replicas', live: 3 }] },
    ]);
    const { report } = await pull(settings);
    expect(report.drift).toMatchObject([{ fields: [{ path: 'spec.replicas' }] }]);
    expect(await imageOf('web')).toBe('web:1.4.0');
    await quiet({});
  });

  it('leave an item that was put into a list, also when the object is applied for another reason', async () => {
    const settings = rule({ path: 'spec.template.spec.containers[name=istio-*]' });
    await world.edit('apps/v1', 'Deployment', 'web', container('istio-proxy', 'proxy:1'));
    expect((await check()).drift).toMatchObject([
      { state: 'added', fields: [{ path: 'spec.template.spec.containers[name=istio-proxy]' }] },
    ]);
    await quiet(settings);
    await pull(settings, 'web:1.6.0');
    expect([await imageOf('web'), await imageOf('istio-proxy')]).toEqual(['web:1.6.0', 'proxy:1']);
    const { report } = await pull();
    expect(report).toMatchObject({ healed: true });
    expect(await imageOf('istio-proxy')).toBeUndefined();
    await quiet({});
  });

  it('reach into lists of custom resources that are one value', async () => {
    const backends = (...weights: number[]) => ({
      spec: { backends: ['blue', 'green'].map((name, i) => ({ name, weight: weights[i] })) },
    });
    const settings = rule({ path: 'spec.backends[*].weight' });
    await world.edit(`${group()}/v1`, 'Widget', 'route', backends(50, 50));
    await quiet(settings);
    expect((await check(rule({ path: 'spec.backends[name=blue].weight' }))).drift).toMatchObject([
      { fields: [{ path: 'spec.backends' }] },
    ]);
    await quiet(rule({ path: '/spec/backends' }));
    const more = { spec: { backends: [...backends(50, 50).spec.backends, { name: 'red', weight: 1 }] } };
    await world.edit(`${group()}/v1`, 'Widget', 'route', more);
    expect((await check(settings)).drift).toHaveLength(1);
    await pull();
  });

  it('never hide that an object is missing', async () => {
    const configMaps = { ignore: [{ object: 'ConfigMap/*/*', path: '*' }] };
    const settings = (await world.cluster.resource('v1', 'ConfigMap'))!;
    const live = (await world.live('v1', 'ConfigMap', 'settings'))!;
    const id = { group: '', kind: 'ConfigMap', namespace: world.namespace, name: 'settings' };
    await world.cluster.remove(settings, id, live.metadata.uid!);
    expect((await check(configMaps)).drift).toMatchObject([{ state: 'missing' }]);
    expect(actionsOf(await pull(configMaps))).toEqual({ created: 1, unchanged: 4 });
  });

  it('say whose tools count: shown without an alert until Git says so, and healed then', async () => {
    await world.edit('v1', 'ConfigMap', 'settings', { data: { extra: '1' } }, 'shop-script');
    const object = `ConfigMap/${world.namespace}/settings`;
    const shown = await quiet({});
    expect(shown.addedByOthers).toMatchObject([{ object, fields: [{ path: 'data.extra', manager: 'shop-script' }] }]);
    expect(await quiet({ managers: { alert: [], silent: ['shop-*'] } })).not.toHaveProperty('addedByOthers');
    const alert = { managers: { alert: ['shop-*'], silent: [] } };
    expect((await check(alert)).drift).toMatchObject([{ object, state: 'added' }]);
    expect((await pull(alert)).report).toMatchObject({ healed: true, drift: [{ object, state: 'added' }] });
    expect((await world.live('v1', 'ConfigMap', 'settings'))?.['data']).toEqual({ mode: 'plain', level: '3' });
    await quiet(alert);
  });

  it('leave a field of Git to a program that Git calls a controller', async () => {
    const silent = { managers: { alert: [], silent: ['level-tuner'] } };
    await world.edit('v1', 'ConfigMap', 'settings', { data: { level: '9' } }, 'level-tuner');
    expect((await quiet(silent)).leftToControllers).toEqual([`ConfigMap/${world.namespace}/settings`]);
    const outcome = await world.pull(
      { ...files(), 'settings.yaml': configMap(world.namespace, 'settings', { mode: 'new', level: '3' }) },
      { drift: silent },
    );
    expect(outcome.report.errors).toEqual([]);
    expect((await world.live('v1', 'ConfigMap', 'settings'))?.['data']).toEqual({ mode: 'new', level: '9' });
    await pull();
    expect((await world.live('v1', 'ConfigMap', 'settings'))?.['data']).toEqual({ mode: 'plain', level: '3' });
  });
});

describeWithCluster('windlass drift with rules', () => {
  it('says what it left out, which rules are void or of no use, and what nobody declared', async () => {
    const { kubeconfigPath } = await privateControlPlane();
    const repo = join(await temporaryFolder(), 'config');
    await mkdir(join(repo, 'app'), { recursive: true });
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', repo, '-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args]);
    const commit = async (driftSection: string) => {
      const syncs = 'windlass: 1\nclusters: { test: {} }\nsyncs: { shop: { cluster: test, path: app } }\n';
      await writeFile(join(repo, 'windlass.yaml'), `${syncs}${driftSection}`);
      git('add', '.');
      git('commit', '-q', '-m', 'a change');
    };
    git('init', '-q', '-b', 'main');
    await writeFile(join(repo, 'app', 'namespace.yaml'), namespace('shop'));
    await writeFile(join(repo, 'app', 'settings.yaml'), configMap('shop', 'settings', { a: '1', b: '2' }));
    await commit('');
    const env = { ...process.env, WINDLASS_CACHE: join(repo, '..', 'cache') };
    const run = (command: string, ...more: string[]) =>
      windlass([command, '--repo', repo, '--sync', 'shop', '--kubeconfig', kubeconfigPath, ...more], { env });
    const { path: program } = await findKubectl({ env });
    const kubectl = (...args: string[]) =>
      execFileSync(program, ['--kubeconfig', kubeconfigPath, '-n', 'shop', ...args], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect((await run('pull')).code).toBe(0);

    kubectl('patch', 'configmap/settings', '-p', '{"data":{"a":"9"}}');
    kubectl('patch', 'configmap/settings', '-p', '{"data":{"extra":"1"}}', '--field-manager=shop-script');
    kubectl('create', 'configmap', 'known');
    kubectl('create', 'configmap', 'stray', '--from-literal=a=1');
    await commit(`drift:
  ignore:
    - { object: ConfigMap/shop/*, path: data.a, why: tuned by hand }
    - { object: ConfigMap/shop/settings, path: data.b, why: an experiment }
    - { object: ConfigMap/shop/settings, path: data.c, why: another one, until: 2020-01-01 }
    - { object: apps/Deployment/shop/gone, path: spec.replicas, why: it was scaled }
  unmanaged: { namespaces: [shop, other-*], ignore: [ConfigMap/*/known] }
`);
    const json = await run('drift', '--json');
    const told = JSON.parse(json.stdout);
    const made = kubectl('get', 'configmap/stray', '-o', 'jsonpath={.metadata.creationTimestamp}');
    const reason = `made at ${made} by kubectl-create`;
    const field = {
      path: 'metadata.creationTimestamp',
      live: made,
      manager: 'kubectl-create',
      operation: 'Update',
      time: made,
    };
    expect(json.code).toBe(1);
    expect(told.drift).toEqual([{ object: 'ConfigMap/shop/stray', state: 'unmanaged', fields: [field], reason }]);
    expect(told.addedByOthers).toMatchObject([{ object: 'ConfigMap/shop/settings', fields: [{ path: 'data.extra' }] }]);
    expect(told.rules).toEqual([
      { rule: 'ConfigMap/shop/*: data.a', objects: 1 },
      { rule: 'ConfigMap/shop/settings: data.b', objects: 0 },
    ]);
    expect(told.notices.map(({ code, message }: { code: string; message: string }) => `${code} ${message}`)).toEqual([
      'rule-idle drift.ignore[1] (ConfigMap/shop/settings: data.b) matches nothing in shop',
      'rule-void drift.ignore[2] (ConfigMap/shop/settings: data.c) is void since 2020-01-01: what it was for is reported',
      'rule-idle drift.ignore[3] (apps/Deployment/shop/gone: spec.replicas) is about no object of any sync',
      'rule-idle other-* of drift.unmanaged.namespaces fits no namespace that a sync declares or has objects in',
    ]);
    const people = (await run('drift')).stdout;
    expect(people).toContain(`unmanaged  ConfigMap/shop/stray: ${reason}\n`);
    expect(people).toContain('added by others  ConfigMap/shop/settings\n    data.extra\n      cluster  "1"\n');
    expect(people).toContain('alert: [shop-script] makes it drift, silent: [shop-script] leaves it out');
    expect(people).toContain('the next pull applies it');
    expect(people).not.toContain('data.a\n');

    kubectl('delete', 'configmap', 'stray');
    expect((await run('drift')).code).toBe(0);
  });
});
