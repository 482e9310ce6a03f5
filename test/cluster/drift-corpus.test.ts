import { afterAll, beforeAll, expect, it } from 'vitest';
import { isOurs } from '../../lib/kube/managers.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { nameOf } from '../../lib/model/kube-object.ts';
import { groupOf } from '../../lib/model/object-id.ts';
import { systemNamespace } from '../../lib/model/system-namespace.ts';
import { waitFor } from '../helpers/cluster.ts';
import { corpusFiles, corpusObjects } from '../helpers/corpus.ts';
import { type DriftStage, driftStage, type Loose } from '../helpers/drift-stage.ts';
import { describeWithPlane } from '../helpers/drift-stages.ts';
import { actionsOf, until } from '../pull/world.ts';

/** Kinds that the API server lets people create and that the corpus does without. */
const notDeclared: Record<string, string> = {
  Binding: 'a request to bind a pod, no object',
  Event: 'told by components, gone after an hour',
  'events.k8s.io/Event': 'told by components, gone after an hour',
  Node: 'joined by its kubelet',
  'authentication.k8s.io/SelfSubjectReview': 'a question, no object',
  'authentication.k8s.io/TokenReview': 'a question, no object',
  'authorization.k8s.io/LocalSubjectAccessReview': 'a question, no object',
  'authorization.k8s.io/SelfSubjectAccessReview': 'a question, no object',
  'authorization.k8s.io/SelfSubjectRulesReview': 'a question, no object',
  'authorization.k8s.io/SubjectAccessReview': 'a question, no object',
  'certificates.k8s.io/CertificateSigningRequest': 'a request with an answer, removed by a controller',
  'networking.k8s.io/IPAddress': 'made by the API server for a Service',
  'networking.k8s.io/ServiceCIDR': 'a second range of the whole cluster would clash with that of another corpus',
  'resource.k8s.io/ResourceSlice': 'told by a device driver',
  'storage.k8s.io/CSINode': 'made by a kubelet',
  'storage.k8s.io/VolumeAttachment': 'made by a controller',
};

describeWithPlane('the corpus of manifests on a real API server with controllers', {}, (_open, plane) => {
  let stage: DriftStage;
  const prefix = 'corpus';

  const get = (...target: string[]): Loose[] => stage.get(...target).items;
  const raw = (path: string): Loose => JSON.parse(stage.kubectl(['get', '--raw', path]));
  const ours = ({ metadata }: Loose) => metadata.labels?.['windlass.dev/sync'] === stage.world.sync.name;

  beforeAll(async () => {
    stage = await driftStage(plane().kubeconfigPath);
    stage.git = await corpusFiles({ prefix });
  });
  afterAll(() => stage.world.close());

  it('has at least 400 objects of every kind that people declare', async () => {
    const objects = await corpusObjects({ prefix });
    expect(objects.length).toBeGreaterThanOrEqual(400);
    expect(new Set(objects.map(nameOf)).size).toBe(objects.length);
    const kinds = new Set(objects.map(({ apiVersion, kind }) => kindName(groupOf(apiVersion), kind)));
    const groups = raw('/apis').groups.map(({ preferredVersion }: Loose) => `/apis/${preferredVersion.groupVersion}`);
    const served: string[] = ['/api/v1', ...groups].flatMap((path) => {
      const group = path.split('/').length === 4 ? path.split('/')[2]! : '';
      const resources = raw(path).resources.filter(
        ({ name, verbs }: Loose) => !name.includes('/') && verbs.includes('create'),
      );
      return resources.map(({ kind }: Loose) => kindName(group, kind));
    });
    expect(served.filter((kind) => !kinds.has(kind)).sort()).toEqual(Object.keys(notDeclared).sort());
  });

  it('is pulled whole, and is no drift right after', async () => {
    // A bare pod is refused until a controller has made the service account of its namespace.
    const { report } = await waitFor(() => stage.pull(), { what: 'a pull without errors' });
    expect(report.drift).toEqual([]);
    expect((await stage.world.entries()).size).toBe((await corpusObjects({ prefix })).length);
    await stage.quiet();
  });

  it('is no drift when the controllers have acted', async () => {
    await until('pods run', async () => get('deployments', '-A').filter(ours).every(isRolledOut));
    await until('sets run', async () => get('statefulsets,daemonsets', '-A').filter(ours).every(isRolledOut));
    await until('claims of a class with a provisioner are bound', async () =>
      get('pvc', '-A').every(({ status }) => status.phase === 'Bound'),
    );
    await until('the services have endpoints', async () => {
      const slices = get('endpointslices', '-n', `${prefix}-shop`);
      return slices.filter(({ endpoints }) => endpoints?.length > 0).length >= 8;
    });
    await until('an autoscaler has scaled', async () => {
      return stage.get('deployment', 'frontend', '-n', `${prefix}-shop`).spec.replicas === 4;
    });
    await until('jobs are complete', async () => {
      return get('jobs', '-A')
        .filter(ours)
        .filter(({ spec }) => !spec.suspend)
        .every(({ status }) => status.succeeded > 0);
    });
    await until('the roles are gathered', async () => stage.get('clusterrole', `${prefix}-view`).rules?.length > 0);
    await until('the token is made', async () => {
      return stage.get('secret', 'runner-token', '-n', `${prefix}-batch`).data?.token !== undefined;
    });
    await stage.quiet();
  });

  it('is no drift after a commit that changes each object', async () => {
    const labelled = (await corpusObjects({ prefix })).map((object) => withLabel(object, 'two'));
    stage.git = { 'all.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: labelled }) };
    const outcome = await stage.pull();
    expect(outcome.report.drift).toEqual([]);
    expect(actionsOf(outcome)).toEqual({ configured: labelled.length });
    await stage.quiet();
  });

  it('is no drift after an apply without a record, which writes almost nothing anew', async () => {
    const before = await lastWrites();
    stage.kubectl(['delete', 'configmap', '-n', systemNamespace, '-l', 'windlass.dev/record-of']);
    const outcome = await stage.pull();
    expect(outcome.report.drift).toEqual([]);
    const after = await lastWrites();
    expect(
      Object.keys(before)
        .filter((name) => before[name] !== after[name])
        .sort(),
    ).toEqual(writtenAnew(prefix));
    await stage.quiet();
  });

  it('is no drift after a restart of the API server', async () => {
    await plane().restartApiServer();
    await stage.quiet();
  });

  it('would have shown a hand edit on one of them', async () => {
    stage.kubectl(['label', 'service', 'cart', '-n', `${prefix}-shop`, 'by=hand']);
    const { drift, unknown, leftToControllers } = await stage.check();
    expect(drift.map(({ object, state }) => [object, state])).toEqual([[`Service/${prefix}-shop/cart`, 'added']]);
    expect(unknown).toEqual([]);
    // Their autoscalers wanted more replicas than Git has.
    expect(leftToControllers).toEqual([
      `apps/Deployment/${prefix}-apps/web`,
      `apps/Deployment/${prefix}-shop/frontend`,
    ]);
  });

  /** When we wrote each object of the corpus last. */
  async function lastWrites(): Promise<Record<string, string | undefined>> {
    const times = (await corpusObjects({ prefix })).map(async (object) => {
      const { apiVersion, kind, metadata } = object;
      const live = await stage.world.live(apiVersion, kind, metadata.name, metadata.namespace ?? '');
      return [nameOf(object), live?.metadata.managedFields?.find(isOurs)?.time] as const;
    });
    return Object.fromEntries(await Promise.all(times));
  }
});

/**
 * Each apply of these is a write, by which nothing changes: the API server drops a part of what was sent (an empty list, a field that its
 * schema lacks), and so finds the object other than it was.
 */
function writtenAnew(prefix: string): string[] {
  return [
    `admissionregistration.k8s.io/MutatingWebhookConfiguration/${prefix}-inject`,
    `certs.${prefix}.example/ClusterIssuer/${prefix}-acme`,
    `metrics.${prefix}.example/Collector/${prefix}-metrics/main`,
    `networking.k8s.io/NetworkPolicy/${prefix}-metrics/grafana`,
    `networking.k8s.io/NetworkPolicy/${prefix}-shop/cart`,
  ];
}

function kindName(group: string, kind: string): string {
  return group === '' ? kind : `${group}/${kind}`;
}

/** A Deployment, StatefulSet or DaemonSet whose pods all run; a paused one has nothing to wait for. */
function isRolledOut({ metadata, spec, status = {} }: Loose): boolean {
  if (spec.paused) return true;
  const { desiredNumberScheduled = spec.replicas, availableReplicas, numberAvailable = availableReplicas } = status;
  return status.observedGeneration === metadata.generation && (numberAvailable ?? 0) === desiredNumberScheduled;
}

function withLabel(object: KubeObject, commit: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, commit } } };
}
