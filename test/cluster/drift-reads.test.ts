import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { auditLog } from '../../bench/parts/audit-log.ts';
import { openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { type DriftDeps, type DriftRequest, drift } from '../../lib/drift/drift.ts';
import { gitReader } from '../../lib/drift/git-reader.ts';
import type { ClusterReader, DesiredReader, PageRequest, RecordReader } from '../../lib/drift/ports.ts';
import type { DriftFound } from '../../lib/model/messages.ts';
import { addUser, cluster, describeWithCluster, privateControlPlane, temporaryFolder } from '../helpers/cluster.ts';
import { kubeconfigThrough, relayTo } from '../helpers/relay.ts';
import { configMap, deployment, namespace, service } from '../pull/manifests.ts';
import { noKustomizer, openWorld, syncSpec, treeOf, until, type World } from '../pull/world.ts';

const revision = 'a'.repeat(40);
const noTime = 'the check had no time left to read it';

/** Git as a check must not need it: what is rendered is a fault. */
const unasked: DesiredReader = {
  head: async () => revision,
  objects: () => Promise.reject(new Error('rendered without need')),
};

function gitOf({ sync }: World, files: Record<string, string>): DesiredReader {
  const below = Object.entries(files).map(([name, text]) => [`app/${name}`, text]);
  const config = `windlass: 1\nclusters: { test: {} }\nsyncs: { ${sync.name}: { cluster: test, path: app } }\n`;
  const tree = treeOf({ ...Object.fromEntries(below), 'windlass.yaml': config }, revision);
  const open = async () => ({ ...tree, close: async () => undefined });
  return gitReader({ source: { head: async () => revision, open }, kustomizer: noKustomizer });
}

function check(world: World, deps: Partial<DriftDeps> = {}, request: Partial<DriftRequest> = {}): Promise<DriftFound> {
  return drift(
    { sync: world.sync, run: 'check', now: new Date(), ...request },
    {
      ...{ cluster: world.cluster, records: world.records, desired: unasked },
      findings: { send: async () => undefined },
      ...deps,
    },
  );
}

/** The same cluster, with a note of what was read: `metadata ConfigMap`, `whole Service`, `get ConfigMap`. */
function noting(reader: ClusterReader): { cluster: ClusterReader; reads: string[]; times(read: string): number } {
  const reads: string[] = [];
  const cluster: ClusterReader = {
    as: (user) => reader.as(user),
    resource: (...args) => reader.resource(...args),
    kinds: () => reader.kinds(),
    schema: (...args) => reader.schema(...args),
    pages: (resource, request) => {
      reads.push(`${request.only ?? 'whole'} ${resource.kind}`);
      return reader.pages(resource, request);
    },
    get: (resource, ...args) => {
      reads.push(`get ${resource.kind}`);
      return reader.get(resource, ...args);
    },
  };
  return { cluster, reads, times: (read) => reads.filter((one) => one === read).length };
}

const settings = (count: number) => Array.from({ length: count }, (_, index) => `settings-${index}`);
const mapsOf = (ns: string, count: number): Record<string, string> =>
  Object.fromEntries(settings(count).map((name) => [`${name}.yaml`, configMap(ns, name, { a: name, b: 'x' })]));

async function pulled(files: (ns: string) => Record<string, string>): Promise<World> {
  const world = await openWorld(cluster().kubeconfigPath, syncSpec());
  onTestFinished(() => world.close());
  const all = { 'namespace.yaml': namespace(world.namespace), ...files(world.namespace) };
  expect((await world.pull(all, { revision })).report.errors).toEqual([]);
  return world;
}

const label = { metadata: { labels: { team: 'a' } } };
const unlabelled = (sync: string) => ({ metadata: { labels: { 'windlass.dev/sync': sync === '' ? null : sync } } });

describeWithCluster('the reads of a drift check', () => {
  let kubectlPath: string;
  beforeAll(async () => {
    kubectlPath = (await findKubectl({ env: process.env })).path;
  });
  const kubectl = (...args: string[]) =>
    execFileSync(kubectlPath, ['--kubeconfig', cluster().kubeconfigPath, ...args], { encoding: 'utf8', stdio: 'pipe' });

  it('are one list of metadata of each kind while all is well', async () => {
    const world = await pulled((ns) => ({ ...mapsOf(ns, 30), 'service.yaml': service(ns, 'web') }));
    const { cluster, reads } = noting(world.cluster);
    expect(await check(world, { cluster })).toMatchObject({ drift: [], unknown: [] });
    // What is made of a Namespace after our apply may move it.
    expect(reads.filter((read) => !read.endsWith(' Namespace')).sort()).toEqual([
      'metadata ConfigMap',
      'metadata Service',
    ]);
  });

  it('are by name for a few objects that moved, and a list for many', async () => {
    const world = await pulled((ns) => mapsOf(ns, 30));
    const edit = (name: string) => world.edit('v1', 'ConfigMap', name, label);
    const found = async () => {
      const { cluster, times } = noting(world.cluster);
      const { drift, unknown } = await check(world, { cluster, desired: gitOf(world, mapsOf(world.namespace, 30)) });
      expect(unknown).toEqual([]);
      const { length } = drift.filter(({ state }) => state === 'added');
      return { added: length, drift: drift.length, whole: times('whole ConfigMap'), single: times('get ConfigMap') };
    };
    await edit('settings-1');
    await edit('settings-7');
    expect(await found()).toEqual({ added: 2, drift: 2, whole: 0, single: 2 });
    for (const name of settings(30).slice(8, 28)) await edit(name);
    expect(await found()).toEqual({ added: 22, drift: 22, whole: 1, single: 0 });
  });

  it('go through all pages, and find by name what lost its label', async () => {
    const count = 620;
    const world = await pulled((ns) => mapsOf(ns, count));
    const desired = gitOf(world, mapsOf(world.namespace, count));
    const all = settings(count);
    for (const name of all.slice(0, 400)) await world.edit('v1', 'ConfigMap', name, { data: { a: 'by hand' } });
    for (const name of all.slice(400, 440)) await world.edit('v1', 'ConfigMap', name, unlabelled(''));
    const { cluster, times } = noting(world.cluster);
    const { drift, unknown } = await check(world, { cluster, desired });
    expect(unknown).toEqual([]);
    const name = (one: string) => `ConfigMap/${world.namespace}/${one}`;
    expect(drift.map(({ object }) => object)).toEqual(all.slice(0, 440).map(name).sort());
    const changed = drift.find(({ object }) => object === name('settings-5'));
    expect(changed?.fields).toMatchObject([
      { path: 'data.a', live: 'by hand', git: 'settings-5', manager: 'kubectl-edit' },
    ]);
    expect(times('get ConfigMap')).toBe(40);
  });

  it('do not forget what a person had added before the last apply, though nothing moved since', async () => {
    const world = await pulled((ns) => mapsOf(ns, 30));
    const desired = gitOf(world, mapsOf(world.namespace, 30));
    await world.edit('v1', 'ConfigMap', 'settings-0', label);
    const { resourceVersion = '' } = (await world.live('v1', 'ConfigMap', 'settings-0'))!.metadata;
    const record = (await world.records.read(world.sync.name))!;
    // As the record is when the label was there at the apply, and stayed.
    const entries = record.entries.map((entry) =>
      entry.name === 'settings-0' ? { ...entry, resourceVersion, foreign: ['metadata.labels.team'] } : entry,
    );
    const records = { read: async () => ({ ...record, entries }), savedHashKey: async () => undefined };
    const { cluster, times } = noting(world.cluster);
    const { drift } = await check(world, { cluster, records, desired });
    expect(drift).toMatchObject([
      { object: `ConfigMap/${world.namespace}/settings-0`, state: 'added', fields: [{ path: 'metadata.labels.team' }] },
    ]);
    expect(times('get ConfigMap')).toBe(1);
  });

  it('leave Secrets alone where they are left to the puller, without the right to them and without the key', async () => {
    const secret = (ns: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata: { name: token, namespace: ${ns} }\nstringData: { token: canary }\n`;
    const world = await pulled((ns) => ({ ...mapsOf(ns, 2), 'secret.yaml': secret(ns) }));
    await world.edit('v1', 'Secret', 'token', { stringData: { token: 'other' } });
    await world.edit('v1', 'ConfigMap', 'settings-0', label);
    const withoutKey: RecordReader = {
      read: (sync, how) => world.records.read(sync, how),
      savedHashKey: () => Promise.reject(new Error('the key was asked for')),
    };
    const cutOff: RecordReader = {
      ...withoutKey,
      read: async (sync, how) => {
        const record = await world.records.read(sync, how);
        // As if a pull was cut off at the Secret.
        const intent = { revision, objects: [`Secret/${world.namespace}/token`] };
        return record && { ...record, intent };
      },
    };
    const { cluster, reads } = noting(world.cluster);
    const desired = gitOf(world, { ...mapsOf(world.namespace, 2), 'secret.yaml': secret(world.namespace) });
    for (const records of [withoutKey, cutOff]) {
      const found = await check(world, { cluster, records, desired, secrets: 'left' });
      expect(found).toMatchObject({ unknown: [], leftOut: ['Secret'] });
      expect(found.drift.map(({ object }) => object)).toEqual([`ConfigMap/${world.namespace}/settings-0`]);
    }
    expect(reads.filter((read) => read.endsWith(' Secret'))).toEqual([]);

    const looked = await check(world, { desired });
    expect(looked).not.toHaveProperty('leftOut');
    expect(looked.drift.map(({ object }) => object)).toContain(`Secret/${world.namespace}/token`);
  });

  it('leave Secrets alone without a record as well', async () => {
    const world = await pulled((ns) => mapsOf(ns, 1));
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: gone, namespace: ${world.namespace} }\n`;
    const { cluster, reads } = noting(world.cluster);
    const found = await check(world, {
      ...{ cluster, secrets: 'left' as const },
      records: { read: async () => undefined, savedHashKey: async () => undefined },
      desired: gitOf(world, { ...mapsOf(world.namespace, 1), 'secret.yaml': secret }),
    });
    expect(found.drift).toEqual([]);
    expect(found.leftOut).toEqual(['Secret']);
    expect(reads.filter((read) => read.endsWith(' Secret'))).toEqual([]);
  });

  it('need only the namespaces of the sync, where more is not allowed', async () => {
    const world = await pulled((ns) => ({ ...mapsOf(ns, 12), 'service.yaml': service(ns, 'web') }));
    const user = `reader-${randomBytes(4).toString('hex')}`;
    const kubeconfig = join(await temporaryFolder(), 'reader.kubeconfig');
    await writeFile(kubeconfig, await addUser({ name: user }));
    const within = ['-n', world.namespace];
    kubectl(...within, 'create', 'role', user, '--verb=get,list', '--resource=configmaps,services');
    kubectl(...within, 'create', 'rolebinding', user, `--role=${user}`, `--user=${user}`);
    const reader = await openCluster({ kubeconfig });
    onTestFinished(() => reader.close());
    await world.edit('v1', 'ConfigMap', 'settings-3', label);
    const desired = gitOf(world, { ...mapsOf(world.namespace, 12), 'service.yaml': service(world.namespace, 'web') });
    const found = await until('the role is known to the API server', async () => {
      const one = await check(world, { cluster: reader, desired });
      return one.unknown.length === 1 ? one : undefined;
    });
    expect(found.unknown).toEqual([
      { object: `Namespace/${world.namespace}`, reason: expect.stringContaining('forbidden') },
    ]);
    expect(found.drift).toMatchObject([{ object: `ConfigMap/${world.namespace}/settings-3`, state: 'added' }]);
  });
});

describeWithCluster('a drift check that has no time left', () => {
  it('keeps what it compared, and calls the rest unknown', async () => {
    const world = await pulled((ns) => ({
      ...{ ...mapsOf(ns, 20), 'service.yaml': service(ns, 'web') },
      'account.yaml': `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: web, namespace: ${ns} }\n`,
    }));
    await world.edit('v1', 'ConfigMap', 'settings-1', label);
    const time = new AbortController();
    const { signal } = time;
    const never = (): Promise<never> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    async function* stuck(request: PageRequest): AsyncGenerator<never> {
      expect(request.signal).toBe(signal);
      yield await never();
    }
    const cluster: ClusterReader = {
      ...noting(world.cluster).cluster,
      // Discovery knows no signal.
      resource: (apiVersion, kind) =>
        kind === 'ServiceAccount' ? new Promise<never>(() => {}) : world.cluster.resource(apiVersion, kind),
      pages: (resource, request) =>
        resource.kind === 'Service' ? stuck(request) : world.cluster.pages(resource, request),
      get: async (resource, id, within) => {
        const object = await world.cluster.get(resource, id, within);
        setTimeout(() => time.abort(new Error('over')), 3_000);
        return object;
      },
    };
    const desired = { head: async () => revision, objects: () => new Promise<never>(() => {}) };
    const found = await check(world, { cluster, desired }, { signal });
    expect(found.drift).toMatchObject([
      { object: `ConfigMap/${world.namespace}/settings-1`, fields: [{ live: 'a', manager: 'kubectl-edit' }] },
    ]);
    expect(found.unknown).toEqual([
      { object: 'Service', reason: noTime },
      { object: 'ServiceAccount', reason: noTime },
    ]);
    expect(found.revision).toBe(revision);
  });

  it('knows nothing when not even the record could be read', async () => {
    const world = await pulled((ns) => mapsOf(ns, 1));
    const found = await check(world, {}, { signal: AbortSignal.abort() });
    expect(found).toMatchObject({ drift: [], unknown: [{ object: '*', reason: noTime }] });
  });

  it('ends in time when the API server falls silent', async () => {
    const world = await pulled((ns) => ({ ...mapsOf(ns, 3), 'service.yaml': service(ns, 'web') }));
    const relay = await relayTo(cluster().server);
    const way = await kubeconfigThrough(relay, cluster());
    const silent = await openCluster({ kubeconfig: way });
    onTestFinished(() => silent.close());
    expect(await check(world, { cluster: silent })).toMatchObject({ drift: [], unknown: [] });
    relay.hush();
    const begin = performance.now();
    const found = await check(world, { cluster: silent }, { signal: AbortSignal.timeout(5_000) });
    expect(performance.now() - begin).toBeLessThan(60_000);
    expect(found.drift).toEqual([]);
    expect(found.unknown.map(({ object }) => object)).toEqual(['ConfigMap', 'Namespace', 'Service']);
    for (const { reason } of found.unknown) expect(reason).toBe(noTime);
  });
});

describeWithCluster('the audit log of the API server', () => {
  it('of drift checks has get and list alone, whatever they find, and nothing is rendered while all is well', async () => {
    const { signal } = new AbortController();
    const audit = await auditLog(await temporaryFolder());
    const plane = await privateControlPlane({ apiServerFlags: audit.flags });
    const world = await openWorld(plane.kubeconfigPath, syncSpec());
    onTestFinished(() => world.cluster.close());
    const ns = world.namespace;
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: token, namespace: ${ns} }\nstringData: { a: b }\n`;
    const files: Record<string, string> = {
      'namespace.yaml': namespace(ns),
      ...mapsOf(ns, 20),
      'web.yaml': deployment(ns, 'web', 'web:1.4.0'),
      'service.yaml': service(ns, 'web'),
      'secret.yaml': secret,
    };
    expect((await world.pull(files, { revision })).report.errors).toEqual([]);
    const desired = gitOf(world, files);
    const counted = async (work: Promise<DriftFound>) => {
      const found = await work;
      return { found, verbs: Object.keys(await audit.since('windlass', signal)).sort() };
    };
    await audit.since('windlass', signal);

    const well = await counted(check(world));
    expect(well.found).toMatchObject({ drift: [], unknown: [] });
    expect(well.verbs).toEqual(['get', 'list']);

    await world.edit('v1', 'ConfigMap', 'settings-0', { data: { a: 'by hand' } });
    for (const name of settings(20).slice(1, 12)) await world.edit('v1', 'ConfigMap', name, label);
    await world.edit('v1', 'Service', 'web', unlabelled(''));
    await world.edit('v1', 'Secret', 'token', { stringData: { a: 'c' } });
    const maps = (await world.cluster.resource('v1', 'ConfigMap'))!;
    const id = { group: '', kind: 'ConfigMap', namespace: ns, name: 'settings-19' };
    const gone = await world.cluster.get(maps, id);
    await world.cluster.remove(maps, id, gone!.metadata.uid!);
    await audit.since('windlass', signal);
    const drifting = await counted(check(world, { desired }));
    expect(drifting.found.drift.map(({ state }) => state).sort()).toEqual([
      ...Array.from({ length: 11 }, () => 'added'),
      ...['changed', 'changed', 'changed', 'missing'],
    ]);
    expect(drifting.found.unknown).toEqual([]);
    expect(drifting.verbs).toEqual(['get', 'list']);

    const left = await counted(check(world, { desired, secrets: 'left' }));
    expect(left.verbs).toEqual(['get', 'list']);

    const forbidden = await counted(check(world, { cluster: world.cluster.as('nobody'), desired }));
    expect(forbidden.found.drift).toEqual([]);
    expect(forbidden.found.unknown).toHaveLength(5);
    expect(forbidden.verbs).toEqual(['get', 'list']);

    const none = { read: async () => undefined, savedHashKey: () => world.records.savedHashKey() };
    const unrecorded = await counted(check(world, { records: none, desired }));
    expect(unrecorded.found.drift.length).toBeGreaterThan(0);
    expect(unrecorded.verbs.filter((verb) => verb !== 'get' && verb !== 'list')).toEqual([]);

    const record = (await world.records.read(world.sync.name))!;
    const odd = {
      ...record.entries[0]!,
      object: 'acme.example/Widget/shop/one',
      apiVersion: 'acme.example/v1',
      kind: 'Widget',
    };
    const records = {
      read: async () => ({ ...record, entries: [...record.entries, odd] }),
      savedHashKey: () => world.records.savedHashKey(),
    };
    await audit.since('windlass', signal);
    const unserved = await counted(check(world, { records, desired }));
    expect(unserved.found.unknown).toEqual([
      { object: 'acme.example/Widget', reason: 'the API server does not know Widget of acme.example/v1' },
    ]);
    expect(unserved.verbs).toEqual(['get', 'list']);
  });
});
