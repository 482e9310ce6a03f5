import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { objectIdOf } from '../../lib/model/kube-object.ts';
import { addUser, cluster, describeWithCluster, temporaryFolder } from '../helpers/cluster.ts';
import { configMap, crd, deployment, namespace, widget } from '../pull/manifests.ts';
import { openWorld, syncSpec, until, type World } from '../pull/world.ts';

async function world(spec = syncSpec({ waitSeconds: 600 })): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, spec);
  onTestFinished(() => made.close());
  return made;
}

/** A Deployment whose pods no node takes until one carries the label. */
function stuck(within: string, label: string): Record<string, string> {
  const text = deployment(within, 'web', 'web:1.0.0').replace(
    'containers:',
    `nodeSelector: { ${label}: "true" }\n      containers:`,
  );
  return { 'a.yaml': namespace(within), 'b.yaml': text };
}

/** Lets the first node take what waits for this label. */
async function label({ cluster: of }: World, name: string): Promise<void> {
  const node = (await of.list((await of.resource('v1', 'Node'))!))[0]!.metadata.name;
  const change = async (value: string | null) => {
    const answer = await of.client.send({
      ...{ verb: 'release', method: 'PATCH', path: `/api/v1/nodes/${node}` },
      ...{ body: JSON.stringify({ metadata: { labels: { [name]: value } } }) },
      contentType: 'application/merge-patch+json',
    });
    expect(answer.status).toBe(200);
  };
  await change('true');
  onTestFinished(() => change(null));
}

const healthOf = ({ report }: Awaited<ReturnType<World['pull']>>, kind: string) =>
  report.health.find(({ object }) => object.includes(kind));

describeWithCluster('waiting for health', () => {
  it('is told by the API server: it watches what is unfinished, and lists nothing again', async () => {
    const made = await world();
    const { pull, cluster: of, namespace: ns } = made;
    const pulling = pull(stuck(ns, ns), { wait: 'block' });
    // The Deployment's kind, and the pods of its namespace; what is Current at once is not watched.
    await until('it watches', async () => of.stats().watch === 2);
    const before = of.stats();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(of.stats()).toEqual(before);
    await label(made, ns);
    const outcome = await pulling;
    expect(outcome.report.result).toBe('synced');
    expect(healthOf(outcome, 'Deployment')).toMatchObject({ status: 'Current' });
    const { list, watch, get } = of.stats();
    // One more list: that of the nodes, by the test itself.
    expect({ list, watch, get }).toEqual({ list: before.list! + 1, watch: 2, get: before.get });
  });

  it('watches nothing when all is healthy at once', async () => {
    const { pull, cluster: of, namespace: ns } = await world();
    const outcome = await pull(
      { 'a.yaml': namespace(ns), 'b.yaml': configMap(ns, 'settings', { a: '1' }) },
      { wait: 'block' },
    );
    expect(outcome.report.result).toBe('synced');
    expect(of.stats().watch).toBeUndefined();
  });

  it('ends for a newer head, and the next pull goes on with the same deadline', async () => {
    const { pull, cluster: of, namespace: ns, entries } = await world();
    const newer = new AbortController();
    const start = Date.now();
    const pulling = pull(stuck(ns, ns), {
      wait: 'block',
      revision: 'a'.repeat(40),
      deps: { newHead: newer.signal },
    });
    await until('it watches', async () => of.stats().watch === 2);
    newer.abort();
    const first = await pulling;
    expect(first.report).toMatchObject({ result: 'progressing', errors: [] });
    expect(first.report.notices).toMatchObject([{ code: 'newer-head' }]);
    const since = (await entries()).get(`apps/Deployment/${ns}/web`)?.healthProgressingSince;
    expect(Date.parse(since ?? '')).toBeGreaterThanOrEqual(start);
    // The newer commit changes another object: what waited keeps its time, which is up then.
    const later = await pull(
      { ...stuck(ns, ns), 'c.yaml': configMap(ns, 'settings', { a: '1' }) },
      { wait: 'block', revision: 'b'.repeat(40), now: () => new Date(Date.parse(since!) + 600_000) },
    );
    expect(later.report.result).toBe('unhealthy');
    expect(later.report.notices).toBeUndefined();
    expect((await entries()).get(`apps/Deployment/${ns}/web`)?.healthProgressingSince).toBe(since);
  });

  it('ends at the signal, at the deadline, and when the object is deleted', async () => {
    const first = await world();
    const end = new AbortController();
    const stopped = first.pull(stuck(first.namespace, first.namespace), {
      wait: 'block',
      deps: { signal: end.signal },
    });
    await until('it watches', async () => first.cluster.stats().watch === 2);
    end.abort();
    expect((await stopped).report).toMatchObject({ result: 'progressing', notices: [{ code: 'interrupted' }] });

    const second = await world(syncSpec({ waitSeconds: 2 }));
    const late = await second.pull(stuck(second.namespace, second.namespace), { wait: 'block' });
    expect(late.report.result).toBe('unhealthy');
    expect(healthOf(late, 'Deployment')).toMatchObject({ status: 'InProgress' });

    const third = await world();
    const waiting = third.pull(stuck(third.namespace, third.namespace), { wait: 'block' });
    await until('it watches', async () => third.cluster.stats().watch === 2);
    const web = await third.live('apps/v1', 'Deployment', 'web');
    const resource = (await third.cluster.resource('apps/v1', 'Deployment'))!;
    await third.cluster.remove(resource, objectIdOf(web!), web!.metadata.uid!);
    const outcome = await waiting;
    expect(healthOf(outcome, 'Deployment')).toBeUndefined();
    expect(outcome.report.result).toBe('synced');
  });

  it('goes by a rule of windlass.yaml where the kind has none', async () => {
    const { pull, cluster: of, namespace: ns, edit, live } = await world();
    const group = `${ns}.example.com`;
    const health = [
      {
        ...{ group, kind: 'Widget', current: "status.phase == 'Ready'" },
        failed: "status.phase == 'Broken'",
      },
    ];
    const declared = crd(group).replace(
      'properties: { spec:',
      'properties: { status: { type: object, properties: { phase: { type: string } } }, spec:',
    );
    const files = { 'a.yaml': namespace(ns), 'b.yaml': declared, 'c.yaml': widget(group, ns, 'gear') };
    const pulling = pull(files, { wait: 'block', health });
    await until('it watches', async () => (of.stats().watch ?? 0) >= 1);
    await until('it is there', () => live(`${group}/v1`, 'Widget', 'gear').catch(() => undefined));
    await edit(`${group}/v1`, 'Widget', 'gear', { status: { phase: 'Ready' } }, 'widgets');
    const outcome = await pulling;
    expect(outcome.report).toMatchObject({ result: 'synced', errors: [] });
    expect(healthOf(outcome, 'Widget')).toMatchObject({ reason: "current is true: status.phase == 'Ready'" });
    await edit(`${group}/v1`, 'Widget', 'gear', { status: { phase: 'Broken' } }, 'widgets');
    const broken = await pull(files, { wait: 'block', health });
    expect(broken.report.result).toBe('unhealthy');
    expect(healthOf(broken, 'Widget')).toMatchObject({ status: 'Failed' });
  });

  it('fails a lone Pod that no node takes for 15 seconds, by the clock alone', async () => {
    const { pull, namespace: ns } = await world();
    const pod = `apiVersion: v1\nkind: Pod\nmetadata: { name: alone, namespace: ${ns} }\nspec:\n  nodeSelector: { ${ns}: "true" }\n  containers: [{ name: web, image: 'web:1.0.0' }]\n`;
    const outcome = await pull({ 'a.yaml': namespace(ns), 'b.yaml': pod }, { wait: 'block' });
    expect(outcome.report.result).toBe('unhealthy');
    expect(healthOf(outcome, 'Pod')).toMatchObject({ status: 'Failed', reason: expect.stringContaining('no node') });
  });
});

const api = 'rbac.authorization.k8s.io/v1';

/** The cluster for a user who may do these things with Deployments and pods in this namespace, and nothing else. */
async function clusterOf(admin: KubernetesCluster, within: string, verbs: string[]): Promise<KubernetesCluster> {
  const name = `u-${within}`;
  const metadata = { name, namespace: within };
  const rules = [
    { apiGroups: ['apps'], resources: ['deployments'], verbs },
    { apiGroups: [''], resources: ['pods'], verbs },
  ];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const subjects = [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }];
  for (const object of [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: within } },
    { apiVersion: api, kind: 'Role', metadata, rules },
    { apiVersion: api, kind: 'RoleBinding', metadata, roleRef, subjects },
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

describeWithCluster('waiting as a user of one namespace', () => {
  const verbs = ['get', 'list', 'create', 'patch', 'delete'];

  it('watches the namespace', async () => {
    const made = await world();
    const { pull, namespace: ns, cluster: admin } = made;
    const theirs = await clusterOf(admin, ns, [...verbs, 'watch']);
    const pulling = pull({ 'b.yaml': stuck(ns, ns)['b.yaml']! }, { wait: 'block', cluster: theirs });
    // The whole cluster is asked for first, by a list.
    await until('it watches', async () => theirs.stats().watch === 2);
    const before = theirs.stats();
    await label(made, ns);
    expect((await pulling).report).toMatchObject({ result: 'synced', errors: [] });
    expect(theirs.stats().list).toBe(before.list);
  });

  it('looks again and again where it may list and not watch', async () => {
    const made = await world();
    const { pull, namespace: ns, cluster: admin } = made;
    const theirs = await clusterOf(admin, ns, verbs);
    const pulling = pull({ 'b.yaml': stuck(ns, ns)['b.yaml']! }, { wait: 'block', cluster: theirs });
    await until('it was refused', async () => (theirs.stats().watch ?? 0) >= 2);
    const { list } = theirs.stats();
    await until('it looks', async () => theirs.stats().list! >= list! + 4);
    await label(made, ns);
    expect((await pulling).report).toMatchObject({ result: 'synced', errors: [] });
  });
});
