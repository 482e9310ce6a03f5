import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Answer } from '../../lib/adapters/kubernetes/client.ts';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterEvents } from '../../lib/adapters/kubernetes/events.ts';
import { keptMap } from '../../lib/adapters/kubernetes/kept-map.ts';
import { ClusterLeases, holdLease } from '../../lib/adapters/kubernetes/lease.ts';
import { listMaps, removeMap } from '../../lib/adapters/kubernetes/record-maps.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { ClusterSyncs } from '../../lib/adapters/kubernetes/sync-objects.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import type { PolicyRule } from '../../lib/install/rules.ts';
import { countActions } from '../../lib/model/change-set.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { type KubeObject, nameOf } from '../../lib/model/kube-object.ts';
import { pull } from '../../lib/pull/pull.ts';
import { rendererWith } from '../../lib/pull/renderer.ts';
import { nextStatus } from '../../lib/pull/sync-status.ts';
import { describeWithCluster, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { noKustomizer, syncSpec, treeOf } from '../pull/world.ts';
import { type InstallWorld, installWorld, kubectl } from './install-world.ts';

const widgets = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.acme.example }
spec:
  group: acme.example
  scope: Namespaced
  names: { kind: Widget, plural: widgets, singular: widget, listKind: WidgetList }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`;
const shop = {
  'shop/namespace.yaml': namespace('shop-extra'),
  'shop/settings.yaml': configMap('shop', 'settings', { a: '1' }),
  'shop/secret.yaml':
    'apiVersion: v1\nkind: Secret\nmetadata: { name: token, namespace: shop }\nstringData: { a: secret }\n',
  'shop/quota.yaml':
    'apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: all, namespace: shop }\nspec: { hard: { pods: "50" } }\n',
  'shop/widget.yaml':
    'apiVersion: acme.example/v1\nkind: Widget\nmetadata: { name: one, namespace: shop }\nspec: { a: 1 }\n',
};
const config = 'windlass: 1\nclusters: { test: {} }\nsyncs:\n  shop: { cluster: test, path: shop }\n';

/** An installed cluster, and the puller in it by a real token of its account. */
async function installedWorld(): Promise<{
  world: InstallWorld;
  puller: KubernetesCluster;
  account: KubernetesCluster;
}> {
  const world = await installWorld({ 'windlass.yaml': config, ...shop });
  kubectl(world, ['apply', '-f', '-'], widgets);
  kubectl(world, ['create', 'namespace', 'other']);
  kubectl(world, ['create', 'secret', 'generic', 'theirs', '-n', 'other', '--from-literal=a=b']);
  const { code, stderr } = await world.install('--yes');
  expect(code, stderr).toBe(0);
  const puller = await asAccount(world, 'windlass-puller');
  return { world, puller, account: puller.as('system:serviceaccount:windlass-system:windlass-sync-shop') };
}

/** Lets nothing in but a token that the API server gave for the account. */
async function asAccount(world: InstallWorld, name: string): Promise<KubernetesCluster> {
  const token = kubectl(world, ['create', 'token', name, '-n', 'windlass-system']).trim();
  const kubeconfig = JSON.parse(kubectl(world, ['config', 'view', '--raw', '-o', 'json']));
  kubeconfig.users[0].user = { token };
  const file = join(await temporaryFolder(), 'kubeconfig');
  await writeFile(file, JSON.stringify(kubeconfig));
  const cluster = await openCluster({ kubeconfig: file });
  onTestFinished(() => cluster.close());
  return cluster;
}

async function pullShop(puller: KubernetesCluster): Promise<void> {
  const sync = syncSpec({ name: 'shop', path: 'shop', cluster: 'test' });
  const head = { tree: treeOf(shop), config: { ...readConfig(config).config!, syncs: [sync] } };
  const { report } = await pull(
    { head, sync, dryRun: false, wait: 'report', run: randomBytes(8).toString('hex') },
    {
      ...{ cluster: puller, impersonation: 'always' as const, now: () => new Date() },
      ...{ records: new ClusterRecords(puller.client), leases: new ClusterLeases(puller.client) },
      renderer: rendererWith({ kustomizer: noKustomizer }),
      reports: { send: async () => undefined },
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    },
  );
  if (report.errors.length > 0) throw new Error(report.errors.map(({ message }) => message).join('; '));
}

const system = '/namespaces/windlass-system';

/** One request, whose refusal is thrown. */
async function send(
  { client }: KubernetesCluster,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
): Promise<Answer> {
  const isPatch = method === 'PATCH';
  const answer = await client.send({
    ...{ verb: 'apply', method, path: isPatch ? `${path}?fieldManager=windlass&force=true` : path },
    ...(body && { body: JSON.stringify(body) }),
    ...(isPatch && { contentType: 'application/apply-patch+yaml' }),
  });
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
  return answer;
}

/** Everything that the puller does in a cluster, by what it does. */
const work: Record<string, (puller: KubernetesCluster) => Promise<unknown>> = {
  'hold the lease of the process': async ({ client }) => await (await holdLease(client, 'windlass-puller')).release(),
  'pull the sync': pullShop,
  'keep what it has to tell': async ({ client }) =>
    await keptMap(client, { name: 'windlass-outbox', key: 'reports' }).write('{}'),
  'clear away parts of a record': async ({ client }) => {
    if ((await listMaps(client, 'shop')) === undefined) throw new Error('listing configmaps is forbidden');
    await removeMap(client, 'windlass-record-shop-a1');
  },
  'tell Events, of which one comes again': async (puller) => {
    const events = new ClusterEvents(puller, () => new Date());
    const event = { type: 'Normal', reason: 'Synced', note: 'at abc' } as const;
    for (const _ of ['once', 'and again']) await events.tell('shop', undefined, [event]);
  },
  'tell an Event beside an object': async (puller) => {
    const events = new ClusterEvents(puller, () => new Date());
    const object = 'ConfigMap/shop/settings';
    const user = 'system:serviceaccount:windlass-system:windlass-sync-shop';
    await events.tell('shop', user, [{ object, type: 'Normal', reason: 'Configured', note: `now ${Math.random()}` }]);
  },
  'keep the Sync objects': async (puller) => {
    const syncs = new ClusterSyncs(puller);
    const report = { sync: 'shop', revision: 'abc', at: new Date().toISOString(), result: 'synced' } as const;
    const lists = { changes: [], drift: [], health: [], errors: [], counts: countActions([]) };
    const generation = await syncs.create('shop');
    const whole = { type: 'SyncReported', run: 'r', startedAt: report.at, cluster: 'test', healed: false } as const;
    await syncs.write('shop', nextStatus(undefined, { ...whole, ...report, ...lists }, { generation, trouble: false }));
    expect(await syncs.read('shop')).toMatchObject({ status: { revision: 'abc' } });
    expect(await syncs.names()).toEqual(['shop']);
    await syncs.remove('shop');
  },
};

/** What of the work fails, each with why. Begins anew: no record, lease, key or event is left of an earlier time. */
async function failuresOf(world: InstallWorld, puller: KubernetesCluster): Promise<string[]> {
  kubectl(world, ['delete', 'configmaps,leases,events,syncs', '--all', '-n', 'windlass-system', '--wait=false']);
  kubectl(world, ['delete', 'secret', 'windlass-hash-key', '-n', 'windlass-system', '--ignore-not-found']);
  const failures: string[] = [];
  for (const [name, act] of Object.entries(work)) {
    try {
      await act(puller);
    } catch (error) {
      failures.push(`${name}: ${messageOf(error)}`);
    }
  }
  return failures;
}

/** The API server hears of changed rights a moment later. */
async function until(
  world: InstallWorld,
  puller: KubernetesCluster,
  wanted: 'works' | 'fails',
  what: string,
): Promise<string[]> {
  return await waitFor(
    async () => {
      const failures = await failuresOf(world, puller);
      return failures.length > 0 === (wanted === 'fails') && failures;
    },
    { what: `${wanted}: ${what}` },
  );
}

/** Each installed right with one thing taken out of it. */
function lessRights(
  objects: readonly KubeObject[],
): { what: string; resource: string; object: KubeObject; less: unknown }[] {
  return objects.flatMap((object) => {
    const rules = (object['rules'] ?? []) as PolicyRule[];
    const own = object.metadata.name === 'windlass-puller';
    return rules.flatMap((rule, index) => {
      const named = `${nameOf(object)}: ${rule.resources?.join(',')}`;
      const resource = rule.resources?.[0] ?? '';
      const without = (less: PolicyRule[]) => ({ object, resource, less: rules.toSpliced(index, 1, ...less) });
      if (!own) return [{ what: named, ...without([]) }];
      return rule.verbs.map((verb) => {
        const verbs = rule.verbs.filter((other) => other !== verb);
        // A rule needs a verb: one that has no other goes as a whole.
        return { what: `${named} ${verb}`, ...without(verbs.length === 0 ? [] : [{ ...rule, verbs }]) };
      });
    });
  });
}

describeWithCluster('the rights of an installed puller', () => {
  it('are enough for all that it does, and not one of them is too many', async () => {
    const { world, puller } = await installedWorld();
    expect(await failuresOf(world, puller)).toEqual([]);
    expect(await world.live('Namespace/shop-extra')).toBeDefined();
    // Beside the object, and not beside the Sync, which is where it would be if the account might not.
    expect(kubectl(world, ['get', 'events', '-n', 'shop'])).toMatch(/Configured\s+configmap\/settings/);

    const list = ['get', 'roles,clusterroles', '-A', '-l', 'windlass.dev/component=puller', '-o', 'json'];
    const roles = JSON.parse(kubectl(world, list)).items as KubeObject[];
    const cases = lessRights(roles);
    expect(cases.length).toBeGreaterThan(20);
    for (const { what, resource, object, less } of cases) {
      const { name, namespace: within } = object.metadata;
      const set = (rules: unknown) =>
        kubectl(world, [
          ...['patch', object.kind.toLowerCase(), name, '--type=merge', '-p', JSON.stringify({ rules })],
          ...(within ? ['-n', within] : []),
        ]);
      set(less);
      const failures = await until(world, puller, 'fails', `without ${what}`);
      // It says what it may not do, and to what.
      expect(failures.join('\n'), `without ${what}`).toMatch(/forbid/);
      expect(failures.join('\n'), `without ${what}`).toContain(resource);
      set(object['rules']);
      await until(world, puller, 'works', `with ${what} again`);
    }
  });

  it('end where a binding is taken away', async () => {
    const { world, puller } = await installedWorld();
    expect(await failuresOf(world, puller)).toEqual([]);
    const list = ['get', 'rolebindings,clusterrolebindings', '-A', '-l', 'windlass.dev/component=puller', '-o', 'json'];
    for (const binding of JSON.parse(kubectl(world, list)).items as KubeObject[]) {
      const { name, namespace: within, labels } = binding.metadata;
      kubectl(world, ['delete', binding.kind.toLowerCase(), name, ...(within ? ['-n', within] : [])]);
      await until(world, puller, 'fails', `without ${nameOf(binding)}`);
      const again = { ...binding, metadata: { name, namespace: within, labels } };
      kubectl(world, ['create', '-f', '-'], JSON.stringify(again));
      await until(world, puller, 'works', `with ${nameOf(binding)} again`);
    }
  });

  it('are of no use elsewhere, and cannot be made more', async () => {
    const { world, puller, account } = await installedWorld();
    expect(await failuresOf(world, puller)).toEqual([]);
    const pod = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } },
      spec: { containers: [{ name: 'c', image: 'c' }] },
    };
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const binding = (kind: string, subject: string) => ({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name: 'more' } },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: subject, namespace: 'windlass-system' }],
    });
    const role = {
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'more' } },
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    };
    const named = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const forbidden: [string, () => Promise<unknown>][] = [
      ['the puller reads Secrets elsewhere', () => send(puller, 'GET', '/api/v1/namespaces/other/secrets/theirs')],
      ['the puller reads Secrets of a sync', () => send(puller, 'GET', '/api/v1/namespaces/shop/secrets/token')],
      ['the puller lists all Secrets', () => send(puller, 'GET', '/api/v1/secrets')],
      ['the puller lists Secrets of its namespace', () => send(puller, 'GET', `/api/v1${system}/secrets`)],
      ['the puller makes a pod elsewhere', () => send(puller, 'POST', '/api/v1/namespaces/other/pods', pod)],
      ['the puller makes a pod beside itself', () => send(puller, 'POST', `/api/v1${system}/pods`, pod)],
      [
        'the puller binds',
        () => send(puller, 'POST', `${rbac}/clusterrolebindings`, binding('ClusterRoleBinding', 'windlass-puller')),
      ],
      [
        'the puller binds in its namespace',
        () => send(puller, 'POST', `${rbac}${system}/rolebindings`, binding('RoleBinding', 'windlass-puller')),
      ],
      ['the puller widens its role', () => send(puller, 'PATCH', `${rbac}${system}/roles/windlass-puller`, role)],
      [
        'the puller asks for a token of a sync',
        () => send(puller, 'POST', `/api/v1${system}/serviceaccounts/windlass-sync-shop/token`, {}),
      ],
      ['the account reads Secrets elsewhere', () => send(account, 'GET', '/api/v1/namespaces/other/secrets/theirs')],
      [
        'the account reads the key of the hashes',
        () => send(account, 'GET', `/api/v1${system}/secrets/windlass-hash-key`),
      ],
      ['the account reads records', () => send(account, 'GET', `/api/v1${system}/configmaps`)],
      ['the account makes a pod elsewhere', () => send(account, 'POST', '/api/v1/namespaces/other/pods', pod)],
      [
        'the account binds cluster-admin',
        () =>
          send(account, 'POST', `${rbac}/namespaces/shop/rolebindings`, binding('RoleBinding', 'windlass-sync-shop')),
      ],
      ['the account makes a role of everything', () => send(account, 'POST', `${rbac}/namespaces/shop/roles`, role)],
      [
        'the account makes another namespace',
        () => send(account, 'PATCH', '/api/v1/namespaces/another', named('another')),
      ],
      [
        'the account makes its namespace without naming it',
        () => send(account, 'POST', '/api/v1/namespaces', named('shop-extra')),
      ],
      ['the account deletes another namespace', () => send(account, 'DELETE', '/api/v1/namespaces/other')],
    ];
    const others = [
      'system:serviceaccount:windlass-system:windlass-puller',
      'system:serviceaccount:windlass-system:default',
      'system:serviceaccount:kube-system:windlass-sync-shop',
      'system:serviceaccount:kube-system:namespace-controller',
      'system:kube-controller-manager',
      'windlass-admin',
    ];
    for (const user of others)
      forbidden.push([
        `the puller acts as ${user}`,
        () => send(puller.as(user), 'GET', '/api/v1/namespaces/shop/configmaps'),
      ]);
    for (const [what, asked] of forbidden)
      await expect(asked(), what).rejects.toThrow(/^403 .*(?:cannot|not currently held|forbidden)/s);
    // What is refused elsewhere is allowed where it belongs: the refusals above are about the place.
    await send(account, 'GET', '/api/v1/namespaces/shop/secrets/token');
    await send(account, 'POST', '/api/v1/namespaces/shop/pods', pod);
  });
});
