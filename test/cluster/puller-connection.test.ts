import { CoreV1Api as Core, type CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { expect, it } from 'vitest';
import type { ControlPlane } from '../../lib/adapters/local/control-plane/control-plane.ts';
import { describeWithCluster, privateControlPlane, waitFor } from '../helpers/cluster.ts';
import { type RunningPuller, repository, startPuller } from '../helpers/puller.ts';
import { kubeconfigThrough, type Relay, relayTo } from '../helpers/relay.ts';
import { configMap, namespace } from '../pull/manifests.ts';

const count = 300;
const config = 'windlass: 1\nclusters: { test: {} }\nsyncs: { shop: { cluster: test, path: shop } }\n';

/** So many ConfigMaps of 2 kB, all with this text. */
function maps(text: string): Record<string, string> {
  const data = { text, filler: '.'.repeat(2000) };
  const documents = Array.from({ length: count }, (_, index) => configMap('shop', `m${index}`, data));
  return { 'shop/maps.yaml': documents.join('---\n') };
}

function coreOf(plane: ControlPlane): CoreV1Api {
  const admin = new KubeConfig();
  admin.loadFromFile(plane.kubeconfigPath);
  return admin.makeApiClient(Core);
}

/** How many ConfigMaps of the sync have which text. */
async function texts(core: CoreV1Api): Promise<Record<string, number>> {
  const { items } = await core.listNamespacedConfigMap({ namespace: 'shop', labelSelector: 'windlass.dev/sync=shop' });
  return Object.fromEntries([...Map.groupBy(items, ({ data }) => data?.['text'] ?? '')].map(([k, v]) => [k, v.length]));
}

/** A puller in watch mode after its first pull. */
async function watching(plane: ControlPlane, way: Relay) {
  const repo = await repository({ 'windlass.yaml': config, 'shop/ns.yaml': namespace('shop'), ...maps('one') });
  const env = { KUBECONFIG: await kubeconfigThrough(way, plane), WINDLASS_MODE: 'watch', WINDLASS_REPO: repo.dir };
  const puller = await startPuller(env);
  await isLive(puller, repo.revision);
  return { ...repo, puller, core: coreOf(plane) };
}

async function isLive(puller: RunningPuller, revision: string): Promise<void> {
  await puller.line(`pull of ${revision}`, (line) => line.revision === revision && line.result === 'synced');
}

async function editByHand(core: CoreV1Api, name: string): Promise<void> {
  const body = [{ op: 'replace', path: '/data/text', value: 'by hand' }];
  await core.patchNamespacedConfigMap({ namespace: 'shop', name, body });
}

const troubles = (puller: RunningPuller) =>
  puller.lines().filter(({ level, result }) => level === 'error' || result === 'failed');

describeWithCluster('the connection of the puller', () => {
  it('may be retired by the API server at any request: whole syncs and watches go on, and nothing fails', async () => {
    const plane = await privateControlPlane({ apiServerFlags: { 'goaway-chance': '0.02' } });
    const way = await relayTo(plane.server);
    const { puller, core, commit } = await watching(plane, way);
    expect(await texts(core)).toEqual({ one: count });
    for (const text of ['two', 'three']) {
      await isLive(puller, await commit(maps(text)));
      expect(await texts(core)).toEqual({ [text]: count });
    }
    for (const index of [3, 33, 133]) {
      await editByHand(core, `m${index}`);
      await waitFor(async () => (await texts(core))['three'] === count, { what: `the edit of m${index} is undone` });
    }
    // At 2 of 100 requests, these 900 applies alone retire a good dozen connections.
    expect(way.connections()).toBeGreaterThan(10);
    expect(troubles(puller)).toEqual([]);
  });

  it('may fall silent without a word: pulls and watches go on over a new one', async () => {
    const plane = await privateControlPlane();
    const way = await relayTo(plane.server);
    const { puller, core, commit } = await watching(plane, way);
    const before = way.connections();
    way.hush();
    await isLive(puller, await commit(maps('two')));
    expect(await texts(core)).toEqual({ two: count });
    way.hush();
    await editByHand(core, 'm7');
    await waitFor(async () => (await texts(core))['two'] === count, { what: 'the edit is undone' });
    expect(way.connections()).toBeGreaterThan(before);
    puller.child.kill('SIGTERM');
    expect(await puller.ended()).toBe(0);
  });

  it('may end with the API server in the middle of a sync: it is finished when the server is back', async () => {
    const plane = await privateControlPlane();
    const way = await relayTo(plane.server);
    const { puller, core, commit } = await watching(plane, way);
    let restarted: Promise<void> | undefined;
    // Of the 600 kB of the applies that come now.
    way.afterBytes(300_000, () => {
      // Before another process hears of it, all applies would be done.
      way.cut();
      restarted = plane.restartApiServer({ kill: true, downMs: 5000 }).finally(() => way.mend());
    });
    const revision = await commit(maps('two'));
    const cutOff = await puller.line('cut off pull', (line) => line.revision === revision && line.sync === 'shop');
    // Where the server is back before the last try of a request, the same pull goes on.
    if (cutOff['result'] === 'failed') {
      const { configured } = cutOff['counts'] as { configured: number };
      expect(configured).toBeLessThan(count);
    }
    await waitFor(() => restarted !== undefined, { what: 'the connection was cut' });
    await restarted;
    await isLive(puller, revision);
    expect(await texts(core)).toEqual({ two: count });
    // The watches are there again as well.
    await editByHand(core, 'm7');
    await waitFor(async () => (await texts(core))['two'] === count, { what: 'the edit is undone' });
    expect(puller.child.exitCode).toBeNull();
  });
});
