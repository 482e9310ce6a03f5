import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@aws-lambda-powertools/logger';
import { expect, it, onTestFinished } from 'vitest';
import { type DriftRun, driftOnSchedule } from '../../functions/handlers/drift-on-schedule.ts';
import { accessFromKubeconfig } from '../../lib/adapters/kubernetes/access.ts';
import { Client } from '../../lib/adapters/kubernetes/client.ts';
import { KubernetesCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import type { ControlPlane } from '../../lib/adapters/local/control-plane/control-plane.ts';
import { lambdaContext } from '../../lib/adapters/local/sqs-record.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { gitReader } from '../../lib/drift/git-reader.ts';
import type { CheckReported, DriftFound } from '../../lib/model/messages.ts';
import { describeWithCluster, privateControlPlane, temporaryFolder } from '../helpers/cluster.ts';
import { kubeconfigThrough, type Relay, relayTo } from '../helpers/relay.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { noKustomizer, openWorld, syncSpec, treeOf, type World } from '../pull/world.ts';

const revision = 'a'.repeat(40);
const config = `windlass: 1
clusters: { dev: {}, prod: {}, lost: {} }
syncs:
  dev-a: { cluster: dev, path: dev-a }
  dev-b: { cluster: dev, path: dev-b }
  prod-a: { cluster: prod, path: prod-a }
  prod-b: { cluster: prod, path: prod-b }
  lost-a: { cluster: lost, path: lost-a }
`;

/** An API server behind a way that can be spoilt, with two syncs pulled into it. */
interface Side {
  plane: ControlPlane;
  relay: Relay;
  worlds: World[];
  kubeconfig: string;
}

const manifests = (inside: string) => ({
  'namespace.yaml': namespace(inside),
  'settings.yaml': configMap(inside, 'settings', { a: '1' }),
});

async function side(name: string): Promise<Side> {
  const dir = join(await temporaryFolder(), name);
  await mkdir(dir);
  const plane = await privateControlPlane({ dir });
  const relay = await relayTo(plane.server);
  const worlds: World[] = [];
  for (const sync of [`${name}-a`, `${name}-b`]) {
    const world = await openWorld(plane.kubeconfigPath, syncSpec({ name: sync, path: sync, cluster: name }));
    onTestFinished(() => world.cluster.close());
    const { report } = await world.pull(manifests(world.namespace), { revision });
    expect(report.errors).toEqual([]);
    worlds.push(world);
  }
  return { plane, relay, worlds, kubeconfig: await kubeconfigThrough(relay, plane) };
}

const patience = { connectTimeout: 2_000, requestTimeout: 20_000, silence: 2_000 };

function schedule(sides: Record<string, Side>) {
  const sent: { at: number; message: DriftFound | CheckReported }[] = [];
  const all = Object.values(sides).flatMap(({ worlds }) => worlds);
  const files = Object.fromEntries(
    all.flatMap(({ sync, namespace: inside }) =>
      Object.entries(manifests(inside)).map(([file, text]) => [`${sync.path}/${file}`, text]),
    ),
  );
  const tree = treeOf({ ...files, 'windlass.yaml': config }, revision);
  const source = { head: async () => revision, open: async () => ({ ...tree, close: async () => undefined }) };
  const run = driftOnSchedule({
    repo: {
      head: async () => ({ tree, config: readConfig(config).config!, problems: [] }),
      lastValid: async () => undefined,
    },
    open: async ({ name }) => {
      const client = new Client(await accessFromKubeconfig(sides[name]?.kubeconfig ?? `/no/${name}`), patience);
      return {
        cluster: new KubernetesCluster(client),
        records: new ClusterRecords(client, { readOnly: true }),
        desired: gitReader({ source, kustomizer: noKustomizer }),
        ...{ secrets: 'left', close: () => client.close() },
      };
    },
    reports: { send: async (message) => void sent.push({ at: performance.now(), message }) },
    ...{ now: () => new Date(), logger: new Logger({ logLevel: 'SILENT' }) },
  });
  const check = async (seconds: number) => {
    sent.length = 0;
    const begin = performance.now();
    const context = { ...lambdaContext('windlass-drift'), getRemainingTimeInMillis: () => seconds * 1000 };
    const ran: DriftRun = await run({}, context);
    const heartbeat = (cluster: string) =>
      sent.flatMap(({ at, message }) =>
        message.type === 'CheckReported' && message.cluster === cluster ? [{ ...message, after: at - begin }] : [],
      );
    const found = sent.flatMap(({ message }) => (message.type === 'DriftFound' ? [message] : []));
    return { ran, heartbeat, found };
  };
  return { check };
}

describeWithCluster('the scheduled check of several clusters', () => {
  it('tells of each by itself: what drifts, what is gone, what hangs and what nobody can open', async () => {
    const dev = await side('dev');
    const prod = await side('prod');
    const { check } = schedule({ dev, prod });

    const well = await check(240);
    expect(well.ran).toEqual([
      { cluster: 'dev', checked: ['dev-a', 'dev-b'], failed: [] },
      { cluster: 'prod', checked: ['prod-a', 'prod-b'], failed: [] },
      { cluster: 'lost', checked: [], failed: [], unreachable: expect.stringContaining('no such kubeconfig') },
    ]);
    for (const one of well.found) expect(one, one.sync).toMatchObject({ drift: [], unknown: [], objects: 2 });
    expect(well.heartbeat('prod')).toMatchObject([{ objects: 4, syncs: ['prod-a', 'prod-b'], failed: [] }]);
    expect(well.heartbeat('lost')).toMatchObject([{ objects: 0, syncs: ['lost-a'] }]);

    const world = prod.worlds[0]!;
    await world.edit('v1', 'ConfigMap', 'settings', { data: { a: 'by hand' } });
    // The server of dev takes connections and says nothing.
    dev.relay.stall();
    const hanging = await check(240);
    expect(hanging.found.map(({ sync, drift }) => `${sync} ${drift.length}`).sort()).toEqual(['prod-a 1', 'prod-b 0']);
    expect(hanging.heartbeat('prod')).toMatchObject([{ failed: [], objects: 4 }]);
    expect(hanging.heartbeat('dev')).toMatchObject([{ unreachable: expect.any(String), failed: [] }]);
    // Nobody waits for the one that hangs.
    expect(hanging.heartbeat('prod')[0]!.after).toBeLessThan(hanging.heartbeat('dev')[0]!.after);

    dev.relay.mend();
    await dev.plane.stop();
    const gone = await check(240);
    expect(gone.heartbeat('dev')).toMatchObject([{ unreachable: expect.stringContaining('cannot be reached') }]);
    expect(gone.found.map(({ sync, drift }) => `${sync} ${drift.length}`).sort()).toEqual(['prod-a 1', 'prod-b 0']);
  });
});
