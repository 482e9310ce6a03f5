import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { type DriftDeps, drift } from '../../lib/drift/drift.ts';
import { gitReader } from '../../lib/drift/git-reader.ts';
import type { AppliedRecord } from '../../lib/kube/record.ts';
import type { DriftFound } from '../../lib/model/messages.ts';
import { addUser, cluster, describeWithCluster, temporaryFolder } from '../helpers/cluster.ts';
import { configMap, deployment, namespace, service } from '../pull/manifests.ts';
import { noKustomizer, openWorld, syncSpec, treeOf, until, type World } from '../pull/world.ts';

describeWithCluster('a drift check on a real API server', () => {
  let world: World;
  let kubectlPath: string;
  let sent: DriftFound[];

  const revision = 'a'.repeat(40);
  const files = (image = 'web:1.4.0'): Record<string, string> => ({
    'namespace.yaml': namespace(world.namespace),
    'web.yaml': deployment(world.namespace, 'web', image, 2),
    'settings.yaml': configMap(world.namespace, 'settings', { mode: 'plain', level: '3' }),
    'service.yaml': service(world.namespace, 'web'),
    'secret.yaml': `apiVersion: v1\nkind: Secret\nmetadata: { name: token, namespace: ${world.namespace} }\nstringData: { token: s3cr3t-canary }\n`,
  });
  const web = () => `apps/Deployment/${world.namespace}/web`;
  const settings = () => `ConfigMap/${world.namespace}/settings`;
  const image = 'spec.template.spec.containers[name=web].image';

  const kubectl = (...args: string[]) =>
    execFileSync(kubectlPath, ['--kubeconfig', cluster().kubeconfigPath, '-n', world.namespace, ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    });

  /** Git as a check reads it: the revision that was pulled, at the head unless told. */
  const desired = (head = revision) => {
    const below = Object.entries(files()).map(([name, text]) => [`app/${name}`, text]);
    const syncs = `windlass: 1\nclusters: { test: {} }\nsyncs: { ${world.sync.name}: { cluster: test, path: app } }\n`;
    const tree = treeOf({ ...Object.fromEntries(below), 'windlass.yaml': syncs }, revision);
    const open = async () => ({ ...tree, close: async () => undefined });
    return gitReader({ source: { head: async () => head, open }, kustomizer: noKustomizer });
  };
  const check = (deps: Partial<DriftDeps> = {}) =>
    drift(
      { sync: world.sync, run: 'check', now: new Date() },
      {
        ...{ cluster: world.cluster, records: world.records, desired: desired() },
        findings: { send: async (found) => void sent.push(found) },
        ...deps,
      },
    );
  const pull = (changes: Parameters<World['pull']>[1] = {}, all = files()) => world.pull(all, { revision, ...changes });

  beforeAll(async () => {
    kubectlPath = (await findKubectl({ env: process.env })).path;
    world = await openWorld(cluster().kubeconfigPath, syncSpec());
  });
  beforeEach(async () => {
    sent = [];
    const { report } = await pull();
    expect(report.errors).toEqual([]);
  });
  afterAll(() => world.close());

  it('finds nothing after the apply, nor after the controllers acted, and says so', async () => {
    expect(await check()).toMatchObject({ drift: [], unknown: [], revision, head: revision });
    await until('the deployment is rolled out', async () => {
      const live = (await world.live('apps/v1', 'Deployment', 'web')) as { status?: { availableReplicas?: number } };
      return live.status?.availableReplicas === 2;
    });
    const found = await check();
    expect(found).toMatchObject({ type: 'DriftFound', run: 'check', cluster: 'test', sync: world.sync.name });
    expect(found.drift).toEqual([]);
    expect(found.unknown).toEqual([]);
    expect(sent.at(-1)).toEqual(found);
  });

  it('finds an image that was set by hand, with the tool, the time and what Git has', async () => {
    kubectl('set', 'image', 'deployment/web', 'web=web:hand');
    const { drift: found, unknown } = await check();
    expect(unknown).toEqual([]);
    expect(found).toMatchObject([
      {
        object: web(),
        state: 'changed',
        fields: [{ path: image, live: 'web:hand', git: 'web:1.4.0', manager: 'kubectl-set', operation: 'Update' }],
      },
    ]);
    expect(Date.parse(found[0]?.fields[0]?.time ?? '')).toBeGreaterThan(Date.now() - 60 * 60_000);
  });

  it('finds a scale through the subresource', async () => {
    kubectl('scale', 'deployment/web', '--replicas=5');
    expect((await check()).drift).toMatchObject([
      {
        object: web(),
        state: 'changed',
        fields: [{ path: 'spec.replicas', live: 5, git: 2, manager: 'kubectl', subresource: 'scale' }],
      },
    ]);
  });

  it('finds what a person added, and what a person took away', async () => {
    kubectl('label', 'deployment/web', 'team=a');
    kubectl('patch', 'configmap/settings', '--type=json', '-p', '[{"op":"remove","path":"/data/level"}]');
    const { drift: found } = await check();
    expect(found).toMatchObject([
      { object: settings(), state: 'changed', fields: [{ path: 'data.level', git: '3' }] },
      {
        object: web(),
        state: 'added',
        fields: [{ path: 'metadata.labels.team', live: 'a', manager: 'kubectl-label' }],
      },
    ]);
    expect(found[0]?.fields[0]).toHaveProperty('note', 'removed, by whom is not recorded');
    expect(found[0]?.fields[0]).not.toHaveProperty('live');
  });

  it('calls an object missing when it was deleted, not when only our label was taken off', async () => {
    kubectl('label', 'service/web', 'windlass.dev/sync-');
    kubectl('delete', 'configmap/settings');
    const { drift: found } = await check();
    expect(found.map(({ object, state }) => [object, state])).toEqual([
      [settings(), 'missing'],
      [`Service/${world.namespace}/web`, 'changed'],
    ]);
  });

  it('finds a changed Secret without showing a value', async () => {
    kubectl('patch', 'secret/token', '-p', '{"stringData":{"token":"other-canary"}}');
    const found = await check();
    expect(found.drift).toMatchObject([{ object: `Secret/${world.namespace}/token`, state: 'changed' }]);
    const text = JSON.stringify(found);
    for (const secret of ['s3cr3t-canary', 'other-canary']) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('base64'));
    }
  });

  it('finds nothing any more when the hand edit is undone, or healed by a pull', async () => {
    kubectl('set', 'image', 'deployment/web', 'web=web:hand');
    kubectl('set', 'image', 'deployment/web', 'web=web:1.4.0');
    expect((await check()).drift).toEqual([]);
    kubectl('set', 'image', 'deployment/web', 'web=web:hand');
    const before = await check();
    const { report } = await pull();
    expect(report).toMatchObject({ healed: true, drift: [{ object: web() }] });
    const after = await check();
    expect(after.drift).toEqual([]);
    expect(after.appliedAt! > before.at).toBe(true);
  });

  it('shows drift without the values of Git when Git cannot be rendered, and goes on when it cannot be reached', async () => {
    kubectl('set', 'image', 'deployment/web', 'web=web:hand');
    const broken = gitReader({
      source: {
        head: async () => 'b'.repeat(40),
        open: async () => ({
          ...treeOf({}, revision),
          files: async () => [],
          read: async () => new TextEncoder().encode('windlass: 7'),
          close: async () => undefined,
        }),
      },
      kustomizer: noKustomizer,
    });
    const found = await check({ desired: broken });
    expect(found).toMatchObject({ head: 'b'.repeat(40), revision, drift: [{ object: web(), state: 'changed' }] });
    expect(found.drift[0]?.fields[0]).not.toHaveProperty('git');
  });

  it('does not render while all is well', async () => {
    const objects = () => Promise.reject(new Error('rendered without need'));
    expect((await check({ desired: { head: async () => revision, objects } })).drift).toEqual([]);
  });

  it('is not fooled by a pull that writes while it reads', async () => {
    let pulled = false;
    const records = {
      read: async (sync: string): Promise<AppliedRecord | undefined> => {
        const record = await world.records.read(sync);
        if (!pulled) {
          pulled = true;
          await pull({}, files('web:2.0.0'));
        }
        return record;
      },
      savedHashKey: () => world.records.savedHashKey(),
    };
    const found = await check({ records });
    expect(pulled).toBe(true);
    expect(found.drift).toEqual([]);
    expect(found.unknown).toEqual([
      { object: web(), reason: 'a pull is writing it, or was cut off while it did', beingWritten: true },
    ]);
    expect((await check()).unknown).toEqual([]);
  });

  it('does not compare what a pull that was cut off may have written', async () => {
    const record = (await world.records.read(world.sync.name))!;
    const records = {
      read: async () => ({ ...record, intent: { revision, objects: [web()] } }),
      savedHashKey: () => world.records.savedHashKey(),
    };
    kubectl('set', 'image', 'deployment/web', 'web=web:hand');
    const found = await check({ records });
    expect(found.drift).toEqual([]);
    expect(found.unknown.map(({ object }) => object)).toEqual([web()]);
  });

  it('knows nothing of a sync that was never pulled, or a cluster that does not answer, and calls nothing drift', async () => {
    const never = await drift(
      { sync: syncSpec(), run: 'check', now: new Date() },
      { cluster: world.cluster, records: world.records, desired: desired(), findings: { send: async () => undefined } },
    );
    expect(never).toMatchObject({
      drift: [],
      unknown: [{ object: '*', reason: expect.stringMatching(/^never pulled, and Git cannot be compared: /) }],
    });
    expect(never).not.toHaveProperty('revision');

    const folder = await temporaryFolder();
    const gone = join(folder, 'gone.kubeconfig');
    const text = execFileSync(
      kubectlPath,
      ['--kubeconfig', cluster().kubeconfigPath, 'config', 'view', '--raw', '--flatten'],
      { encoding: 'utf8' },
    );
    await writeFile(gone, text.replace(/server: .*/, 'server: https://127.0.0.1:9'));
    const unreachable = await openCluster({ kubeconfig: gone });
    const blind = await check({ cluster: unreachable });
    expect(blind.drift).toEqual([]);
    expect(blind.unknown.map(({ object }) => object)).toEqual([
      'ConfigMap',
      'Namespace',
      'Secret',
      'Service',
      'apps/Deployment',
    ]);
    const nothing = await check({ cluster: unreachable, records: new ClusterRecords(unreachable.client) });
    expect(nothing).toMatchObject({ drift: [], unknown: [{ object: '*' }] });
    await unreachable.close();
  });

  it('needs no verb but get and list, and calls what it may not read unknown', async () => {
    const user = `reader-${world.sync.name}`;
    const folder = await temporaryFolder();
    const kubeconfig = join(folder, 'reader.kubeconfig');
    await writeFile(kubeconfig, await addUser({ name: user }));
    const grant = (...resources: string[]) =>
      resources.forEach((resource, index) => {
        const name = `${user}-${index}-${resource.replace(/\W/g, '-')}`;
        kubectl('create', 'clusterrole', name, '--verb=get,list', `--resource=${resource}`);
        kubectl('create', 'clusterrolebinding', name, `--clusterrole=${name}`, `--user=${user}`);
      });
    try {
      grant('configmaps', 'services', 'secrets', 'namespaces');
      const reader = await openCluster({ kubeconfig });
      const records = new ClusterRecords(reader.client, { readOnly: true });
      const partial = await check({ cluster: reader, records });
      expect(partial.drift).toEqual([]);
      expect(partial.unknown).toEqual([{ object: 'apps/Deployment', reason: expect.stringContaining('forbidden') }]);

      grant('deployments.apps');
      kubectl('set', 'image', 'deployment/web', 'web=web:hand');
      kubectl('delete', 'configmap/settings');
      kubectl('label', 'service/web', 'windlass.dev/sync-');
      const found = await until('the grant is known to the API server', async () => {
        const one = await check({ cluster: reader, records });
        return one.unknown.length === 0 ? one : undefined;
      });
      expect(found.drift.map(({ state }) => state)).toEqual(['missing', 'changed', 'changed']);
      expect(Object.keys(reader.stats()).sort()).toEqual(['discover', 'get', 'list']);
      await reader.close();
    } finally {
      const mine = kubectl('get', 'clusterrole,clusterrolebinding', '-o', 'name').split('\n');
      kubectl('delete', ...mine.filter((name) => name.includes(`/${user}-`)));
    }
  });
});
