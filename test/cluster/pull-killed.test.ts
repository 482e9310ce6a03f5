import { expect, it, onTestFinished } from 'vitest';
import type { Client } from '../../lib/adapters/kubernetes/client.ts';
import { KubernetesCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterLeases } from '../../lib/adapters/kubernetes/lease.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { syncLabel } from '../../lib/kube/normalise.ts';
import type { PullOutcome } from '../../lib/pull/pull.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, type World } from '../pull/world.ts';

async function world(): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, syncSpec());
  onTestFinished(() => made.close());
  return made;
}

class Killed extends Error {}

/** A short one: who comes after a killed pull waits until its lease is over. */
const lease = { duration: 1000, lookEvery: 100 };

/**
 * A process that dies at its nth request to the API server: before it is sent, or when it was carried out and its answer is on the way.
 * Nothing is done after it, not even giving back the lease.
 */
function killed(real: Client, nth: number, when: 'before' | 'after') {
  let calls = 0;
  let dead = false;
  const send = async (...args: Parameters<Client['send']>) => {
    if (dead) throw new Killed();
    calls += 1;
    const mine = calls === nth;
    if (mine && when === 'before') dead = true;
    if (dead) throw new Killed();
    const answer = await real.send(...args);
    if (mine) dead = true;
    if (dead) throw new Killed();
    return answer;
  };
  const client = new Proxy(real, {
    get(_, name) {
      if (name === 'send') return send;
      const member = Reflect.get(real, name) as unknown;
      return typeof member === 'function' ? member.bind(real) : member;
    },
  });
  const parts = { records: new ClusterRecords(client), leases: new ClusterLeases(client, lease) };
  return { cluster: new KubernetesCluster(client), parts, died: () => dead };
}

function isLeaseLost(end: PullOutcome | Error): boolean {
  return !(end instanceof Error) && end.report.errors.some(({ code }) => code === 'lease-lost');
}

/** What Git had, has when the pull is killed, and has when the next one comes; before that perhaps what the API server refuses. */
interface Story {
  before: Record<string, string>;
  during: Record<string, string>;
  refused?: Record<string, string>;
  after: Record<string, string>;
}

/** The names of the sync's ConfigMaps in the cluster, and of the record's. */
async function whatIsThere({ cluster: real, namespace: ns, sync, entries }: World) {
  const maps = (await real.resource('v1', 'ConfigMap'))!;
  const live = await real.list(maps, `${syncLabel}=${sync.name}`, ns);
  const recorded = [...(await entries()).values()].filter(({ kind }) => kind === 'ConfigMap');
  return { live: live.map(({ metadata }) => metadata.name).sort(), recorded: recorded.map(({ name }) => name).sort() };
}

/** Kills a pull at its nth call; true when it had one. Whatever it did, the next pull makes the cluster what Git says, and leaves nothing. */
async function survives(nth: number, when: 'before' | 'after', story: (ns: string) => Story): Promise<boolean> {
  const made = await world();
  const { pull, namespace: ns, cluster: real, records } = made;
  const leases = new ClusterLeases(real.client, { lookEvery: 100 });
  const { before, during, refused, after } = story(ns);
  await pull(before);
  const { cluster: dying, parts, died } = killed(real.client, nth, when);
  const end = await pull(during, { cluster: dying, deps: parts }).catch((error: unknown) => error as Error);
  // The API server took longer for a renewal than a lease lasts that is so short: then the pull ended early.
  if (!died() && isLeaseLost(end)) return await survives(nth, when, story);
  if (!died()) return false;
  // The report is sent when everything is done: a pull that died in it has no error of its own.
  if (end instanceof Error) expect(end).toBeInstanceOf(Killed);
  if (refused !== undefined) {
    const { report } = await pull(refused, { deps: { leases } });
    expect(report.errors.filter(({ code }) => code !== 'apply-immutable')).toEqual([]);
  }
  const next = await pull(after, { deps: { leases } });
  expect({ at: nth, when, errors: next.report.errors }).toEqual({ at: nth, when, errors: [] });
  const wanted = Object.keys(after)
    .filter((file) => file !== 'ns.yaml')
    .map((file) => file.replace('.yaml', ''))
    .sort();
  expect({ at: nth, when, ...(await whatIsThere(made)) }).toEqual({ at: nth, when, live: wanted, recorded: wanted });
  expect((await records.read(made.sync.name))?.intent).toBeUndefined();
  expect(Object.keys(actionsOf(await pull(after)))).toEqual(['unchanged']);
  return true;
}

async function survivesEverywhere(story: (ns: string) => Story, atLeast: number): Promise<void> {
  let calls = 0;
  while (await survives(calls + 1, calls % 2 === 0 ? 'before' : 'after', story)) calls += 1;
  // Each call once more, the other way.
  for (let nth = 1; nth <= calls; nth++) await survives(nth, nth % 2 === 1 ? 'after' : 'before', story);
  expect(calls).toBeGreaterThanOrEqual(atLeast);
}

describeWithCluster('a puller that is killed at any call of a pull that prunes', () => {
  it('neither orphans nor forgets an object, when the next pull sees the same Git', async () => {
    await survivesEverywhere((ns) => {
      const base = { 'ns.yaml': namespace(ns), 'kept.yaml': configMap(ns, 'kept', {}) };
      const old = { 'old-a.yaml': configMap(ns, 'old-a', {}), 'old-b.yaml': configMap(ns, 'old-b', {}) };
      // Deleted and created again on the way.
      const frozen = (a: string) =>
        `${configMap(ns, 'frozen', { a }).replace('name: frozen,', 'name: frozen, annotations: { windlass.dev/force: recreate },')}immutable: true\n`;
      const changed = { 'kept.yaml': configMap(ns, 'kept', { a: '2' }), 'frozen.yaml': frozen('2') };
      const next = { ...base, ...changed, 'new.yaml': configMap(ns, 'new', {}) };
      return { before: { ...base, ...old, 'frozen.yaml': frozen('1') }, during: next, after: next };
    }, 12);
  });

  it('neither orphans nor forgets an object, when Git has dropped by then what it was making', async () => {
    await survivesEverywhere((ns) => {
      const base = { 'ns.yaml': namespace(ns), 'kept.yaml': configMap(ns, 'kept', {}) };
      return {
        before: { ...base, 'old.yaml': configMap(ns, 'old', {}) },
        during: { ...base, 'new.yaml': configMap(ns, 'new', {}), 'more.yaml': configMap(ns, 'more', {}) },
        after: base,
      };
    }, 12);
  });

  it('neither orphans nor forgets an object, when the next pull is refused what it was making, and Git drops it then', async () => {
    await survivesEverywhere((ns) => {
      const base = { 'ns.yaml': namespace(ns), 'kept.yaml': configMap(ns, 'kept', {}) };
      const frozen = (a: string) => `${configMap(ns, 'new', { a })}immutable: true\n`;
      return {
        before: base,
        during: { ...base, 'new.yaml': frozen('1') },
        refused: { ...base, 'new.yaml': frozen('2') },
        after: base,
      };
    }, 8);
  });

  it('never prunes what waits, because it died between seeing and saying so', async () => {
    const commits = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(40));
    // `b` is a rewritten history, `c` and `d` descend from it.
    const isAncestor = async (one: string, other: string) =>
      one === other || (one !== commits[0] && commits.indexOf(one) < commits.indexOf(other));
    const keepsOld = async (nth: number, when: 'before' | 'after'): Promise<boolean> => {
      const { pull, namespace: ns, cluster: real, live } = await world();
      const base = { 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', {}) };
      const at = (index: number) => ({ revision: commits[index]!, deps: { isAncestor } });
      await pull({ ...base, 'old.yaml': configMap(ns, 'old', {}) }, at(0));
      const { cluster: dying, parts, died } = killed(real.client, nth, when);
      const next = { ...base, 'new.yaml': configMap(ns, 'new', {}) };
      const deps = { isAncestor, ...parts };
      const end = await pull(next, { revision: commits[1]!, cluster: dying, deps }).catch(
        (error: unknown) => error as Error,
      );
      if (!died() && isLeaseLost(end)) return await keepsOld(nth, when);
      for (const index of [2, 3]) await pull(base, at(index));
      expect({ nth, when, old: (await live('v1', 'ConfigMap', 'old')) !== undefined }).toEqual({
        nth,
        when,
        old: true,
      });
      return died();
    };
    let calls = 0;
    while (await keepsOld(calls + 1, 'before')) {
      calls += 1;
      await keepsOld(calls, 'after');
    }
    expect(calls).toBeGreaterThan(8);
  });
});
