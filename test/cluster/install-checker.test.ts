import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@aws-lambda-powertools/logger';
import { expect, it, onTestFinished } from 'vitest';
import { auditLog } from '../../bench/parts/audit-log.ts';
import { driftOnSchedule } from '../../functions/handlers/drift-on-schedule.ts';
import { openGitSource } from '../../lib/adapters/git/source.ts';
import { accessFromKubeconfig } from '../../lib/adapters/kubernetes/access.ts';
import { Client } from '../../lib/adapters/kubernetes/client.ts';
import { KubernetesCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { kubeconfigFor } from '../../lib/adapters/local/control-plane/kubeconfig.ts';
import { readPki } from '../../lib/adapters/local/control-plane/pki.ts';
import { lambdaContext } from '../../lib/adapters/local/sqs-record.ts';
import { readObjects } from '../../lib/desired/yaml.ts';
import type { OpenCluster } from '../../lib/drift/check-cluster.ts';
import { gitReader } from '../../lib/drift/git-reader.ts';
import type { PolicyRule } from '../../lib/install/rules.ts';
import type { CheckReported, DriftFound } from '../../lib/model/messages.ts';
import { readHead } from '../../lib/pull/head.ts';
import { describeWithCluster, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { windlass } from '../helpers/io.ts';
import { configMap, deployment, namespace, service } from '../pull/manifests.ts';
import { noKustomizer } from '../pull/world.ts';
import { type InstallWorld, installWorld, kubectl } from './install-world.ts';

const person = 'windlass-drift-role';
const hint = 'run windlass install --checker';
const roleName = 'rbac.authorization.k8s.io/ClusterRole/windlass-checker';

const crd = (plural: string, kind: string, group: string, scope = 'Namespaced') => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${plural}.${group} }
spec:
  group: ${group}
  scope: ${scope}
  names: { kind: ${kind}, plural: ${plural}, singular: ${kind.toLowerCase()}, listKind: ${kind}List }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`;
const widget = (name: string) =>
  `apiVersion: acme.example/v1\nkind: Widget\nmetadata: { name: ${name}, namespace: shop }\nspec: { a: 1 }\n`;

const files = {
  'windlass.yaml': `windlass: 1
clusters: { test: {} }
syncs:
  shop: { cluster: test, path: shop, serviceAccount: none-is-needed }
  plain: { cluster: test, path: plain }
drift: { unmanaged: { namespaces: [shop], ignore: ["ServiceAccount/*/*"] } }
`,
  'shop/namespace.yaml': namespace('shop'),
  'shop/settings.yaml': configMap('shop', 'settings', { a: '1' }),
  'shop/web.yaml': deployment('shop', 'web', 'web:1.0.0'),
  'shop/service.yaml': service('shop', 'web'),
  'shop/secret.yaml':
    'apiVersion: v1\nkind: Secret\nmetadata: { name: token, namespace: shop }\nstringData: { a: canary }\n',
  'shop/widget.yaml': widget('one'),
  'shop/class.yaml': 'apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: high }\nvalue: 1000\n',
  'shop/role.yaml':
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: shop-reader }\nrules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]\n',
  'plain/settings.yaml': configMap('plain', 'settings', { a: '1' }),
};

interface CheckedWorld {
  world: InstallWorld;
  checker(...more: string[]): ReturnType<typeof windlass>;
  /** A whole check, as the schedule makes it, by an identity that has nothing but what `windlass install --checker` gave. */
  check(): Promise<{ found: Record<string, DriftFound>; heartbeat: CheckReported }>;
  /** A request of that identity. */
  ask(path: string): Promise<number>;
  verbs(): Promise<string[]>;
  /** The kubeconfig of that identity. */
  kubeconfig: string;
}

async function checkedWorld(): Promise<CheckedWorld> {
  const dir = await temporaryFolder();
  const logs = await temporaryFolder();
  await mkdir(join(dir, 'plane'));
  const audit = await auditLog(logs, person);
  const options = { dir: join(dir, 'plane'), apiServerFlags: audit.flags };
  const world = await installWorld(files, options);
  kubectl(world, ['apply', '-f', '-'], crd('widgets', 'Widget', 'acme.example'));
  kubectl(world, ['create', 'namespace', 'plain']);
  // Another tool applies this one.
  kubectl(world, ['apply', '-f', '-'], files['plain/settings.yaml']);
  kubectl(world, ['create', 'namespace', 'windlass-system']);
  kubectl(world, ['create', 'serviceaccount', 'none-is-needed', '-n', 'windlass-system']);
  const binding = ['create', 'clusterrolebinding', 'all', '--clusterrole=cluster-admin'];
  kubectl(world, [...binding, '--serviceaccount=windlass-system:none-is-needed']);
  const pulled = await windlass(['pull', '--repo', world.dir, '--sync', 'shop', '--kubeconfig', world.kubeconfig]);
  expect(pulled.stdout + pulled.stderr).toContain('shop');
  expect([0, 3], pulled.stdout).toContain(pulled.code);

  const { server } = world.cluster.client;
  const kubeconfig = join(dir, 'checker.kubeconfig');
  const user = { name: person, groups: ['windlass:drift'] };
  await writeFile(kubeconfig, kubeconfigFor(await readPki(join(dir, 'plane', 'pki')), server, user, new Date()));
  const access = await accessFromKubeconfig(kubeconfig);
  // As the access to EKS says it.
  const client = new Client({ ...access, hint: (trouble) => (trouble === 'forbidden' ? hint : undefined) });
  onTestFinished(() => client.close());
  const source = openGitSource({ url: world.dir, branch: 'main', cacheDir: join(dir, 'cache') });
  const open = async (): Promise<OpenCluster> => ({
    cluster: new KubernetesCluster(client),
    records: new ClusterRecords(client, { readOnly: true }),
    desired: gitReader({ source, kustomizer: noKustomizer }),
    ...{ secrets: 'left', impersonation: 'never', close: async () => undefined },
  });
  return {
    ...{ world, kubeconfig },
    checker: (...more) =>
      windlass(['install', '--checker', '--repo', world.dir, '--kubeconfig', world.kubeconfig, ...more]),
    check: async () => {
      const sent: (DriftFound | CheckReported)[] = [];
      const tree = await source.open(await source.head());
      onTestFinished(() => tree.close());
      const run = driftOnSchedule({
        repo: { head: () => readHead(tree), lastValid: async () => undefined },
        ...{ open, now: () => new Date(), logger: new Logger({ logLevel: 'SILENT' }) },
        reports: { send: async (message) => void sent.push(message) },
      });
      await run({}, { ...lambdaContext('windlass-drift'), getRemainingTimeInMillis: () => 120_000 });
      const found = sent.filter((one) => one.type === 'DriftFound').map((one) => [one.sync, one] as const);
      const heartbeat = sent.find((one) => one.type === 'CheckReported')!;
      return { found: Object.fromEntries(found), heartbeat };
    },
    ask: async (path) => (await client.send({ verb: 'get', method: 'GET', path })).status,
    verbs: async () => Object.keys(await audit.since('windlass', new AbortController().signal)).sort(),
  };
}

/** The check when the API server knows of changed rights. */
async function until(
  { check }: CheckedWorld,
  what: string,
  isSo: (checked: Awaited<ReturnType<CheckedWorld['check']>>) => boolean,
) {
  return await waitFor(
    async () => {
      const checked = await check();
      return isSo(checked) && checked;
    },
    { what },
  );
}

const isClear = ({ found, heartbeat }: Awaited<ReturnType<CheckedWorld['check']>>) =>
  heartbeat.unreachable === undefined && Object.values(found).every(({ unknown }) => unknown.length === 0);

describeWithCluster('what windlass install --checker gives', () => {
  it('is two objects, also where nothing of Windlass is there and nobody may make a Secret', async () => {
    const dir = await temporaryFolder();
    const world = await installWorld(files, { dir });
    const names = (kind: string) => kubectl(world, ['get', kind, '-A', '-o', 'name']).trim().split('\n').sort();
    const kinds = [
      'namespaces',
      'secrets',
      'configmaps',
      'leases',
      'serviceaccounts',
      'clusterroles',
      'clusterrolebindings',
    ];
    const before = Object.fromEntries(kinds.map((kind) => [kind, names(kind)]));
    const kubeconfig = join(dir, 'rbac.kubeconfig');
    const { server } = world.cluster.client;
    const user = { name: 'rbac-administrator', groups: ['rbac'] };
    await writeFile(kubeconfig, kubeconfigFor(await readPki(join(dir, 'pki')), server, user, new Date()));
    const verbs = '[get, list, create, patch, delete, bind, escalate]';
    const rules = `[{ apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, clusterrolebindings], verbs: ${verbs} }]`;
    kubectl(
      world,
      ['apply', '-f', '-'],
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: rbac }\nrules: ${rules}\n`,
    );
    kubectl(world, ['create', 'clusterrolebinding', 'rbac', '--clusterrole=rbac', '--group=rbac']);
    const checker = (...more: string[]) =>
      windlass(['install', '--checker', '--repo', world.dir, '--kubeconfig', kubeconfig, '--yes', ...more]);
    const given = await checker();
    expect(given, given.stdout + given.stderr).toMatchObject({ code: 0 });
    const added = (kind: string) => names(kind).filter((name) => !before[kind]!.includes(name));
    for (const kind of kinds.filter((one) => !one.startsWith('clusterrole'))) expect(added(kind), kind).toEqual([]);
    expect(added('clusterroles').join()).toMatch(/^[^,]*\/rbac,[^,]*\/windlass-checker$/);
    expect(added('clusterrolebindings').join()).toMatch(/^[^,]*\/rbac,[^,]*\/windlass-checker$/);

    // What others made under that name stays as it is, whoever asks.
    const gone = () => windlass(['uninstall', '--checker', '--kubeconfig', kubeconfig, '--yes']);
    kubectl(world, ['label', 'clusterrole', 'windlass-checker', 'windlass.dev/component-']);
    const mine = await world.live(roleName);
    expect(await checker()).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('was not made by windlass install'),
    });
    expect((await gone()).stdout).not.toContain(roleName);
    expect((await world.live(roleName))?.metadata.resourceVersion).toBe(mine?.metadata.resourceVersion);
    kubectl(world, ['label', 'clusterrole', 'windlass-checker', 'windlass.dev/component=checker']);
    expect((await gone()).stdout).toContain(`removed  ${roleName}`);
    expect(added('clusterrolebindings').join()).not.toContain('windlass-checker');
  });

  it('is shown, asked about, given once, and taken away again by itself', async () => {
    const { world, checker } = await checkedWorld();
    const unasked = await checker();
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('give --yes') });
    expect(unasked.stderr).toContain('group windlass:drift may get and list everything but Secrets');
    expect(unasked.stdout).toContain(`created  ${roleName}`);
    expect(await world.live(roleName)).toBeUndefined();
    expect((await checker('--image', 'x')).stderr).toContain('--image: it is about the puller');
    expect((await world.install('--subject', 'user:ada')).stderr).toContain('it needs --checker');

    expect(await checker('--yes')).toMatchObject({ code: 0 });
    const role = await world.live(roleName);
    for (const { verbs } of (role?.['rules'] ?? []) as PolicyRule[]) expect(verbs).toEqual(['get', 'list']);
    const again = await checker('--yes');
    expect(again).toMatchObject({ code: 0, stdout: '2 objects, and all are as they should be\n' });
    expect((await world.live(roleName))?.metadata.resourceVersion).toBe(role?.metadata.resourceVersion);

    // The puller is a thing of its own: neither takes the other away.
    expect(await world.install('--yes', '--cluster-admin', 'shop')).toMatchObject({ code: 0 });
    expect((await world.live(roleName))?.metadata.resourceVersion).toBe(role?.metadata.resourceVersion);
    expect(await checker('--yes')).toMatchObject({ code: 0, stdout: again.stdout });
    const cronJob = 'batch/CronJob/windlass-system/windlass-puller';
    expect(await world.live(cronJob)).toBeDefined();
    const printed = await checker('--print', '--subject', 'user:ada@acme.example');
    expect(printed.stdout).toContain('#   windlass install --repo');
    expect(printed.stdout).toContain('--checker --subject user:ada@acme.example');
    const [, binding] = readObjects(printed.stdout, 'printed.yaml').objects.map(({ object }) => object);
    expect(binding).toMatchObject({
      kind: 'ClusterRoleBinding',
      subjects: [{ kind: 'User', name: 'ada@acme.example' }],
    });
    const uninstall = (...more: string[]) =>
      windlass(['uninstall', '--kubeconfig', world.kubeconfig, '--yes', ...more]);
    const gone = await uninstall();
    expect(gone.stdout).toContain(`removed  ${cronJob}`);
    expect(gone.stdout).not.toContain(roleName);
    expect(gone.stderr).toContain('windlass uninstall --checker takes them away');
    expect(await world.live(roleName)).toBeDefined();
    expect(await uninstall('--checker')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`removed  ${roleName}`),
    });
    expect(await world.live(roleName)).toBeUndefined();
  });

  it('is enough for a whole check, of which the audit log has get and list alone, and lets nobody read a Secret', async () => {
    const all = await checkedWorld();
    const { world, checker, check, ask, verbs } = all;
    const before = await check();
    expect(before.found).toEqual({});
    expect(before.heartbeat.unreachable).toContain('forbid');
    expect(before.heartbeat.unreachable).toContain(hint);
    expect(await checker('--yes')).toMatchObject({ code: 0 });
    const clear = await until(all, 'the rights are known', isClear);
    expect(clear.found['shop']).toMatchObject({ drift: [], leftOut: ['Secret'] });
    expect(clear.found['plain']).toMatchObject({ drift: [], basis: 'git' });
    expect(clear.heartbeat).toMatchObject({ failed: [], syncs: ['shop', 'plain'], objects: 8 });

    kubectl(world, ['-n', 'shop', 'set', 'image', 'deployment/web', 'web=web:hand']);
    kubectl(world, ['-n', 'shop', 'delete', 'widget', 'one']);
    kubectl(world, ['-n', 'shop', 'create', 'configmap', 'stray']);
    kubectl(world, ['label', 'clusterrole', 'shop-reader', 'team=a']);
    kubectl(world, ['-n', 'plain', 'patch', 'configmap', 'settings', '-p', '{"data":{"a":"2"}}']);
    const { found } = await check();
    const states = (sync: string) => found[sync]?.drift.map(({ object, state }) => `${state} ${object}`);
    expect(states('shop')).toEqual([
      'unmanaged ConfigMap/shop/stray',
      'missing acme.example/Widget/shop/one',
      'changed apps/Deployment/shop/web',
      'added rbac.authorization.k8s.io/ClusterRole/shop-reader',
    ]);
    expect(states('plain')).toEqual(['changed ConfigMap/plain/settings']);
    expect(found['shop']?.unknown).toEqual([]);

    // A person, or CI, with the same rights.
    const byHand = (...more: string[]) =>
      windlass(['drift', '--repo', world.dir, '--kubeconfig', all.kubeconfig, ...more]);
    const told = await byHand('--no-secrets');
    expect(told, told.stdout).toMatchObject({ code: 1 });
    expect(told.stdout.match(/Secret/g)).toHaveLength(1);
    expect(told.stdout).toContain('note Secrets are left to the puller');
    expect(told.stdout).not.toContain('unknown');
    const one = JSON.parse((await byHand('--no-secrets', '--sync', 'shop', '--json')).stdout);
    expect(one).toMatchObject({ unknown: [], notices: [{ code: 'secrets-left' }] });
    expect(one.drift.map(({ object }: { object: string }) => object)).toContain('apps/Deployment/shop/web');
    expect(await verbs()).toEqual(['get', 'list']);
    // Without it the sync is read as its account, and Secrets are asked for.
    const unread = await byHand();
    expect(unread.stdout).toMatch(
      /unknown .*; windlass install --checker gives the group windlass:drift the right to read all/,
    );
    expect(await ask('/api/v1/namespaces/shop/configmaps/settings')).toBe(200);
    for (const path of ['/namespaces/shop/secrets/token', '/secrets', '/namespaces/windlass-system/secrets'])
      expect(await ask(`/api/v1${path}`), path).toBe(403);
    for (const path of ['/api/v1/namespaces/shop/pods/any/log', '/api/v1/namespaces/shop/pods/any/exec?command=id'])
      expect(await ask(path), path).toBe(403);
    expect(await ask('/api/v1/namespaces/shop/configmaps?watch=true&timeoutSeconds=1')).toBe(403);
  });

  it('leaves what is not given unknown, never drift and never missing, and says what to run', async () => {
    const all = await checkedWorld();
    const { world, checker } = all;
    expect(await checker('--yes')).toMatchObject({ code: 0 });
    await until(all, 'the rights are known', isClear);
    const rules = (await world.live(roleName))?.['rules'] as PolicyRule[];
    const set = (less: PolicyRule[]) =>
      kubectl(world, [
        'patch',
        'clusterrole',
        'windlass-checker',
        '--type=merge',
        '-p',
        JSON.stringify({ rules: less }),
      ]);
    const without = (group: string, plural?: string) =>
      rules.map((rule) => {
        const has = rule.apiGroups?.includes(group);
        if (plural !== undefined)
          return has ? { ...rule, resources: rule.resources?.filter((one) => one !== plural) } : rule;
        return has ? { ...rule, apiGroups: rule.apiGroups?.filter((one) => one !== group) } : rule;
      });
    const cases: [PolicyRule[], string][] = [
      [without('', 'services'), 'Service'],
      [without('', 'namespaces'), 'Namespace/shop'],
      [without('apps'), 'apps/Deployment'],
      [without('acme.example'), 'acme.example/Widget'],
      [without('scheduling.k8s.io'), 'scheduling.k8s.io/PriorityClass'],
      [without('rbac.authorization.k8s.io'), 'rbac.authorization.k8s.io/ClusterRole'],
      [without('batch'), 'batch/Job'],
    ];
    for (const [less, named] of cases) {
      set(less);
      const { found } = await until(all, `without ${named}`, (one) => !isClear(one) && one.found['shop'] !== undefined);
      const { unknown, drift } = found['shop']!;
      const about = unknown.filter(({ object }) => object === named || object.startsWith(`${named}/`));
      expect(about, `without ${named}: ${JSON.stringify(unknown)}`).not.toEqual([]);
      for (const { reason } of unknown) expect(reason, named).toContain(hint);
      expect(drift, named).toEqual([]);
      set(rules);
      await until(all, `with ${named} again`, isClear);
    }
    for (const [index, { apiGroups }] of rules.entries()) {
      // Only kinds of the whole cluster, of which no sync has an object here.
      if (apiGroups?.includes('certificates.k8s.io')) continue;
      set(rules.toSpliced(index, 1));
      const blind = await until(all, `without rule ${index}`, (one) => !isClear(one));
      for (const { drift } of Object.values(blind.found)) expect(drift).toEqual([]);
      set(rules);
      await until(all, `with rule ${index} again`, isClear);
    }

    // A group that came later.
    kubectl(world, ['apply', '-f', '-'], crd('gadgets', 'Gadget', 'later.example'));
    const later = await until(all, 'the new kind', (one) => !isClear(one));
    expect(later.found['shop']?.unknown).toEqual([
      { object: 'later.example/Gadget', reason: expect.stringContaining(hint), undeclared: true },
    ]);
    expect(await checker('--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`configured  ${roleName}`),
    });
    await until(all, 'the new kind can be read', isClear);
  });
});
