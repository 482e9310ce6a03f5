import { expect, it } from 'vitest';
import { waitFor } from '../helpers/cluster.ts';
import { type DriftStage, foundIn, type Loose, managersOf } from '../helpers/drift-stage.ts';
import { describeWithPlane } from '../helpers/drift-stages.ts';
import { type HttpsServer, httpsServer } from '../helpers/https-server.ts';
import { deployment, service, statefulSet } from '../pull/manifests.ts';

/**
 * What the controllers of Kubernetes do beside Git, done by the real ones. After each: a check and a pull find nothing, the pull writes
 * nothing, and a hand edit beside it is found and put right.
 */

const mergePatch = (patch: unknown) => ['--type=merge', '-p', JSON.stringify(patch)];
const jsonPatch = (...patch: unknown[]) => ['--type=json', '-p', JSON.stringify(patch)];
const annotateByHand = (stage: DriftStage, ...target: string[]) =>
  stage.kubectl(['annotate', ...target, 'note=by hand']);
const noteByHand = { 'metadata.annotations.note': 'kubectl-annotate' };

describeWithPlane('the controllers of Kubernetes', {}, (open) => {
  it('roll out a Deployment, a StatefulSet and a DaemonSet', async () => {
    const stage = await open((ns) => ({
      'web.yaml': deployment(ns, 'web', 'web:1.4.0', 2),
      'db.yaml': statefulSet(ns, 'db'),
      'headless.yaml': service(ns, 'db').replace('spec:', 'spec:\n  clusterIP: None'),
      'agent.yaml': deployment(ns, 'agent', 'agent:1')
        .replace('kind: Deployment', 'kind: DaemonSet')
        .replace('  replicas: 1\n', ''),
    }));
    const rolledOut = async () => {
      const [web, db, agent] = ['deployment/web', 'statefulset/db', 'daemonset/agent'].map((name) => stage.get(name));
      return web.status.availableReplicas === 2 && db.status.availableReplicas === 1 && agent.status.numberReady === 3;
    };
    await waitFor(rolledOut, { what: 'all to be rolled out' });
    await stage.quiet();
    // The next roll-out changes the revision annotation, and the StatefulSet's revisions.
    stage.git['web.yaml'] = deployment(stage.namespace, 'web', 'web:1.5.0', 2);
    stage.git['db.yaml'] = statefulSet(stage.namespace, 'db').replace('postgres:16', 'postgres:17');
    await stage.pull();
    await waitFor(() => stage.get('deployment/web').metadata.annotations['deployment.kubernetes.io/revision'] === '2', {
      what: 'the second revision',
    });
    await waitFor(rolledOut, { what: 'all to be rolled out again' });
    await stage.quiet();
    const db = stage.get('statefulset/db');
    expect(db.spec.volumeClaimTemplates[0]).toMatchObject({
      status: { phase: 'Pending' },
      kind: 'PersistentVolumeClaim',
    });
    await stage.handEdit(() => stage.kubectl(['rollout', 'restart', 'deployment/web']), {
      [`apps/Deployment/${stage.namespace}/web`]: {
        'spec.template.metadata.annotations': 'kubectl-rollout',
      },
    });
    await stage.handEdit(() => stage.kubectl(['scale', 'statefulset/db', '--replicas=2']), {
      [`apps/StatefulSet/${stage.namespace}/db`]: { 'spec.replicas': 'kubectl' },
    });
    await stage.handEdit(() => stage.kubectl(['set', 'env', 'daemonset/agent', 'MODE=loud']), {
      [`apps/DaemonSet/${stage.namespace}/agent`]: {
        'spec.template.spec.containers[name=agent].env[name=MODE].value': 'kubectl-set',
      },
    });
  });

  it('scale by the metrics of the pods', async () => {
    const stage = await open();
    const { namespace: ns, git } = stage;
    let pods: string[] = [];
    const metrics = await metricsApi(stage, () => pods);
    stage.git = {
      ...git,
      'web.yaml': deployment(ns, 'web', 'web:1'),
      'free.yaml': deployment(ns, 'free', 'free:1').replace('  replicas: 1\n', ''),
      'scale-web.yaml': autoscaler(ns, 'web'),
      'scale-free.yaml': autoscaler(ns, 'free'),
    };
    try {
      await stage.pull();
      for (const name of ['web', 'free']) {
        await waitFor(
          () => {
            pods = stage.get('pods').items.map(({ metadata }: Loose) => metadata.name);
            return stage.get(`deployment/${name}`).status.availableReplicas === 3;
          },
          { what: `${name} to be scaled to 3`, everyMs: 500 },
        );
      }
      expect(managersOf(stage.get('deployment/web'))).toContain('kube-controller-manager:Update/scale');
      const { report } = await stage.quiet();
      const web = `apps/Deployment/${ns}/web`;
      expect(report.left).toMatchObject([{ object: web, fields: ['spec.replicas'] }]);
      expect((await stage.check()).leftToControllers).toEqual([web]);
      await stage.handEdit(() => stage.kubectl(['set', 'image', 'deployment/web', 'web=web:hand']), {
        [web]: { 'spec.template.spec.containers[name=web].image': 'kubectl-set' },
      });
      await stage.handEdit(() => stage.kubectl(['patch', 'hpa/free', ...mergePatch({ spec: { maxReplicas: 9 } })]), {
        [`autoscaling/HorizontalPodAutoscaler/${ns}/free`]: { 'spec.maxReplicas': 'kubectl-patch' },
      });
      expect(stage.get('deployment/web').spec.replicas).toBe(3);
    } finally {
      await metrics.close();
      stage.kubectl(['delete', '-n', 'default', 'apiservice/v1beta1.metrics.k8s.io', 'service/metrics']);
    }
  });

  it('delete a Job that has finished when its time is up: it is neither missing nor run again, until Git changes', async () => {
    const migrate = (ns: string, image: string) => `apiVersion: batch/v1
kind: Job
metadata: { name: migrate-${image}, namespace: ${ns} }
spec:
  ttlSecondsAfterFinished: 0
  template: { spec: { restartPolicy: Never, containers: [{ name: migrate, image: "migrate:${image}" }] } }
`;
    const stage = await open((ns) => ({
      'migrate.yaml': migrate(ns, '1'),
      'web.yaml': deployment(ns, 'web', 'web:1').replace(
        'metadata:\n',
        'metadata:\n  annotations: { windlass.dev/depends-on: batch/Job/NS/migrate-1 }\n'.replace('NS', ns),
      ),
    }));
    const { namespace: ns } = stage;
    const isGone = () => stage.kubectl(['get', 'job', '-o', 'name']) === '';
    await waitFor(isGone, { what: 'the Job to be deleted' });
    await stage.pull();
    await waitFor(() => stage.get('deployment/web').status.availableReplicas === 1, {
      what: 'what comes after the Job',
    });
    await stage.quiet();
    for (const selfHeal of [true, false]) {
      const { changes } = await stage.pull({ sync: { selfHeal } });
      expect(changes.find(({ object }) => object === `batch/Job/${ns}/migrate-1`)).toMatchObject({
        action: 'unchanged',
      });
    }
    expect(isGone()).toBe(true);
    // A change in Git runs it again, and one without such a time is missing when it was deleted.
    stage.git['migrate.yaml'] = migrate(ns, '1').replace('migrate:1', 'migrate:2');
    const changed = await stage.pull();
    expect(changed.changes).toContainEqual({
      ...{ object: `batch/Job/${ns}/migrate-1`, action: 'created', reason: 'changed in Git' },
    });
    stage.git['keep.yaml'] = migrate(ns, 'kept').replace('  ttlSecondsAfterFinished: 0\n', '');
    await stage.pull();
    stage.kubectl(['delete', 'job/migrate-kept']);
    await waitFor(isGone, { what: 'the Job to be deleted again' });
    expect((await stage.check()).drift).toMatchObject([{ object: `batch/Job/${ns}/migrate-kept`, state: 'missing' }]);
  });

  it('make Endpoints and EndpointSlices of Services, and slices of the Endpoints that Git has', async () => {
    const stage = await open((ns) => ({
      'web.yaml': deployment(ns, 'web', 'web:1', 2),
      'service.yaml': service(ns, 'web'),
      'outside.yaml': `apiVersion: v1
kind: Service
metadata: { name: outside, namespace: ${ns} }
spec: { ports: [{ name: sql, port: 5432 }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: outside, namespace: ${ns} }
subsets: [{ addresses: [{ ip: 192.0.2.7 }], ports: [{ name: sql, port: 5432 }] }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: own, namespace: ${ns}, labels: { kubernetes.io/service-name: elsewhere } }
addressType: IPv4
endpoints: [{ addresses: [192.0.2.8] }]
ports: [{ name: sql, port: 5432 }]
`,
    }));
    const slices = (of: string): Loose[] =>
      stage
        .get('endpointslices', '-l', `kubernetes.io/service-name=${of}`)
        .items.flatMap((slice: Loose) => slice.endpoints);
    await waitFor(() => slices('web').length === 2 && slices('outside').length === 1, { what: 'the endpoints' });
    await stage.quiet();
    const [subset] = ['/subsets/0/addresses/0/ip'];
    const edit = jsonPatch({ op: 'replace', path: subset, value: '192.0.2.9' });
    await stage.handEdit(() => stage.kubectl(['patch', 'endpoints/outside', ...edit]), {
      [`Endpoints/${stage.namespace}/outside`]: { subsets: 'kubectl-patch' },
    });
    await stage.handEdit(() => annotateByHand(stage, 'endpointslice/own'), {
      [`discovery.k8s.io/EndpointSlice/${stage.namespace}/own`]: noteByHand,
    });
  });

  it('bind claims to volumes, to new ones and to those that Git has', async () => {
    const stage = await open((ns) => ({
      'claim.yaml': claim(ns, 'data', ''),
      'volume.yaml': `apiVersion: v1
kind: PersistentVolume
metadata: { name: ${ns}-disk }
spec:
  capacity: { storage: 1Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: ""
  hostPath: { path: /tmp/none }
  claimRef: { namespace: ${ns}, name: disk }
`,
      'disk.yaml': claim(ns, 'disk', '  storageClassName: ""\n'),
    }));
    const { namespace: ns } = stage;
    await waitFor(() => stage.get('pvc').items.every(({ status }: Loose) => status.phase === 'Bound'), {
      what: 'both claims to be bound',
    });
    expect(stage.get(`pv/${ns}-disk`).spec.claimRef.uid).toBe(stage.get('pvc/disk').metadata.uid);
    await stage.quiet();
    // What a person adds to a claim no apply can remove: it is told until somebody takes it away.
    annotateByHand(stage, 'pvc/data');
    expect(foundIn((await stage.check()).drift)).toEqual({ [`PersistentVolumeClaim/${ns}/data`]: noteByHand });
    stage.kubectl(['annotate', 'pvc/data', 'note-']);
    await stage.quiet();
    const patch = mergePatch({ spec: { persistentVolumeReclaimPolicy: 'Delete' } });
    await stage.handEdit(() => stage.kubectl(['patch', `pv/${ns}-disk`, ...patch]), {
      [`PersistentVolume/${ns}-disk`]: { 'spec.persistentVolumeReclaimPolicy': 'kubectl-patch' },
    });
    await stage.quiet();
    stage.kubectl(['delete', 'pvc', '--all', '--wait=false']);
    stage.kubectl(['delete', `pv/${ns}-disk`, '--wait=false']);
  });

  it('fill the tokens of service accounts, and count a quota', async () => {
    const stage = await open((ns) => ({
      'account.yaml': `apiVersion: v1
kind: ServiceAccount
metadata: { name: api, namespace: ${ns} }
imagePullSecrets: [{ name: registry }]
`,
      'tokens.yaml': ['', 'data: {}\n', 'data: null\n']
        .map((data, i) => serviceAccountToken(ns, `token-${i}`, data))
        .join('---\n'),
      'quota.yaml': `apiVersion: v1
kind: ResourceQuota
metadata: { name: quota, namespace: ${ns} }
spec: { hard: { pods: "20", requests.cpu: 8000m, count/configmaps: 30 } }
---
apiVersion: v1
kind: LimitRange
metadata: { name: limits, namespace: ${ns} }
spec: { limits: [{ type: Container, default: { cpu: 500m }, defaultRequest: { cpu: 0.1 } }] }
`,
      'web.yaml': deployment(ns, 'web', 'web:1', 2),
    }));
    const { namespace: ns } = stage;
    await waitFor(
      () =>
        [0, 1, 2].every((i) => stage.get(`secret/token-${i}`).data?.token !== undefined) &&
        stage.get('quota/quota').status.used?.pods === '2',
      { what: 'the tokens and the quota' },
    );
    const quiet = await stage.quiet();
    expect(JSON.stringify(quiet.report)).not.toContain(stage.get('secret/token-0').data.token.slice(0, 40));
    const patch = mergePatch({ stringData: { more: 'x' } });
    for (const i of [0, 1, 2]) {
      await stage.handEdit(() => stage.kubectl(['patch', `secret/token-${i}`, ...patch]), {
        [`Secret/${ns}/token-${i}`]: { [i === 0 ? 'data' : 'data.more']: 'kubectl-patch' },
      });
      expect(Object.keys(stage.get(`secret/token-${i}`).data).sort()).toEqual(['ca.crt', 'namespace', 'token']);
    }
    await stage.handEdit(
      () => stage.kubectl(['patch', 'quota/quota', ...mergePatch({ spec: { hard: { pods: '9' } } })]),
      {
        [`ResourceQuota/${ns}/quota`]: { 'spec.hard.pods': 'kubectl-patch' },
      },
    );
    await stage.handEdit(() => stage.kubectl(['patch', 'sa/api', ...mergePatch({ secrets: [{ name: 'by-hand' }] })]), {
      [`ServiceAccount/${ns}/api`]: { secrets: 'kubectl-patch' },
    });
  });

  it('run Jobs and CronJobs, watch budgets, finalise namespaces and gather roles', async () => {
    const stage = await open((ns) => ({
      'jobs.yaml': `apiVersion: batch/v1
kind: CronJob
metadata: { name: tick, namespace: ${ns} }
spec:
  schedule: "* * * * *"
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: tick, image: "tick:1" }] } } } }
---
apiVersion: batch/v1
kind: Job
metadata: { name: once, namespace: ${ns} }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: once, image: "once:1" }] } } }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: ${ns} }
spec: { minAvailable: 1, selector: { matchLabels: { app: web } } }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: ${ns}-all }
aggregationRule: { clusterRoleSelectors: [{ matchLabels: { gather: ${ns} } }] }
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: ${ns}-part, labels: { gather: ${ns} } }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]
`,
      'web.yaml': deployment(ns, 'web', 'web:1', 2),
    }));
    const { namespace: ns } = stage;
    const acted = () =>
      stage.get('cronjob/tick').status.lastSuccessfulTime !== undefined &&
      stage.get('job/once').status.succeeded === 1 &&
      stage.get('pdb/web').status.currentHealthy === 2 &&
      stage.get(`clusterrole/${ns}-all`).rules?.length === 1;
    await waitFor(acted, { what: 'all of them to have acted', everyMs: 1000 });
    expect(stage.get(`namespace/${ns}`).spec.finalizers).toEqual(['kubernetes']);
    await stage.quiet();
    const byPatch = (path: string) => ({ [path]: 'kubectl-patch' });
    await stage.handEdit(() => stage.kubectl(['patch', 'cronjob/tick', ...mergePatch({ spec: { suspend: true } })]), {
      [`batch/CronJob/${ns}/tick`]: byPatch('spec.suspend'),
    });
    await stage.handEdit(() => stage.kubectl(['patch', 'pdb/web', ...mergePatch({ spec: { minAvailable: 2 } })]), {
      [`policy/PodDisruptionBudget/${ns}/web`]: byPatch('spec.minAvailable'),
    });
    await stage.handEdit(() => annotateByHand(stage, `namespace/${ns}`), { [`Namespace/${ns}`]: noteByHand });
    await stage.handEdit(() => annotateByHand(stage, `clusterrole/${ns}-all`), {
      [`rbac.authorization.k8s.io/ClusterRole/${ns}-all`]: noteByHand,
    });
    const role = jsonPatch({ op: 'add', path: '/rules/0/verbs/-', value: 'delete' });
    await stage.handEdit(() => stage.kubectl(['patch', `clusterrole/${ns}-part`, ...role]), {
      [`rbac.authorization.k8s.io/ClusterRole/${ns}-part`]: byPatch('rules'),
    });
  });
});

/** A metrics API of this namespace: its pods share 300Mi of memory. */
async function metricsApi({ namespace: ns, kubectl }: DriftStage, pods: () => readonly string[]): Promise<HttpsServer> {
  const group = '/apis/metrics.k8s.io/v1beta1';
  const resource = { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] };
  const usage = () => `${Math.ceil(300 / Math.max(1, pods().length / 2))}Mi`;
  const metricsOf = (name: string) => ({
    metadata: { name, namespace: ns, labels: { app: name.split('-')[0] } },
    timestamp: new Date().toISOString(),
    window: '10s',
    containers: [{ name: name.split('-')[0], usage: { cpu: '1m', memory: usage() } }],
  });
  const server = await httpsServer(
    ({ path }) => {
      if (path === group)
        return {
          kind: 'APIResourceList',
          apiVersion: 'v1',
          groupVersion: 'metrics.k8s.io/v1beta1',
          resources: [resource],
        };
      if (path !== `${group}/namespaces/${ns}/pods`) return undefined;
      return {
        kind: 'PodMetricsList',
        apiVersion: 'metrics.k8s.io/v1beta1',
        metadata: {},
        items: pods().map(metricsOf),
      };
    },
    [`metrics.default.svc`],
  );
  kubectl(
    ['create', '-n', 'default', '-f', '-'],
    `apiVersion: v1
kind: Service
metadata: { name: metrics, namespace: default }
spec: { type: ExternalName, externalName: localhost }
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1beta1.metrics.k8s.io }
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  caBundle: ${server.caBundle}
  service: { name: metrics, namespace: default, port: ${server.port} }
`,
  );
  return server;
}

const autoscaler = (ns: string, name: string) => `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: ${name}, namespace: ${ns} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }
  minReplicas: 1
  maxReplicas: 3
  metrics: [{ type: Resource, resource: { name: memory, target: { type: AverageValue, averageValue: 100Mi } } }]
`;

const claim = (ns: string, name: string, storageClass: string) => `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${name}, namespace: ${ns} }
spec:
  accessModes: [ReadWriteOnce]
${storageClass}  resources: { requests: { storage: 1Gi } }
`;

const serviceAccountToken = (ns: string, name: string, data: string) => `apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: ${ns}, annotations: { kubernetes.io/service-account.name: api } }
type: kubernetes.io/service-account-token
${data}`;
