import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { syncCrd } from '../../lib/install/sync-crd.ts';
import { describeWithCluster, waitFor } from '../helpers/cluster.ts';
import { clusterOfPullers, pullOnce, repository, startPuller } from '../helpers/puller.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { kubectl } from './install-world.ts';

const { env } = clusterOfPullers();
const system = 'windlass-system';

function own(): string {
  return `status-${randomBytes(4).toString('hex')}`;
}

const config = (syncs: Record<string, string>) =>
  `windlass: 1\nclusters: { test: {} }\nsyncs:\n${Object.entries(syncs)
    .map(([name, more]) => `  ${name}: { cluster: test, path: ${name}${more} }\n`)
    .join('')}`;
const k = (...args: string[]) => kubectl({ kubeconfig: env().KUBECONFIG }, args);
const round = (dir: string) => pullOnce({ ...env(), WINDLASS_REPO: dir });

interface Read {
  metadata: { name: string; uid: string; resourceVersion: string };
  status?: {
    conditions: { type: string; status: string; reason: string; message: string }[];
    [field: string]: unknown;
  };
}
interface ReadEvent {
  type: string;
  reason: string;
  note: string;
  regarding: { kind: string; name: string; namespace?: string; uid?: string };
  series?: { count: number };
  metadata: { namespace: string; resourceVersion: string };
}

const syncOf = (name: string) => JSON.parse(k('get', 'sync', name, '-n', system, '-o', 'json')) as Read;
const eventsIn = (within: string, about?: string) => {
  const { items } = JSON.parse(k('get', 'events.events.k8s.io', '-n', within, '-o', 'json')) as { items: ReadEvent[] };
  return items.filter(({ regarding }) => about === undefined || regarding.name === about);
};

function installCrd(): void {
  kubectl({ kubeconfig: env().KUBECONFIG }, ['apply', '--server-side', '-f', '-'], JSON.stringify(syncCrd()));
  k('wait', '--for=condition=Established', 'crd/syncs.windlass.dev', '--timeout=480s');
}

describeWithCluster('how a puller shows its syncs', () => {
  it('works without the kind Sync, and tells Events all the same', async () => {
    const name = own();
    const { dir } = await repository({
      'windlass.yaml': config({ [name]: '' }),
      [`${name}/ns.yaml`]: namespace(name),
      [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'one' }),
    });
    const done = await round(dir);
    expect(done.output()).not.toMatch(/could not (?:show|tell|look for)/);
    expect(done.code).toBe(0);
    expect(eventsIn(name)).toMatchObject([{ reason: 'Created', regarding: { kind: 'ConfigMap', name: 'settings' } }]);
  });

  it('keeps a Sync that kubectl shows and waits for, and writes nothing while nothing happens', async () => {
    installCrd();
    const name = own();
    const files = {
      [`${name}/ns.yaml`]: namespace(name),
      [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'one' }),
    };
    const { dir, commit, revision } = await repository({ 'windlass.yaml': config({ [name]: '' }), ...files });
    expect((await round(dir)).code).toBe(0);
    k('wait', '--for=condition=Ready', `sync/${name}`, '-n', system, '--timeout=480s');
    k('wait', `--for=jsonpath={.status.revision}=${revision}`, `sync/${name}`, '-n', system, '--timeout=480s');
    const [header = '', line = ''] = k('get', 'syncs', name, '-n', system).split('\n');
    expect(header.split(/\s+/)).toEqual([
      'NAME',
      'READY',
      'REVISION',
      'OBJECTS',
      'HEALTHY',
      'STATUS',
      'APPLIED',
      'AGE',
    ]);
    expect(line.split(/\s+/).slice(0, 6)).toEqual([name, 'True', revision, '2', '2', 'Synced']);
    expect(k('describe', 'sync', name, '-n', system)).toMatch(/Normal\s+Synced\s.*2 objects are as/);

    const before = [syncOf(name), eventsIn(name), eventsIn(system)];
    expect((await round(dir)).code).toBe(0);
    expect([syncOf(name), eventsIn(name), eventsIn(system)]).toEqual(before);

    const broken = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: UPPER, namespace: default }\n';
    const failing = await commit({ [`${name}/broken.yaml`]: broken });
    expect((await round(dir)).code).toBe(1);
    const failed = syncOf(name);
    expect(failed.metadata.uid).toBe(before[0]!['metadata' as never]['uid']);
    expect(failed.status).toMatchObject({
      ...{ observedGeneration: 1, result: 'failed', revision, failedRevision: failing, objects: 3, errors: 1 },
      conditions: [
        { type: 'Ready', status: 'False', reason: 'Failed', message: expect.stringContaining('UPPER') },
        { type: 'Stalled', status: 'True', reason: 'Failed' },
      ],
    });
    expect(() => k('wait', '--for=condition=Ready', `sync/${name}`, '-n', system, '--timeout=1s')).toThrow(/timed out/);

    await commit({
      [`${name}/broken.yaml`]: '',
      [`suspends/${name}.1.yaml`]: `sync: ${name}\nwho: ada\nwhy: a freeze\n`,
    });
    await round(dir);
    expect(syncOf(name).status).toMatchObject({
      ...{ result: 'suspended', revision, objects: 3 },
      conditions: [
        { type: 'Ready', status: 'False', reason: 'Suspended', message: expect.stringMatching(/ada.*freeze/) },
      ],
    });
  });

  it('shows a sync that waits, for what and why, and writes that once', async () => {
    installCrd();
    const [infra, shop] = [own(), own()];
    const { dir, commit } = await repository({
      'windlass.yaml': config({ [infra]: '', [shop]: `, dependsOn: [${infra}]` }),
      [`${infra}/a.yaml`]: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: UPPER, namespace: default }\n',
      [`${shop}/ns.yaml`]: namespace(shop),
    });
    const ready = (reason: string, message: string) => ({
      conditions: [{ type: 'Ready', status: reason === 'Synced' ? 'True' : 'False', reason, message }],
    });
    const [first] = [await round(dir), await round(dir)];
    expect(first.lines().find(({ sync }) => sync === infra)).toMatchObject({ level: 'error', result: 'failed' });
    expect(first.output()).toContain(`${shop}: waits for ${infra}, which failed`);
    expect(syncOf(shop).status).toMatchObject(ready('Waiting', `waits for ${infra}, which failed`));
    const before = [syncOf(shop), eventsIn(system, shop)];
    expect(eventsIn(system, shop)).toMatchObject([{ type: 'Normal', reason: 'Waiting' }]);
    await round(dir);
    expect([syncOf(shop), eventsIn(system, shop)]).toEqual(before);

    await commit({ [`suspends/${infra}.1.yaml`]: `sync: ${infra}\nwho: ada\nwhy: a freeze\n` });
    await round(dir);
    expect(syncOf(shop).status).toMatchObject(ready('Waiting', `waits for ${infra}, which is suspended`));
    await commit({ [`suspends/${infra}.1.yaml`]: '', [`${infra}/a.yaml`]: configMap('default', infra, {}) });
    await promisify(execFile)('git', ['-C', dir, 'rm', '--quiet', `suspends/${infra}.1.yaml`]);
    await commit({});
    await round(dir);
    expect(syncOf(shop).status).toMatchObject({ result: 'synced', objects: 1 });
  });

  it('makes a Sync again that somebody deleted, and takes away those of syncs that left windlass.yaml', async () => {
    installCrd();
    const [stays, leaves] = [own(), own()];
    const files = { [`${stays}/ns.yaml`]: namespace(stays), [`${leaves}/ns.yaml`]: namespace(leaves) };
    const { dir, commit } = await repository({ 'windlass.yaml': config({ [stays]: '', [leaves]: '' }), ...files });
    await round(dir);
    expect(syncOf(leaves).status?.['result']).toBe('synced');
    k('delete', 'sync', stays, '-n', system);
    await commit({ 'windlass.yaml': config({ [stays]: '' }) });
    await round(dir);
    expect(syncOf(stays).status?.['result']).toBe('synced');
    expect(() => syncOf(leaves)).toThrow(/NotFound/);
  });

  it('tells beside an object what was done with it and what could not be, and counts what comes again', async () => {
    installCrd();
    const name = own();
    const { dir, commit } = await repository({
      'windlass.yaml': config({ [name]: '' }),
      [`${name}/ns.yaml`]: namespace(name),
      [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'one' }),
      [`${name}/old.yaml`]: configMap(name, 'old', { mode: 'one' }),
      [`${name}/role.yaml`]: `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: "${name}:Reader" }\nrules: []\n`,
    });
    await round(dir);
    const heal = async (mode: string) => {
      k('patch', 'configmap', 'settings', '-n', name, '--type=merge', '-p', JSON.stringify({ data: { mode } }));
      await round(dir);
    };
    await heal('by hand');
    await heal('by hand');
    const healed = () => eventsIn(name, 'settings').filter(({ reason }) => reason === 'Healed');
    expect(healed()).toMatchObject([
      { type: 'Normal', series: { count: 2 }, note: expect.stringMatching(/data\.mode was "by hand".*kubectl-patch/) },
    ]);
    expect(k('describe', 'configmap', 'settings', '-n', name)).toMatch(/Healed\s+.*x2 over.*data\.mode was/);
    expect(eventsIn('default', `${name}:Reader`)).toMatchObject([{ reason: 'Created' }]);

    await commit({
      [`${name}/old.yaml`]: '',
      [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'two' }),
      [`${name}/broken.yaml`]: `${configMap(name, 'settled', {})}immutable: 7\n`,
    });
    for (const _ of [1, 2, 3]) await round(dir);
    expect(eventsIn(name, 'settled')).toMatchObject([{ type: 'Warning', reason: 'Failed', series: { count: 3 } }]);
    expect(
      eventsIn(name, 'settings')
        .map(({ reason }) => reason)
        .sort(),
    ).toEqual(['Configured', 'Created', 'Healed']);
    expect(eventsIn(name, 'old').map(({ reason }) => reason)).toEqual(['Created']);
    await commit({ [`${name}/broken.yaml`]: '' });
    await round(dir);
    expect(
      eventsIn(name, 'old')
        .map(({ reason }) => reason)
        .sort(),
    ).toEqual(['Created', 'Pruned']);
  });

  it('tells beside the Sync what the account of a sync may not tell beside the object', async () => {
    installCrd();
    const name = own();
    k('create', 'namespace', name);
    k('create', 'serviceaccount', name, '-n', system);
    k('create', 'role', name, '-n', name, '--verb=get,list,watch,create,patch,delete', '--resource=configmaps');
    k('create', 'rolebinding', name, '-n', name, `--role=${name}`, `--serviceaccount=${system}:${name}`);
    const { dir } = await repository({
      'windlass.yaml': config({ [name]: `, serviceAccount: ${name}` }),
      [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'one' }),
    });
    const done = await round(dir);
    expect(done.code, done.output()).toBe(0);
    expect(eventsIn(name)).toEqual([]);
    const { uid } = syncOf(name).metadata;
    expect(eventsIn(system, name)).toContainEqual(
      expect.objectContaining({
        reason: 'Created',
        note: expect.stringMatching(/^ConfigMap\/.*\/settings: not there yet/),
        regarding: expect.objectContaining({ kind: 'Sync', uid }),
      }),
    );
  });

  it('bounds the Events of a large first pull', async () => {
    installCrd();
    const name = own();
    const many = Array.from({ length: 120 }, (_, index) => configMap(name, `c${index}`, { a: '1' })).join('---\n');
    const { dir } = await repository({
      'windlass.yaml': config({ [name]: '' }),
      [`${name}/ns.yaml`]: namespace(name),
      [`${name}/many.yaml`]: many,
    });
    expect((await round(dir)).code).toBe(0);
    expect(eventsIn(name).length).toBeLessThanOrEqual(49);
    expect(eventsIn(system, name).map(({ reason }) => reason)).toContain('MoreObjects');
    expect(syncOf(name).status).toMatchObject({ objects: 121, healthy: 121 });
  });

  it('shows no value of a Secret, in whatever way its object is wrong or changed', async () => {
    installCrd();
    const name = own();
    const secret = (value: string, more = '') =>
      `apiVersion: v1\nkind: Secret\nmetadata: { name: token, namespace: ${name} }\n${more}stringData: { key: ${value} }\n`;
    const { dir, commit } = await repository({
      'windlass.yaml': config({ [name]: '' }),
      [`${name}/ns.yaml`]: namespace(name),
      [`${name}/secret.yaml`]: secret('canary-in-git'),
    });
    const watching = await startPuller({ ...env(), WINDLASS_MODE: 'watch', WINDLASS_REPO: dir });
    await watching.line('first pull', ({ sync, result }) => sync === name && result === 'synced');
    k('patch', 'secret', 'token', '-n', name, '--type=merge', '-p', '{"stringData":{"key":"canary-by-hand"}}');
    await waitFor(() => eventsIn(name, 'token').some(({ reason }) => reason === 'Healed'), {
      what: 'an Event of healing',
    });
    await commit({ [`${name}/secret.yaml`]: secret('canary-refused', 'type: kubernetes.io/dockerconfigjson\n') });
    await waitFor(() => eventsIn(name, 'token').some(({ reason }) => reason === 'Failed'), {
      what: 'an Event of failure',
    });
    await waitFor(() => syncOf(name).status?.['result'] === 'failed', { what: 'the status of a failure' });
    const seen = [k('get', 'syncs,events', '-A', '-o', 'yaml'), watching.output()].join('\n');
    for (const canary of ['canary-in-git', 'canary-by-hand', 'canary-refused']) {
      expect(seen).not.toContain(canary);
      expect(seen).not.toContain(Buffer.from(canary).toString('base64'));
    }
  });
});
