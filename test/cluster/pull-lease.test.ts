import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import type { Client } from '../../lib/adapters/kubernetes/client.ts';
import { KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterLeases, holdLease, type LeaseOptions } from '../../lib/adapters/kubernetes/lease.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { syncLabel } from '../../lib/kube/normalise.ts';
import type { AppliedRecord } from '../../lib/kube/record.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, until, type World } from '../pull/world.ts';

const day = 24 * 3600 * 1000;
/** For a holder that is to lose it. */
const short: LeaseOptions = { duration: 1000, lookEvery: 50 };
/** For a holder that is to keep it, also where the API server takes its time for a renewal. */
const kept: LeaseOptions = { duration: 6000, lookEvery: 50 };

async function world(): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, syncSpec());
  onTestFinished(() => made.close());
  return made;
}

/** Another puller: a connection of its own, through which requests may be held up. */
async function puller(
  options: LeaseOptions = {},
  during: (path: string, method: string) => Promise<(() => Promise<void>) | void> = async () => {},
) {
  const own = await openCluster({ kubeconfig: cluster().kubeconfigPath });
  onTestFinished(() => own.close());
  const send: Client['send'] = async (request, signal) => {
    const after = await during(request.path, request.method);
    const answer = await own.client.send(request, signal);
    await after?.();
    return answer;
  };
  const client = new Proxy(own.client, {
    get(real, name) {
      if (name === 'send') return send;
      const member = Reflect.get(real, name) as unknown;
      return typeof member === 'function' ? member.bind(real) : member;
    },
  });
  const deps = { records: new ClusterRecords(client), leases: new ClusterLeases(client, options) };
  return { client, cluster: new KubernetesCluster(client), deps };
}

async function leaseOf({ cluster: real }: World, name: string) {
  const leases = (await real.resource('coordination.k8s.io/v1', 'Lease'))!;
  return await real.get(leases, { group: 'coordination.k8s.io', kind: 'Lease', namespace: 'windlass-system', name });
}

const mapsOf = async ({ cluster: real, sync, namespace: ns }: World) => {
  const live = await real.list((await real.resource('v1', 'ConfigMap'))!, `${syncLabel}=${sync.name}`, ns);
  return Object.fromEntries(live.map(({ metadata, ...map }) => [metadata.name, map['data']]));
};

describeWithCluster('the lease of a sync', () => {
  it('is taken by a pull that writes, given back, and not asked for by one that has nothing to do', async () => {
    const made = await world();
    const files = { 'ns.yaml': namespace(made.namespace), 'a.yaml': configMap(made.namespace, 'a', {}) };
    const revision = 'a'.repeat(40);
    await made.pull(files, { revision });
    const lease = await leaseOf(made, `windlass-sync-${made.sync.name}`);
    expect(lease?.['spec']).toMatchObject({ leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect((lease?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity ?? '').toBe('');
    const asked = made.cluster.stats().lease;
    expect(actionsOf(await made.pull(files, { revision }))).toEqual({ unchanged: 2 });
    expect(made.cluster.stats().lease).toBe(asked);
  });

  it('is not taken from a holder that is alive: the pull writes and reports nothing, and says who has it', async () => {
    const made = await world();
    const files = { 'ns.yaml': namespace(made.namespace) };
    await made.pull(files);
    const other = await holdLease(made.cluster.client, `windlass-sync-${made.sync.name}`, kept);
    const spec = (await leaseOf(made, `windlass-sync-${made.sync.name}`))?.['spec'] as { holderIdentity: string };
    const lines: string[] = [];
    const reported = made.reports.length;
    made.writes();
    const leases = new ClusterLeases(made.cluster.client, { ...kept, patience: 8000 });
    const outcome = await made.pull(
      { ...files, 'a.yaml': configMap(made.namespace, 'a', {}) },
      { deps: { leases, progress: (line) => void lines.push(line) } },
    );
    expect(outcome.report.errors).toMatchObject([
      { code: 'busy', message: expect.stringContaining(`is held by ${spec.holderIdentity}, since 20`) },
    ]);
    expect([outcome.trouble, outcome.reported, made.reports.length - reported, made.writes()]).toEqual([
      true,
      false,
      0,
      {},
    ]);
    expect(lines.filter((line) => line.startsWith('waiting for ')).length).toBe(1);
    await other.release();
    const next = await made.pull({ ...files, 'a.yaml': configMap(made.namespace, 'a', {}) });
    expect(actionsOf(next)).toEqual({ unchanged: 1, created: 1 });
  });

  it.for([
    ['a day ahead', day],
    ['a day behind', -day],
  ] as const)(
    'is judged by no clock: a holder whose clock is %s keeps it while alive, and loses it when gone',
    async ([, skew]) => {
      const { client } = await puller();
      const name = `windlass-test-${randomBytes(4).toString('hex')}`;
      const now = () => new Date(Date.now() + skew);
      const alive = await holdLease(client, name, { ...kept, now });
      await expect(holdLease(client, name, { ...kept, patience: 8000 })).rejects.toMatchObject({ code: 'busy' });
      await alive.confirm();
      await alive.release();
      // One that is gone: it neither renews nor gives back.
      const gone = await puller(short, async (_, method) => {
        if (dead && method === 'PUT') throw new Error('this process is gone');
      });
      let dead = false;
      const left = await holdLease(gone.client, name, { ...short, now });
      dead = true;
      const next = await holdLease(client, name, { ...kept, patience: 60_000 });
      await expect(left.confirm()).rejects.toMatchObject({ code: 'lease-lost' });
      await next.confirm();
      await next.release();
    },
  );

  it('survives that somebody annotates it, and is made again when it is deleted', async () => {
    const made = await world();
    const name = `windlass-test-${randomBytes(4).toString('hex')}`;
    const held = await holdLease(made.cluster.client, name, kept);
    const spec = async () =>
      (await leaseOf(made, name))?.['spec'] as { holderIdentity?: string; renewTime?: string } | undefined;
    const path = `/apis/coordination.k8s.io/v1/namespaces/windlass-system/leases/${name}`;
    const patch = { metadata: { annotations: { a: 'b' } } };
    const contentType = 'application/merge-patch+json';
    await made.cluster.client.send({ verb: 'lease', method: 'PATCH', path, body: JSON.stringify(patch), contentType });
    const renewedAt = (await spec())?.renewTime;
    await until('it is renewed', async () => (await spec())?.renewTime !== renewedAt);
    await held.confirm();
    await made.cluster.client.send({ verb: 'lease', method: 'DELETE', path });
    await until('it is there again', async () => (await spec())?.holderIdentity);
    await held.confirm();
    await held.release();
    expect((await spec())?.holderIdentity ?? '').toBe('');
  });

  it('lets only one of many have it at a time', async () => {
    const name = `windlass-test-${randomBytes(4).toString('hex')}`;
    let inside = 0;
    let most = 0;
    const worker = async () => {
      const { client } = await puller();
      const held = await holdLease(client, name, { lookEvery: 20, patience: 120_000 });
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 50));
      inside -= 1;
      await held.release();
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(most).toBe(1);
  });
});

describeWithCluster('a puller that was paused past its lease', () => {
  it('writes nothing more when it goes on, and says who took over', async () => {
    const made = await world();
    const ns = made.namespace;
    const base = { 'ns.yaml': namespace(ns), 'kept.yaml': configMap(ns, 'kept', { by: 'first' }) };
    await made.pull(base);
    // Stopped when its intent is written: it gets no answer any more and sends nothing, as a stopped process.
    let goOn = () => {};
    const paused = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    let isStopped = false;
    const { cluster: slow, deps } = await puller({ ...kept, duration: 3000 }, async (path, method) => {
      if (isStopped) await paused;
      if (method !== 'PATCH' || !path.includes('windlass-record')) return;
      isStopped = true;
      return async () => {
        stop();
        await paused;
      };
    });
    const late = made.pull(
      { ...base, 'kept.yaml': configMap(ns, 'kept', { by: 'late' }), 'late.yaml': configMap(ns, 'late', {}) },
      { cluster: slow, deps },
    );
    await stopped;
    const newest = {
      ...base,
      'kept.yaml': configMap(ns, 'kept', { by: 'newest' }),
      'new.yaml': configMap(ns, 'new', { by: 'newest' }),
    };
    const revision = 'e'.repeat(40);
    const taken = await made.pull(newest, { revision });
    expect(taken.report.errors).toEqual([]);
    const record = await made.records.read(made.sync.name);
    expect(taken.report.drift).toEqual([]);
    goOn();
    const outcome = await late;
    expect(outcome.report.errors.map(({ code }) => code)).toContain('lease-lost');
    expect(outcome.trouble).toBe(true);
    expect(await made.records.read(made.sync.name)).toEqual(record);
    expect(await mapsOf(made)).toEqual({ kept: { by: 'newest' }, new: { by: 'newest' } });
  });

  it('cannot overwrite a newer record of many parts, nor leave parts behind', async () => {
    const made = await world();
    const { client } = made.cluster;
    const sync = made.sync.name;
    const large = (revision: string): AppliedRecord => ({
      ...{
        format: 2,
        sync,
        revision,
        at: '2026-11-22T10:00:00Z',
        renderers: { noise: randomBytes(1_500_000).toString('base64') },
      },
      entries: [],
    });
    const all = new ClusterRecords(client);
    const [one, other] = [all.session(), all.session()];
    await one.read(sync);
    await one.write(large('1'));
    await other.read(sync);
    expect(await other.changed(sync)).toBe(false);
    await one.write(large('2'));
    expect(await other.changed(sync)).toBe(true);
    await expect(other.write(large('late'))).rejects.toMatchObject({ code: 'record-changed' });
    expect((await all.read(sync))?.revision).toBe('2');
    // Cut off after its parts: they are removed by the next write.
    const cut = await puller({}, async (path, method) => {
      if (method === 'PATCH' && path.includes(`windlass-record-${sync}-0`)) throw new Error('cut off');
    });
    const broken = new ClusterRecords(cut.client);
    await broken.read(sync);
    await expect(broken.write(large('cut off'))).rejects.toThrow('cut off');
    expect((await all.read(sync))?.revision).toBe('2');
    await one.write(large('3'));
    const maps = await made.cluster.list(
      (await made.cluster.resource('v1', 'ConfigMap'))!,
      `windlass.dev/record-of=${sync}`,
    );
    const named = maps.find(({ metadata }) => metadata.name.endsWith('-0'))?.metadata.annotations?.[
      'windlass.dev/record-parts'
    ];
    expect(maps.map(({ metadata }) => metadata.name).sort()).toEqual(
      [`windlass-record-${sync}-0`, ...named!.split(',')].sort(),
    );
    await one.write({ ...large('4'), renderers: {} });
    expect(
      await made.cluster.list((await made.cluster.resource('v1', 'ConfigMap'))!, `windlass.dev/record-of=${sync}`),
    ).toHaveLength(1);
    // Deleted by somebody: it is not written as if it were there.
    const path = `/api/v1/namespaces/windlass-system/configmaps/windlass-record-${sync}-0`;
    await client.send({ verb: 'delete', method: 'DELETE', path });
    await expect(one.write({ ...large('5'), renderers: {} })).rejects.toMatchObject({ code: 'record-changed' });
    expect(await all.read(sync)).toBeUndefined();
  });
});

/** Numbers between 0 and 1, the same for a seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describeWithCluster('two live pullers of one sync', () => {
  it('whose clocks are two days apart leave what the newest head says, no orphan, and a record that agrees', async () => {
    const made = await world();
    const ns = made.namespace;
    const rounds = 24;
    const revisions = Array.from({ length: rounds }, (_, index) => String(index).padStart(40, '0'));
    let newest = 0;
    const isAncestor = async (one: string, two: string) => revisions.indexOf(one) <= revisions.indexOf(two);
    const currentHead = async () => revisions[newest]!;
    // Each head has a map that only it and the next one have: one is made and one is pruned at each.
    const filesAt = (index: number) => ({
      'ns.yaml': namespace(ns),
      'head.yaml': configMap(ns, 'head', { at: String(index) }),
      ...Object.fromEntries([index, index + 1].map((at) => [`only-${at}.yaml`, configMap(ns, `only-${at}`, {})])),
    });
    let running = true;
    const codes = new Set<string>();
    const live = async (seed: number, skew: number) => {
      const random = randomOf(seed);
      const now = () => new Date(Date.now() + skew);
      const pause = () => new Promise<void>((resolve) => setTimeout(resolve, random() * 15));
      const { cluster: own, deps } = await puller({ ...kept, now }, pause);
      while (running) {
        const head = newest;
        await pause();
        const change = { revision: revisions[head]!, cluster: own, now, deps: { ...deps, isAncestor, currentHead } };
        const { report } = await made.pull(filesAt(head), change);
        for (const { code } of report.errors) codes.add(code);
      }
    };
    const both = Promise.all([live(1, day), live(2, -day)]);
    for (newest = 0; newest < rounds - 1; newest++) await new Promise((resolve) => setTimeout(resolve, 400));
    const wanted = { head: { at: String(rounds - 1) }, [`only-${rounds - 1}`]: {}, [`only-${rounds}`]: {} };
    await until('the newest head is there', async () => {
      const record = await made.records.read(made.sync.name);
      if (record === undefined || record.intent !== undefined) return false;
      return record.revision === revisions.at(-1);
    });
    running = false;
    await both;
    // An API server that took its time for a renewal makes a puller give up: what it leaves counts.
    const fine = ['busy', 'outdated', 'record-changed', 'lease-lost'];
    expect([...codes].filter((code) => !fine.includes(code))).toEqual([]);
    const last = await made.pull(filesAt(rounds - 1), { revision: revisions.at(-1)!, deps: { isAncestor } });
    expect(last.report).toMatchObject({ errors: [], drift: [] });
    expect(Object.keys(actionsOf(last))).toEqual(['unchanged']);
    const there = await mapsOf(made);
    expect(Object.keys(there).sort()).toEqual(Object.keys(wanted).sort());
    expect(there['head']).toEqual(wanted.head);
    const recorded = [...(await made.entries()).values()].filter(({ kind }) => kind === 'ConfigMap');
    expect(recorded.map(({ name }) => name).sort()).toEqual(Object.keys(wanted).sort());
  });
});
