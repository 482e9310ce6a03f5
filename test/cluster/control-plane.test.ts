import { randomBytes } from 'node:crypto';
import {
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoreV1Api,
  KubeConfig,
  RbacAuthorizationV1Api,
  type V1Pod,
} from '@kubernetes/client-node';
import { expect, it } from 'vitest';
import { addUser, adminKubeConfig, describeWithCluster, testNamespace, waitFor } from '../helpers/cluster.ts';

const apps = () => adminKubeConfig().makeApiClient(AppsV1Api);
const core = () => adminKubeConfig().makeApiClient(CoreV1Api);

describeWithCluster('the embedded cluster', () => {
  it('rolls out a Deployment on its play nodes', async () => {
    const namespace = await testNamespace();
    await apps().createNamespacedDeployment({ namespace, body: deployment('web', 'shop/web:1.4.0', 3) });
    const status = await waitFor(
      async () => {
        const { status } = await apps().readNamespacedDeployment({ namespace, name: 'web' });
        return status?.availableReplicas === 3 && status;
      },
      { what: 'three available replicas' },
    );
    expect(status).toMatchObject({ readyReplicas: 3, updatedReplicas: 3 });
    const pods = (await core().listNamespacedPod({ namespace })).items;
    expect(new Set(pods.map((pod) => pod.spec?.nodeName)).size).toBeGreaterThan(1);
    expect(pods.every((pod) => pod.status?.podIP?.startsWith('10.244.'))).toBe(true);
  });

  it('lets a container crash-loop whose tag ends in -broken, and its neighbour run', async () => {
    const namespace = await testNamespace();
    await apps().createNamespacedDeployment({
      namespace,
      body: deployment('web', 'shop/web:1.4.0-broken', 1, 'shop/proxy:2.0.0'),
    });
    const pod = await waitFor(
      async () => {
        const found = (await core().listNamespacedPod({ namespace })).items[0];
        return restarts(found) > 1 && found;
      },
      { what: 'a second restart' },
    );
    const [web, proxy] = pod.status!.containerStatuses!;
    expect(web).toMatchObject({ ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } });
    expect(web!.lastState?.terminated).toMatchObject({ reason: 'Error', exitCode: 1 });
    expect(proxy).toMatchObject({ ready: true, restartCount: 0 });
    expect(pod.status!.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'False' }));
    const { status } = await apps().readNamespacedDeployment({ namespace, name: 'web' });
    expect(status?.availableReplicas ?? 0).toBe(0);
  });

  it('recovers from a broken roll-out when the image is put right', async () => {
    const namespace = await testNamespace();
    await apps().createNamespacedDeployment({
      namespace,
      body: deployment('web', `shop/web:2-broken@sha256:${'a'.repeat(64)}`, 1),
    });
    await waitFor(async () => restarts((await core().listNamespacedPod({ namespace })).items[0]) > 0, {
      what: 'a crash',
    });
    await apps().replaceNamespacedDeployment({ namespace, name: 'web', body: deployment('web', 'shop/web:3', 1) });
    await waitFor(
      async () => {
        const { status } = await apps().readNamespacedDeployment({ namespace, name: 'web' });
        return status?.availableReplicas === 1 && status.replicas === 1;
      },
      { what: 'the mended roll-out' },
    );
  });

  it('completes a Job, and fails one with a broken image', async () => {
    const namespace = await testNamespace();
    const batch = adminKubeConfig().makeApiClient(BatchV1Api);
    await batch.createNamespacedJob({ namespace, body: job('good', 'tool:1') });
    await batch.createNamespacedJob({ namespace, body: job('bad', 'tool:1-broken') });
    const ended = (name: string) => async () => {
      const { status } = await batch.readNamespacedJob({ namespace, name });
      return status?.conditions?.find((each) => each.status === 'True' && /^(Complete|Failed)$/.test(each.type))?.type;
    };
    expect(await waitFor(ended('good'), { what: 'the end of the good Job' })).toBe('Complete');
    expect(await waitFor(ended('bad'), { what: 'the end of the bad Job' })).toBe('Failed');
  });

  it('binds a claim of a StatefulSet to a volume of the default class', async () => {
    const namespace = await testNamespace();
    const spec = deployment('db', 'postgres:17', 1).spec!;
    await apps().createNamespacedStatefulSet({
      namespace,
      body: {
        metadata: { name: 'db' },
        spec: {
          replicas: 1,
          serviceName: 'db',
          selector: spec.selector,
          template: spec.template,
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
      },
    });
    const claim = await waitFor(
      async () => {
        const found = (await core().listNamespacedPersistentVolumeClaim({ namespace })).items[0];
        return found?.status?.phase === 'Bound' && found;
      },
      { what: 'a bound claim' },
    );
    expect(claim.spec?.storageClassName).toBe('standard');
    await waitFor(
      async () => (await apps().readNamespacedStatefulSet({ namespace, name: 'db' })).status?.readyReplicas === 1,
      {
        what: 'a ready database',
      },
    );
  });

  it('deletes a namespace with all that is in it', async () => {
    const name = `doomed-${randomBytes(4).toString('hex')}`;
    await core().createNamespace({ body: { metadata: { name } } });
    await apps().createNamespacedDeployment({ namespace: name, body: deployment('web', 'shop/web:1', 2) });
    await core().deleteNamespace({ name });
    await waitFor(
      async () => {
        const answer: object = await core()
          .readNamespace({ name })
          .catch((error: { code?: number }) => error);
        return 'code' in answer && answer.code === 404;
      },
      { what: 'the end of the namespace' },
    );
  });

  it('knows users, who may do what RBAC grants them and nothing else', async () => {
    const namespace = await testNamespace();
    const rbac = adminKubeConfig().makeApiClient(RbacAuthorizationV1Api);
    await rbac.createNamespacedRoleBinding({
      namespace,
      body: {
        metadata: { name: 'viewers' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'viewers' }],
      },
    });
    const config = new KubeConfig();
    config.loadFromString(await addUser({ name: 'ada', groups: ['viewers'] }));
    const ada = config.makeApiClient(CoreV1Api);
    await waitFor(() => ada.listNamespacedPod({ namespace }), { what: "the role's effect" });
    await expect(ada.listNamespacedSecret({ namespace })).rejects.toMatchObject({
      code: 403,
      body: expect.stringContaining('User \\"ada\\" cannot list'),
    });
    const review = await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({
      body: { spec: { resourceAttributes: { namespace, verb: 'delete', resource: 'pods' } } },
    });
    expect(review.status?.allowed).toBe(false);
  });
});

function deployment(name: string, ...[image, replicas, sidecar]: [string, number, string?]) {
  const containers = [{ name, image }, ...(sidecar === undefined ? [] : [{ name: 'sidecar', image: sidecar }])];
  return {
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers } },
    },
  };
}

function job(name: string, image: string) {
  return {
    metadata: { name },
    spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [{ name, image }] } } },
  };
}

function restarts(pod: V1Pod | undefined): number {
  return pod?.status?.containerStatuses?.[0]?.restartCount ?? 0;
}
