import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { openHeads } from '../../lib/pull/heads.ts';
import type { PullerReport } from '../../lib/pull/outbox.ts';
import { openLog } from '../../lib/puller/log.ts';
import { roundPorts } from '../../lib/puller/rounds.ts';
import { describeWithCluster } from '../helpers/cluster.ts';
import { clusterOfPullers, pullOnce, repository } from '../helpers/puller.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { treeOf } from '../pull/world.ts';

const { env } = clusterOfPullers();
const name = () => `left-${randomBytes(4).toString('hex')}`;
const config = (...names: string[]) =>
  `windlass: 1\nclusters: { test: {} }\nsyncs:\n${names.map((one) => `  ${one}: { cluster: test, path: ${one} }\n`).join('')}`;

describeWithCluster('a sync that leaves windlass.yaml', () => {
  it('is told at each new head with its objects, until it is back or was taken away as the docs say', async () => {
    const [stays, leaves] = [name(), name()];
    const { dir, commit } = await repository({
      'windlass.yaml': config(stays, leaves),
      [`${stays}/ns.yaml`]: namespace(stays),
      [`${leaves}/a.yaml`]: configMap('default', `${leaves}-a`, { mode: 'plain' }),
      [`${leaves}/b.yaml`]: configMap('default', `${leaves}-b`, { mode: 'plain' }),
    });
    const told = async () => {
      const round = await pullOnce({ ...env(), WINDLASS_REPO: dir });
      expect(round.code).toBe(0);
      return round.lines().filter((line) => 'left' in line);
    };
    expect(await told()).toEqual([]);
    await commit({ 'windlass.yaml': config(stays) });
    const line = {
      left: leaves,
      objects: 2,
      message: `${leaves} left windlass.yaml: 2 of its objects stay in the cluster`,
    };
    expect(await told()).toMatchObject([line]);
    await commit({ 'windlass.yaml': config(stays, leaves) });
    expect(await told()).toEqual([]);
    await commit({ 'windlass.yaml': config(stays) });
    expect(await told()).toMatchObject([line]);

    const path = (await findKubectl({ env: process.env })).path;
    const kubectl = async (...args: string[]) =>
      (await promisify(execFile)(path, ['--kubeconfig', env().KUBECONFIG, ...args])).stdout;
    const ours = ['--all-namespaces', '-l', `windlass.dev/sync=${leaves}`];
    expect((await kubectl('get', 'configmaps', ...ours, '-o', 'name')).trim().split('\n')).toHaveLength(2);
    await kubectl('delete', 'configmaps,secrets,services,deployments', ...ours);
    expect((await kubectl('get', 'configmaps', ...ours, '-o', 'name')).trim()).toBe('');
    await kubectl('-n', 'windlass-system', 'delete', 'configmaps', '-l', `windlass.dev/record-of=${leaves}`);
    expect(await told()).toEqual([]);
  });

  it('is in the report of the head, beside what is wrong with windlass.yaml', async () => {
    const [stays, leaves] = [name(), name()];
    const { dir, commit } = await repository({
      'windlass.yaml': config(leaves),
      [`${leaves}/a.yaml`]: configMap('default', `${leaves}-a`, { mode: 'plain' }),
    });
    expect((await pullOnce({ ...env(), WINDLASS_REPO: dir })).code).toBe(0);
    await commit({ 'windlass.yaml': config(stays) });
    const cluster = await openCluster({ kubeconfig: env().KUBECONFIG });
    const sent: PullerReport[] = [];
    const tree = { ...treeOf({ 'windlass.yaml': config(stays) }, 'a'), close: async () => undefined };
    try {
      const { config: read } = roundPorts({
        ...{ cluster: 'test', head: async () => 'a', heads: openHeads({ open: async () => tree }) },
        ...{
          log: openLog(
            () => undefined,
            () => new Date(),
          ),
          recorded: new ClusterRecords(cluster.client),
        },
        pull: { now: () => new Date('2026-11-22T12:00:00Z') } as never,
        outbox: { send: async (message) => void sent.push(message), flush: async () => true },
      });
      await read('a');
    } finally {
      await cluster.close();
    }
    expect(sent).toMatchObject([{ type: 'ConfigReported', revision: 'a', problems: [], left: { cluster: 'test' } }]);
    expect(sent).toMatchObject([{ clusters: [{ cluster: 'test', syncs: [stays] }] }]);
    const syncs = sent[0]?.type === 'ConfigReported' ? sent[0].left?.syncs : undefined;
    expect(syncs).toContainEqual({ sync: leaves, objects: 1 });
  });
});
