import { afterEach, expect, it } from 'vitest';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { openWorld, type World } from '../pull/world.ts';
import { workIn } from '../report/work-in.ts';

const open: World[] = [];
afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

describeWithCluster('what a pull put right', () => {
  it('ends as converged by it, though another object has what it could not put right', async () => {
    const world = await openWorld(cluster().kubeconfigPath);
    open.push(world);
    const { namespace: ns, pull, edit } = world;
    const files = (claim: string) => ({
      'a.yaml': namespace(ns),
      'b.yaml': configMap(ns, 'settings', { a: '1' }),
      'c.yaml':
        `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data, namespace: ${ns} }\n` +
        `spec: { accessModes: [ReadWriteOnce], storageClassName: ${claim}, resources: { requests: { storage: 1Gi } } }\n`,
    });
    const revision = 'a'.repeat(40);
    const first = await pull(files('one'), { revision });
    await edit('v1', 'ConfigMap', 'settings', { metadata: { labels: { oops: 'a' } } }, 'kubectl-label');
    await edit('v1', 'PersistentVolumeClaim', 'data', { metadata: { labels: { oops: 'a' } } }, 'kubectl-label');
    // The class of a claim cannot be changed: the API server refuses all of its apply.
    const second = await pull(files('two'), { revision: 'b'.repeat(40) });
    const [settings, data] = [`ConfigMap/${ns}/settings`, `PersistentVolumeClaim/${ns}/data`];
    expect(second.report.drift.map(({ object }) => object).sort()).toEqual([settings, data]);
    expect(second.report).toMatchObject({ healed: false, notHealed: [data] });
    const { told } = workIn([first.report, second.report]);
    expect(told).toContain(`resolved ${settings}: converged by pull`);
    expect(told.some((line) => line.startsWith(`resolved ${data}`))).toBe(false);
  });
});
