import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterLeases } from '../../lib/adapters/kubernetes/lease.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { drift } from '../../lib/drift/drift.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { addUser, cluster, describeWithCluster, temporaryFolder, testNamespace } from '../helpers/cluster.ts';
import { configMap, deployment } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, type World } from '../pull/world.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });

async function make(admin: KubernetesCluster, objects: KubeObject[]): Promise<void> {
  for (const object of objects) {
    const resource = (await admin.resource(object.apiVersion, object.kind))!;
    expect(await admin.apply(resource, object, { force: true, dryRun: false })).toHaveProperty('object');
  }
}

/** A sync with an account that is admin of one namespace, and a puller that may keep its records and act as that account, and nothing else. */
async function worldOfAccount() {
  const made = await openWorld(cluster().kubeconfigPath, syncSpec({ serviceAccount: `acct-${syncSpec().name}` }));
  onTestFinished(() => made.close());
  const account = made.sync.serviceAccount!;
  const namespace = await testNamespace('mine');
  const elsewhere = await testNamespace('other');
  const user = `puller-${made.sync.name}`;
  const system = 'windlass-system';
  const subjects = [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }];
  const own = { name: user, namespace: system };
  const impersonate = {
    apiGroups: [''],
    resources: ['serviceaccounts'],
    resourceNames: [account],
    verbs: ['impersonate'],
  };
  const keep = [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'create', 'patch', 'delete'] },
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['windlass-hash-key'], verbs: ['get'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  ];
  const { cluster: admin } = made;
  await make(admin, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: system } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace: system } },
    { apiVersion: rbac, kind: 'Role', metadata: own, rules: [...keep, impersonate] },
    { apiVersion: rbac, kind: 'RoleBinding', metadata: own, roleRef: roleRef('Role', user), subjects },
    {
      ...{ apiVersion: rbac, kind: 'RoleBinding', metadata: { name: account, namespace } },
      roleRef: roleRef('ClusterRole', 'admin'),
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: system }],
    },
  ]);
  const kubeconfig = join(await temporaryFolder(), 'kubeconfig');
  await writeFile(kubeconfig, await addUser({ name: user }));
  const puller = await openCluster({ kubeconfig });
  onTestFinished(() => puller.close());
  const deps = { records: new ClusterRecords(puller.client), leases: new ClusterLeases(puller.client) };
  const pull: World['pull'] = (files, changes = {}) =>
    made.pull(files, { ...changes, cluster: puller, deps: { ...deps, ...changes.deps } });
  const forbidAccount = () => make(admin, [{ apiVersion: rbac, kind: 'Role', metadata: own, rules: keep }]);
  return { ...made, admin, puller, deps, pull, account, namespace, elsewhere, forbidAccount };
}

describeWithCluster('a sync with a service account', () => {
  it('is pulled, healed, pruned and compared as that account, by a puller that may do none of it itself', async () => {
    const { pull, puller, deps, namespace: ns, account, sync, admin } = await worldOfAccount();
    const maps = Object.fromEntries(['a', 'b'].map((name) => [`${name}.yaml`, configMap(ns, name, { name })]));
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`${index}.yaml`, configMap(ns, `map-${index}`, { name: 'x' })]),
    );
    const files: Record<string, string> = {
      ...maps,
      ...many,
      'web.yaml': deployment(ns, 'web', 'registry.example/web:1'),
    };
    const tried = await pull(files, { dryRun: true });
    expect(tried.report.errors).toEqual([]);
    expect(actionsOf(tried)).toEqual({ created: 23 });
    const first = await pull(files);
    expect(first.report.errors).toEqual([]);
    expect(actionsOf(first)).toEqual({ created: 23 });
    const resource = (await admin.resource('v1', 'ConfigMap'))!;
    const id = { group: '', kind: 'ConfigMap', namespace: ns, name: 'a' };
    const made = await admin.get(resource, id);
    await admin.remove(resource, id, made!.metadata.uid!);
    const check = { sync: { ...sync, serviceAccount: account }, run: 'd1', now: new Date() };
    const desired = { head: async () => first.report.revision ?? '', objects: async () => [] };
    const found = await drift(check, {
      cluster: puller,
      records: new ClusterRecords(puller.client),
      desired,
      findings: { send: async () => undefined },
    });
    expect(found.unknown).toEqual([]);
    expect(found.drift).toMatchObject([{ object: `ConfigMap/${ns}/a`, state: 'missing' }]);
    const { 'b.yaml': _, ...without } = files;
    const second = await pull(without, { deps });
    expect(second.report.errors).toEqual([]);
    expect(actionsOf(second)).toEqual({ unchanged: 21, created: 1, pruned: 1 });
    await expect(puller.get(resource, id)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('has an error for an object where the account may do nothing, and that object harms no other', async () => {
    const { pull, namespace: ns, elsewhere, account, live, entries } = await worldOfAccount();
    const files = { 'a.yaml': configMap(ns, 'a', { by: 'git' }) };
    expect((await pull(files)).report.errors).toEqual([]);
    const more = {
      ...{ 'a.yaml': configMap(ns, 'a', { by: 'git, too' }), 'b.yaml': configMap(ns, 'b', {}) },
      'far.yaml': configMap(elsewhere, 'far', {}),
    };
    const outcome = await pull(more);
    const message = outcome.report.errors.map((problem) => problem.message).join('\n');
    expect(outcome.report.errors.length).toBeGreaterThan(0);
    expect(outcome.report.errors.every(({ code }) => code === 'forbidden' || code === 'apply-forbidden')).toBe(true);
    expect(message).toContain(`User "system:serviceaccount:windlass-system:${account}" cannot `);
    expect(message).toContain(`resource "configmaps" in API group "" in the namespace "${elsewhere}"`);
    expect(message).toContain(`bind a role that allows it to ServiceAccount/windlass-system/${account}`);
    expect(outcome.trouble).toBe(false);
    expect(await live('v1', 'ConfigMap', 'far', elsewhere)).toBeUndefined();
    expect(await live('v1', 'ConfigMap', 'a', ns)).toBeDefined();
    expect((await entries()).has(`ConfigMap/${ns}/a`)).toBe(true);
    expect((await pull(files)).report.errors).toEqual([]);
  });

  it('is not pulled by a puller that may not act as the account, which is another error', async () => {
    const { pull, namespace: ns, account, live, forbidAccount } = await worldOfAccount();
    await forbidAccount();
    const outcome = await pull({ 'a.yaml': configMap(ns, 'a', {}) });
    expect(outcome.report.errors).toMatchObject([
      {
        code: 'impersonation-forbidden',
        message: expect.stringMatching(new RegExp(`${account}.*cannot impersonate.*the verb "impersonate"`)),
      },
    ]);
    expect(outcome.trouble).toBe(false);
    expect(await live('v1', 'ConfigMap', 'a', ns)).toBeUndefined();
  });

  it('has the account of its name where every sync has one', async () => {
    const { pull, namespace: ns, sync } = await worldOfAccount();
    const outcome = await pull(
      { 'a.yaml': configMap(ns, 'a', {}) },
      { sync: { serviceAccount: undefined }, deps: { impersonation: 'always' } },
    );
    expect(outcome.report.errors).toMatchObject([
      { code: 'impersonation-forbidden', message: expect.stringContaining(`"windlass-sync-${sync.name}"`) },
    ]);
  });
});
