import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { CoordinationV1Api, CoreV1Api, KubeConfig, Watch } from '@kubernetes/client-node';
import { expect, it, onTestFinished } from 'vitest';
import { seeded } from '../../bench/parts/numbers.ts';
import type { ControlPlane } from '../../lib/adapters/local/control-plane/control-plane.ts';
import { describeWithCluster, privateControlPlane, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { pullOnce, repository, startPuller } from '../helpers/puller.ts';
import { kubeconfigThrough, relayTo } from '../helpers/relay.ts';
import { configMap, namespace } from '../pull/manifests.ts';

const system = 'windlass-system';
const files = {
  'windlass.yaml': 'windlass: 1\nclusters: { test: {} }\nsyncs: { shop: { cluster: test, path: shop } }\n',
  'shop/ns.yaml': namespace('shop'),
};

function adminOf(plane: ControlPlane) {
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfigPath);
  return {
    config,
    core: config.makeApiClient(CoreV1Api),
    leases: config.makeApiClient(CoordinationV1Api),
  };
}

type Admin = ReturnType<typeof adminOf>;

/** The ConfigMaps of the sync, by name. */
async function live({ core }: Admin): Promise<Record<string, Record<string, string>>> {
  const { items } = await core.listNamespacedConfigMap({ namespace: 'shop', labelSelector: 'windlass.dev/sync=shop' });
  return Object.fromEntries(items.map(({ metadata, data }) => [metadata!.name!, data ?? {}]));
}

/** Whatever the ConfigMap `counter` was, in order, as the API server told it. */
async function counted({ config }: Admin): Promise<number[]> {
  const seen: number[] = [];
  const watching = await new Watch(config).watch(
    '/api/v1/namespaces/shop/configmaps',
    { fieldSelector: 'metadata.name=counter', timeoutSeconds: 7200 },
    (_phase, object) => seen.push(Number((object as { data: { n: string } }).data.n)),
    () => undefined,
  );
  onTestFinished(() => watching.abort());
  return seen;
}

const counter = (n: number) => ({ 'shop/counter.yaml': configMap('shop', 'counter', { n: String(n) }) });

describeWithCluster('commits that come faster than pulls', () => {
  it('200 in a row are all live in the end, in their order: each is pulled, or a later one with all of it', async () => {
    const plane = await privateControlPlane();
    const admin = adminOf(plane);
    const { dir, commit, revision } = await repository({ ...files, ...counter(0) });
    const env = { KUBECONFIG: plane.kubeconfigPath, WINDLASS_MODE: 'watch', WINDLASS_REPO: dir };
    const puller = await startPuller(env);
    await puller.line('first pull', ({ result }) => result === 'synced');
    const seen = await counted(admin);
    const commits = [revision];
    for (let n = 1; n <= 200; n++)
      commits.push(await commit({ ...counter(n), [`shop/c${n}.yaml`]: configMap('shop', `c${n}`, { n: String(n) }) }));
    const last = commits.at(-1)!;
    await puller.line('last pull', (line) => line.revision === last && line.result === 'synced');

    const own = Array.from({ length: 200 }, (_, index) => [`c${index + 1}`, { n: String(index + 1) }]);
    expect(await live(admin)).toEqual({ counter: { n: '200' }, ...Object.fromEntries(own) });
    const pulled = puller.lines().filter(({ sync }) => sync === 'shop');
    expect(pulled.map(({ result }) => result)).toEqual(pulled.map(() => 'synced'));
    const order = pulled.map(({ revision: at }) => commits.indexOf(at!));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
    await waitFor(() => seen.at(-1) === 200, { what: 'the watch has told all' });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(seen).size).toBe(seen.length);
  });
});

/** What Git is to have: some of twenty ConfigMaps, of one of three texts. */
function wanted(random: () => number): Record<string, Record<string, string>> {
  const names = Array.from({ length: 20 }, (_, index) => `m${index}`).filter(() => random() < 0.6);
  return Object.fromEntries(names.map((name) => [name, { text: String(Math.floor(random() * 3)) }]));
}

function manifests(objects: Record<string, Record<string, string>>): Record<string, string> {
  const documents = Object.entries(objects).map(([name, data]) => configMap('shop', name, data));
  return { 'shop/maps.yaml': documents.join('---\n') };
}

/** As if the time of a dead process's leases were over: it lasts 15 s, 50 times. */
async function forgetLeases({ leases }: Admin): Promise<void> {
  await leases.deleteCollectionNamespacedLease({ namespace: system });
}

/** What several killed pulls left may be more than is pruned unasked. */
const prunedUnasked = {
  'windlass.yaml':
    'windlass: 1\nclusters: { test: {} }\nsyncs: { shop: { cluster: test, path: shop, pruneLimit: { percent: 100 } } }\n',
};

describeWithCluster('a puller that is killed', () => {
  it('at random moments of 50 syncs leaves a cluster that the next one makes right: nothing is orphaned or doubled', async () => {
    const plane = await privateControlPlane();
    const admin = adminOf(plane);
    const { dir, commit } = await repository({ ...files, ...prunedUnasked });
    const env = { KUBECONFIG: plane.kubeconfigPath, WINDLASS_REPO: dir, WINDLASS_STATE_DIR: await temporaryFolder() };
    let begin = performance.now();
    expect((await pullOnce(env)).code).toBe(0);
    let usual = performance.now() - begin;
    const seed = randomBytes(4).readUInt32LE();
    const random = seeded(seed);
    const inTheMiddle = { killed: 0, wrote: 0 };
    let objects: Record<string, Record<string, string>> = {};
    for (let turn = 0; turn < 50; turn++) {
      const before = JSON.stringify(await live(admin));
      objects = wanted(random);
      await commit(manifests(objects));
      begin = performance.now();
      const puller = await startPuller({ ...env, WINDLASS_MODE: 'cron' });
      // The process starts for half of its life: most of the moments are in the pull.
      const timer = setTimeout(() => puller.child.kill('SIGKILL'), usual * (0.4 + random() * 0.7));
      const code = await puller.ended();
      clearTimeout(timer);
      expect([0, null], `seed ${seed}, turn ${turn}: ${puller.output()}`).toContain(code);
      if (code === null) {
        inTheMiddle.killed++;
        const now = JSON.stringify(await live(admin));
        // The machine may be busier by now, or less busy than it was.
        if (now === before) usual *= 1.1;
        else inTheMiddle.wrote++;
        await forgetLeases(admin);
      } else {
        usual = performance.now() - begin;
        expect(await live(admin), `seed ${seed}, turn ${turn}`).toEqual(objects);
      }
    }
    const last = await pullOnce(env);
    expect(last.code, `seed ${seed}: ${last.output()}`).toBe(0);
    expect(await live(admin), `seed ${seed}`).toEqual(objects);
    const { items } = await admin.core.listNamespacedConfigMap({ namespace: 'shop' });
    const foreign = items.map(({ metadata }) => metadata!.name!).filter((name) => !(name in objects));
    expect(foreign.filter((name) => name !== 'kube-root-ca.crt')).toEqual([]);
    const again = await pullOnce(env);
    expect(again.lines().find(({ sync }) => sync === 'shop')).toMatchObject({
      ...{ result: 'synced', Changes: 0, Drift: 0, Objects: Object.keys(objects).length + 1 },
    });
    // Else the moments were not what this test is about.
    expect(inTheMiddle.killed, `seed ${seed}`).toBeGreaterThan(10);
    expect(inTheMiddle.wrote, `seed ${seed}`).toBeGreaterThan(0);
  });
});

describeWithCluster('when Git and the API server are away', () => {
  it('the puller says so, stays, and goes on with both', async () => {
    const plane = await privateControlPlane();
    const way = await relayTo(plane.server);
    const { dir, commit } = await repository({
      ...files,
      ...counter(1),
      'shop/other.yaml': configMap('shop', 'other', { a: '1' }),
    });
    const admin = adminOf(plane);
    const env = { KUBECONFIG: await kubeconfigThrough(way, plane), WINDLASS_MODE: 'watch', WINDLASS_REPO: dir };
    const puller = await startPuller(env);
    await puller.line('first pull', ({ result }) => result === 'synced');
    const elsewhere = join(await temporaryFolder(), 'away');
    await rename(dir, elsewhere);
    await puller.line('Git away', ({ message }) => message.startsWith('could not look at the head'));

    way.cut();
    const body = [{ op: 'replace', path: '/data/a', value: 'by hand' }];
    await admin.core.patchNamespacedConfigMap({ namespace: 'shop', name: 'other', body });
    await rename(elsewhere, dir);
    const second = await commit(counter(2));
    // What cannot be reached fails a pull, or the keeping of windlass.yaml before it.
    await puller.line('API server away', (line) => JSON.stringify(line).includes(`${way.url} cannot be reached`));
    await rename(dir, elsewhere);
    way.mend();
    await waitFor(async () => (await live(admin))['other']?.['a'] === '1', {
      what: 'the edit is undone',
    });
    await rename(elsewhere, dir);
    const third = await commit(counter(3));
    await puller.line('last pull', ({ revision, result }) => revision === third && result === 'synced');
    expect(await live(admin)).toEqual({ counter: { n: '3' }, other: { a: '1' } });
    expect([second, third]).toContain(puller.lines().findLast(({ sync }) => sync === 'shop')?.revision);
    expect(puller.child.exitCode).toBeNull();
    puller.child.kill('SIGTERM');
    expect(await puller.ended()).toBe(0);
  });
});
