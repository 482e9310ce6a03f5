import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { auditLog } from '../../bench/parts/audit-log.ts';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { addUser, cluster, describeWithCluster, privateControlPlane, temporaryFolder } from '../helpers/cluster.ts';
import { configMap, crd, namespace, service, widget } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, until, type World } from '../pull/world.ts';

const open: World[] = [];
async function world(kubeconfig = cluster().kubeconfigPath): Promise<World> {
  const made = await openWorld(kubeconfig, syncSpec());
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

/** Counts what a cluster is asked from here on. */
function counted(of: KubernetesCluster): () => Record<string, number> {
  let before: Record<string, number> = { ...of.stats() };
  return () => {
    const now: Record<string, number> = { ...of.stats() };
    const since = Object.entries(now).map(([verb, count]): [string, number] => [verb, count - (before[verb] ?? 0)]);
    before = now;
    return Object.fromEntries(since.filter(([, count]) => count > 0));
  };
}

function maps(within: string, count: number): Record<string, string> {
  const documents = Array.from({ length: count }, (_, index) =>
    configMap(within, `map-${index}`, { index: String(index) }),
  );
  return { 'maps.yaml': documents.join('---\n') };
}

describeWithCluster('the reads of a pull', () => {
  it('are two lists a kind when many objects are not there yet, and no read of each', async () => {
    const { pull, namespace: ns, cluster: asked } = await world();
    const files = { 'ns.yaml': namespace(ns), ...maps(ns, 60), 'service.yaml': service(ns, 'web') };
    const count = counted(asked);
    const first = await pull(files);
    expect(actionsOf(first)).toEqual({ created: 62 });
    const { list, get } = count();
    // The Namespace and the Service are too few to ask for a list of names: they are read, and so are the record and the key.
    expect(list).toBe(3 + 1);
    expect(get).toBeLessThan(10);
  });

  it('find among many the one that is there and not ours, and take it over', async () => {
    const { pull, namespace: ns, cluster: asked, live } = await world();
    await pull({ 'ns.yaml': namespace(ns) });
    const theirs = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'map-7', namespace: ns },
      data: { mine: '1' },
    };
    const made = await asked.client.send({
      ...{ verb: 'apply', method: 'POST', path: `/api/v1/namespaces/${ns}/configmaps?fieldManager=kubectl-create` },
      body: JSON.stringify(theirs),
    });
    expect(made.status).toBe(201);
    const outcome = await pull({ 'ns.yaml': namespace(ns), ...maps(ns, 30) });
    expect(actionsOf(outcome)).toEqual({ unchanged: 1, created: 29, configured: 1 });
    expect(outcome.report.changes.find(({ action }) => action === 'configured')).toEqual({
      object: `ConfigMap/${ns}/map-7`,
      action: 'configured',
      reason: 'it was there before this sync; taken over from kubectl-create',
    });
    expect((await live('v1', 'ConfigMap', 'map-7'))?.['data']).toEqual({ index: '7' });
  });

  it('find objects of the record whose label was removed, few or many', async () => {
    const { pull, namespace: ns, edit } = await world();
    const files = { 'ns.yaml': namespace(ns), ...maps(ns, 24) };
    await pull(files);
    const unlabel = (index: number) =>
      edit('v1', 'ConfigMap', `map-${index}`, { metadata: { labels: null } }, 'kubectl-label');
    for (let index = 0; index < 2; index++) await unlabel(index);
    const few = await pull(files);
    expect(actionsOf(few)).toEqual({ unchanged: 23, configured: 2 });
    for (let index = 0; index < 20; index++) await unlabel(index);
    const many = await pull(files);
    expect(actionsOf(many)).toEqual({ unchanged: 5, configured: 20 });
    expect(many.report.drift.every(({ state }) => state === 'changed')).toBe(true);
  });

  it('know many deleted objects of the record from those that only lost their label', async () => {
    const { pull, namespace: ns, cluster: asked, edit } = await world();
    const files = { 'ns.yaml': namespace(ns), ...maps(ns, 24) };
    await pull(files);
    for (let index = 0; index < 20; index++) {
      if (index === 3) await edit('v1', 'ConfigMap', 'map-3', { metadata: { labels: null } }, 'kubectl-label');
      else {
        const path = `/api/v1/namespaces/${ns}/configmaps/map-${index}`;
        expect((await asked.client.send({ verb: 'delete', method: 'DELETE', path })).status).toBe(200);
      }
    }
    const outcome = await pull(files);
    expect(actionsOf(outcome)).toEqual({ unchanged: 5, created: 19, configured: 1 });
    expect(outcome.report.drift.filter(({ state }) => state === 'missing')).toHaveLength(19);
  });

  it('read all pages of a kind', async () => {
    const { pull, namespace: ns, cluster: asked } = await world();
    const files = { 'ns.yaml': namespace(ns), ...maps(ns, 1100) };
    expect(actionsOf(await pull(files))).toEqual({ created: 1101 });
    const count = counted(asked);
    expect(actionsOf(await pull(files))).toEqual({ unchanged: 1101 });
    expect(count()).toMatchObject({ list: 1 + 3 });
  });

  it('ask once for a kind that is gone, not for each of its objects', async () => {
    const { pull, namespace: ns, cluster: asked, sync } = await world();
    const group = `${sync.name}.example.com`;
    const widgets = Array.from({ length: 12 }, (_, index) => widget(group, ns, `widget-${index}`)).join('---\n');
    const without = { 'ns.yaml': namespace(ns) };
    await pull({ ...without, 'crd.yaml': crd(group), 'widgets.yaml': widgets });
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`;
    await asked.client.send({ verb: 'delete', method: 'DELETE', path });
    await until('the kind is gone', async () => {
      asked.rediscover();
      return (await asked.resource(`${group}/v1`, 'Widget')) === undefined;
    });
    const count = counted(asked);
    await pull({ ...without, 'maps.yaml': configMap(ns, 'left', {}) });
    expect(count()['discover']).toBeLessThan(12);
  });
});

const role = (within: string, user: string, verbs: string[]): KubeObject[] => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: within } },
  {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'windlass', namespace: within } },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs }],
  },
  {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
    metadata: { name: 'windlass', namespace: within },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'windlass' },
    subjects: [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }],
  },
];

/** The cluster for a user who may do these things with ConfigMaps in these namespaces, and nothing else. */
async function clusterOf(
  admin: KubernetesCluster,
  name: string,
  namespaces: string[],
  verbs: string[],
): Promise<KubernetesCluster> {
  for (const object of namespaces.flatMap((within) => role(within, name, verbs))) {
    const resource = (await admin.resource(object.apiVersion, object.kind))!;
    expect(await admin.apply(resource, object, { force: true, dryRun: false })).toHaveProperty('object');
  }
  const kubeconfig = join(await temporaryFolder(), 'kubeconfig');
  await writeFile(kubeconfig, await addUser({ name }));
  const theirs = await openCluster({ kubeconfig });
  onTestFinished(() => theirs.close());
  return theirs;
}

describeWithCluster('the reads of a user of some namespaces', () => {
  it('go namespace by namespace where the whole cluster may not be listed', async () => {
    const { pull, namespace: ns, cluster: admin, sync } = await world();
    const second = `${ns}-b`;
    const all = ['get', 'list', 'create', 'patch', 'delete'];
    const theirs = await clusterOf(admin, `u-${sync.name}`, [ns, second], all);
    const both = (count: number) => ({
      'a.yaml': maps(ns, count)['maps.yaml']!,
      'b.yaml': maps(second, count)['maps.yaml']!,
    });
    const first = await pull(both(15), { cluster: theirs });
    expect(first.report.errors).toEqual([]);
    expect(actionsOf(first)).toEqual({ created: 30 });
    const count = counted(theirs);
    expect(actionsOf(await pull(both(15), { cluster: theirs }))).toEqual({ unchanged: 30 });
    expect(count()).toEqual({ list: 1 + 2 });
    const pruned = await pull(both(14), { cluster: theirs });
    expect(actionsOf(pruned)).toEqual({ unchanged: 28, pruned: 2 });
  });

  it('go by name where they may not list there either, and are an error where that is forbidden too: nothing is pruned', async () => {
    const { pull, namespace: ns, cluster: admin, sync, live, entries } = await world();
    const user = `u-${sync.name}`;
    const theirs = await clusterOf(admin, user, [ns], ['get', 'list', 'create', 'patch', 'delete']);
    await pull(maps(ns, 15), { cluster: theirs });
    await clusterOf(admin, user, [ns], ['get', 'create', 'patch', 'delete']);
    expect(actionsOf(await pull(maps(ns, 14), { cluster: theirs }))).toEqual({ unchanged: 14, pruned: 1 });
    await clusterOf(admin, user, [ns], ['create', 'patch', 'delete']);
    const resource = (await admin.resource('v1', 'ConfigMap'))!;
    const id = { group: '', kind: 'ConfigMap', namespace: ns, name: 'map-0' };
    await until('reads are forbidden', async () => {
      const read = theirs.get(resource, id);
      return read.then(
        () => false,
        () => true,
      );
    });
    const outcome = await pull(maps(ns, 3), { cluster: theirs });
    expect(outcome.report.result).toBe('failed');
    expect(outcome.report.errors.map(({ code }) => code)).toEqual(['forbidden']);
    expect(outcome.changes).toEqual([]);
    expect(await live('v1', 'ConfigMap', 'map-13')).toBeDefined();
    expect((await entries()).size).toBe(14);
  });

  it('go by name for a kind of the whole cluster that may only be read so', async () => {
    const { pull, namespace: ns, cluster: admin, sync } = await world();
    const user = `u-${sync.name}`;
    const theirs = await clusterOf(admin, user, [ns], ['get', 'list', 'create', 'patch', 'delete']);
    const rules = [{ apiGroups: [''], resources: ['namespaces'], resourceNames: [ns], verbs: ['get', 'patch'] }];
    const subjects = [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user };
    const api = 'rbac.authorization.k8s.io/v1';
    for (const object of [
      { apiVersion: api, kind: 'ClusterRole', metadata: { name: user }, rules },
      { apiVersion: api, kind: 'ClusterRoleBinding', metadata: { name: user }, roleRef, subjects },
    ]) {
      const resource = (await admin.resource(api, object.kind))!;
      await admin.apply(resource, object, { force: true, dryRun: false });
      onTestFinished(async () => {
        const opened = await openCluster({ kubeconfig: cluster().kubeconfigPath });
        const id = { group: 'rbac.authorization.k8s.io', kind: object.kind, namespace: '', name: user };
        const made = await opened.get(resource, id);
        await opened.remove(resource, id, made?.metadata.uid ?? '');
        await opened.close();
      });
    }
    const files = { 'ns.yaml': namespace(ns), ...maps(ns, 2) };
    const first = await pull(files, { cluster: theirs });
    expect(first.report.errors).toEqual([]);
    expect(actionsOf(first)).toEqual({ configured: 1, created: 2 });
    expect(actionsOf(await pull(files, { cluster: theirs }))).toEqual({ unchanged: 3 });
  });
});

describeWithCluster('a pull that has nothing to do', () => {
  it('lists each kind once, by the audit log of the API server, and writes nothing and tries nothing', async () => {
    const { signal } = new AbortController();
    const audit = await auditLog(await temporaryFolder());
    const plane = await privateControlPlane({ apiServerFlags: audit.flags });
    const { pull, namespace: ns } = await world(plane.kubeconfigPath);
    const files = { 'ns.yaml': namespace(ns), ...maps(ns, 40), 'service.yaml': service(ns, 'web') };
    const revision = 'a'.repeat(40);
    expect((await pull(files, { revision })).report.errors).toEqual([]);
    await audit.since('windlass', signal);
    expect(actionsOf(await pull(files, { revision }))).toEqual({ unchanged: 42 });
    const { list, get, ...others } = await audit.since('windlass', signal);
    expect(others).toEqual({});
    expect(list).toBe(3);
    // The record; what the API server serves is known already.
    expect(get).toBe(1);
  });
});
