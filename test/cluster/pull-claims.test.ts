import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { objectIdOf } from '../../lib/model/kube-object.ts';
import { addUser, cluster, describeWithCluster, temporaryFolder } from '../helpers/cluster.ts';
import { deployment, namespace } from '../pull/manifests.ts';
import { openWorld, syncSpec, type World } from '../pull/world.ts';

async function world(waitSeconds = 600): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, syncSpec({ waitSeconds }));
  onTestFinished(() => made.close());
  return made;
}

/** A StorageClass named as the namespace, which the test takes away again. */
async function storageClass({ cluster: of, namespace: name }: World, mode: string, provisioner: string): Promise<void> {
  const object = {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name } },
    ...{ provisioner, volumeBindingMode: mode },
  };
  const resource = (await of.resource(object.apiVersion, object.kind))!;
  const answer = await of.apply(resource, object, { force: true, dryRun: false });
  if ('failure' in answer) throw new Error(answer.failure.message);
  // Before the world is closed.
  onTestFinished(async () => void (await of.remove(resource, objectIdOf(object), answer.object.metadata.uid!)));
}

const claim = (within: string) =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data, namespace: ${within} }\nspec: { accessModes: [ReadWriteOnce], storageClassName: ${within}, resources: { requests: { storage: 1Gi } } }\n`;
const consumer = (within: string) =>
  `${deployment(within, 'web', 'web:1.0.0')}      volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]\n`;
const hostPath = 'kubernetes.io/host-path';

const healthOf = ({ report }: Awaited<ReturnType<World['pull']>>) =>
  report.health.find(({ object }) => object.startsWith('PersistentVolumeClaim/'));

/** The cluster for a user who may do all with claims in the namespace and nothing else. */
async function ofClaims({ cluster: admin, namespace: within }: World): Promise<KubernetesCluster> {
  const api = 'rbac.authorization.k8s.io/v1';
  const name = `u-${within}`;
  const metadata = { name, namespace: within };
  const subjects = [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }];
  for (const object of [
    {
      apiVersion: api,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['*'] }],
    },
    {
      apiVersion: api,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects,
    },
  ]) {
    const resource = (await admin.resource(object.apiVersion, object.kind))!;
    expect(await admin.apply(resource, object, { force: true, dryRun: false })).toHaveProperty('object');
  }
  const kubeconfig = join(await temporaryFolder(), 'kubeconfig');
  await writeFile(kubeconfig, await addUser({ name }));
  const theirs = await openCluster({ kubeconfig });
  onTestFinished(() => theirs.close());
  return theirs;
}

describeWithCluster('a claim that waits for its first pod', () => {
  it('is not waited for, and is bound once a pod wants it', async () => {
    const made = await world();
    const { pull, cluster: of, namespace: ns } = made;
    await storageClass(made, 'WaitForFirstConsumer', hostPath);
    const files = { 'a.yaml': namespace(ns), 'b.yaml': claim(ns) };
    const alone = await pull(files, { wait: 'block' });
    expect(alone.report).toMatchObject({ result: 'synced', errors: [] });
    expect(healthOf(alone)).toMatchObject({ status: 'Current', reason: expect.stringContaining('its first pod') });
    expect(of.stats().watch).toBeUndefined();
    expect((await pull(files)).report.result).toBe('synced');

    const used = await pull({ ...files, 'c.yaml': consumer(ns) }, { wait: 'block' });
    expect(used.report).toMatchObject({ result: 'synced', errors: [] });
    expect(healthOf(used)).toMatchObject({ status: 'Current', reason: expect.stringContaining('it is bound to') });
  });

  it('is waited for where its class makes volumes at once, and none comes', async () => {
    const made = await world(2);
    await storageClass(made, 'Immediate', 'example.com/nobody');
    const files = { 'a.yaml': namespace(made.namespace), 'b.yaml': claim(made.namespace) };
    const outcome = await made.pull(files, { wait: 'block' });
    expect(outcome.report.result).toBe('unhealthy');
    expect(healthOf(outcome)).toMatchObject({ status: 'InProgress' });
  });

  it('is waited for where its class may not be read, and where there is none of that name', async () => {
    const made = await world(2);
    const namespaces = await made.cluster.resource('v1', 'Namespace');
    const place = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: made.namespace } };
    await made.cluster.apply(namespaces!, place, { force: true, dryRun: false });
    const files = { 'b.yaml': claim(made.namespace) };
    expect((await made.pull(files, { wait: 'block' })).report.result).toBe('unhealthy');
    await storageClass(made, 'WaitForFirstConsumer', hostPath);
    const theirs = await ofClaims(made);
    const outcome = await made.pull(files, { cluster: theirs });
    expect(outcome.report).toMatchObject({ result: 'unhealthy', errors: [] });
    expect((await made.pull(files)).report.result).toBe('synced');
  });
});
