import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterLeases } from '../../lib/adapters/kubernetes/lease.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { drift } from '../../lib/drift/drift.ts';
import { normalise } from '../../lib/kube/normalise.ts';
import { type KubeObject, objectIdOf } from '../../lib/model/kube-object.ts';
import { addUser, cluster, describeWithCluster, temporaryFolder, testNamespace } from '../helpers/cluster.ts';
import { configMap, deployment } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, until, type World } from '../pull/world.ts';

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
  const asAccount = puller.as(`system:serviceaccount:${system}:${account}`);
  const maps = (await admin.resource('v1', 'ConfigMap'))!;
  const mayRead = async (within: string) => {
    try {
      await asAccount.get(maps, { group: '', kind: 'ConfigMap', namespace: within, name: 'any' });
      return true;
    } catch {
      return false;
    }
  };
  /** Lets the account do in a namespace what a ClusterRole says, or these rules; gives the binding. */
  const grant = async (within: string, what: string | Record<string, string[]>[]): Promise<KubeObject> => {
    const metadata = { name: account, namespace: within };
    const own = typeof what === 'string' ? [] : [{ apiVersion: rbac, kind: 'Role', metadata, rules: what }];
    const ref = typeof what === 'string' ? roleRef('ClusterRole', what) : roleRef('Role', account);
    const subjects = [{ kind: 'ServiceAccount', name: account, namespace: system }];
    const binding = { apiVersion: rbac, kind: 'RoleBinding', metadata, roleRef: ref, subjects };
    await make(admin, [...own, binding]);
    const readsMaps = typeof what === 'string' || what.some(({ resources }) => resources?.includes('configmaps'));
    // The API server's authorizer hears of it a moment later.
    if (readsMaps) await until('the account may read', () => mayRead(within));
    return binding;
  };
  const revoke = async (binding: KubeObject) => {
    const resource = (await admin.resource(binding.apiVersion, binding.kind))!;
    const there = await admin.get(resource, objectIdOf(binding));
    await admin.remove(resource, objectIdOf(binding), there!.metadata.uid!);
    await until('the account may not read', async () => !(await mayRead(binding.metadata.namespace!)));
  };
  const forbidAccount = () => make(admin, [{ apiVersion: rbac, kind: 'Role', metadata: own, rules: keep }]);
  return { ...made, admin, puller, deps, pull, account, namespace, elsewhere, forbidAccount, grant, revoke };
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
    // Its pods may still be on their way: pruning shall not wait for them.
    const second = await pull(without, { deps, sync: { waitSeconds: 0 } });
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
    const refusal = { code: 'forbidden', object: `ConfigMap/${elsewhere}/far`, file: 'app/far.yaml' };
    expect(outcome.report.errors).toMatchObject([refusal]);
    const { message } = outcome.report.errors[0]!;
    expect(message).toContain(`User "system:serviceaccount:windlass-system:${account}" cannot `);
    expect(message).toContain(`resource "configmaps" in API group "" in the namespace "${elsewhere}"`);
    expect(message).toContain(`bind a role that allows it to ServiceAccount/windlass-system/${account}`);
    expect(outcome.trouble).toBe(false);
    expect(actionsOf(outcome)).toEqual({ configured: 1, created: 1 });
    expect((await live('v1', 'ConfigMap', 'a', ns))?.['data']).toEqual({ by: 'git, too' });
    expect(await live('v1', 'ConfigMap', 'far', elsewhere)).toBeUndefined();
    expect([...(await entries()).keys()].sort()).toEqual([`ConfigMap/${ns}/a`, `ConfigMap/${ns}/b`]);
    const after = configMap(ns, 'after', {}).replace(
      'name: after,',
      `name: after, annotations: { windlass.dev/depends-on: ConfigMap/${elsewhere}/far },`,
    );
    const waiting = await pull({ ...more, 'after.yaml': after });
    expect(waiting.report.errors).toMatchObject([refusal]);
    expect(waiting.changes).toContainEqual({
      ...{ object: `ConfigMap/${ns}/after`, action: 'skipped' },
      reason: `it waits for ConfigMap/${elsewhere}/far, which could not be applied`,
    });
    const tried = await pull(more, { dryRun: true });
    expect(tried.report.errors).toMatchObject([refusal]);
    expect(actionsOf(tried)).toEqual({ unchanged: 2 });
    expect((await pull(files)).report.errors).toEqual([]);
  });

  it('takes nothing for gone that it may not read any more, and prunes nothing meanwhile', async () => {
    const { pull, namespace: ns, elsewhere, live, records, sync, grant, revoke, admin } = await worldOfAccount();
    const binding = await grant(elsewhere, 'admin');
    const confirm = configMap(elsewhere, 'asks', {}).replace(
      'name: asks,',
      'name: asks, annotations: { windlass.dev/prune: confirm },',
    );
    const kept = { 'kept.yaml': configMap(ns, 'kept', {}), 'far.yaml': configMap(elsewhere, 'far', { a: '1' }) };
    const leaving = { 'near.yaml': configMap(ns, 'near', {}), 'left.yaml': configMap(elsewhere, 'left', {}) };
    expect((await pull({ ...kept, ...leaving, 'asks.yaml': confirm })).report.errors).toEqual([]);
    expect((await pull({ ...kept, ...leaving })).report.notices).toMatchObject([{ code: 'prune-waits' }]);
    // What a killed pull leaves: it may have written the object.
    const half = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'half', namespace: elsewhere } };
    await make(admin, [normalise(half, { sync: sync.name })]);
    const before = (await records.read(sync.name))!;
    const intent = { revision: 'b'.repeat(40), objects: [`ConfigMap/${elsewhere}/half`] };
    await records.write({ ...before, intent });

    await revoke(binding);
    const blind = await pull({ ...kept, 'far.yaml': configMap(elsewhere, 'far', { a: '2' }) });
    const names = ['asks', 'far', 'half', 'left'].map((name) => `ConfigMap/${elsewhere}/${name}`);
    expect(blind.report.errors.map(({ code, object }) => `${code} ${object}`)).toEqual(
      names.map((name) => `forbidden ${name}`),
    );
    expect(blind.changes.map(({ object, action }) => `${action} ${object}`)).toEqual([
      `unchanged ConfigMap/${ns}/kept`,
      `skipped ConfigMap/${ns}/near`,
    ]);
    const after = (await records.read(sync.name))!;
    expect(after).toMatchObject({
      entries: before.entries,
      waiting: before.waiting,
      intent,
      revision: before.revision,
    });
    expect((await live('v1', 'ConfigMap', 'far', elsewhere))?.['data']).toEqual({ a: '1' });

    await grant(elsewhere, 'admin');
    const seeing = await pull(kept);
    expect(seeing.report.errors).toEqual([]);
    expect(actionsOf(seeing)).toEqual({ unchanged: 2, pruned: 3, skipped: 1 });
    expect(await live('v1', 'ConfigMap', 'half', elsewhere)).toBeUndefined();
    expect(await live('v1', 'ConfigMap', 'asks', elsewhere)).toBeDefined();
    expect((await records.read(sync.name))!.waiting).toEqual(before.waiting);
  });

  it('has one error for many objects of a kind that it may not read in a namespace', async () => {
    const { pull, namespace: ns, elsewhere, account } = await worldOfAccount();
    const far = Array.from({ length: 15 }, (_, index) => configMap(elsewhere, `far-${10 + index}`, {}));
    const files = { 'a.yaml': configMap(ns, 'a', {}), 'far.yaml': far.join('---\n') };
    const outcome = await pull(files);
    const [error, ...more] = outcome.report.errors;
    expect(more).toEqual([]);
    expect(error?.message).toMatch(
      new RegExp(
        `^15 objects cannot be read: ConfigMap/${elsewhere}/far-10, .*/far-19 and 5 more: .*:${account}" cannot`,
      ),
    );
    expect(error?.message).not.toContain('far-20');
    expect(actionsOf(outcome)).toEqual({ created: 1 });
  });

  it('reads by name what it may read and not list', async () => {
    const { pull, elsewhere, grant } = await worldOfAccount();
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch', 'delete'] }];
    await grant(elsewhere, rules);
    const files = { 'a.yaml': configMap(elsewhere, 'a', {}), 'b.yaml': configMap(elsewhere, 'b', {}) };
    expect(actionsOf(await pull(files))).toEqual({ created: 2 });
    const second = await pull({ 'a.yaml': files['a.yaml'] });
    expect(second.report.errors).toEqual([]);
    expect(actionsOf(second)).toEqual({ unchanged: 1, pruned: 1 });
  });

  it('tells the health of a workload without its pods where it may not list them, with a notice', async () => {
    const { pull, elsewhere, grant } = await worldOfAccount();
    const verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
    await grant(elsewhere, [{ apiGroups: ['apps'], resources: ['deployments'], verbs }]);
    // No node takes its pods.
    const web = deployment(elsewhere, 'web', 'registry.example/web:1').replace(
      '      containers:',
      '      nodeSelector: { takes: nothing }\n      containers:',
    );
    const files = { 'web.yaml': web };
    for (const wait of ['report', 'block'] as const) {
      const { report } = await pull(files, { wait, sync: { waitSeconds: 3 } });
      expect(report.errors).toEqual([]);
      expect(report.notices).toMatchObject([{ code: 'pods-unread', message: expect.stringContaining(elsewhere) }]);
      expect(report.health).toMatchObject([{ object: `apps/Deployment/${elsewhere}/web`, status: 'InProgress' }]);
      expect(report.result).toBe(wait === 'report' ? 'progressing' : 'unhealthy');
    }
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
