import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { installSync, installSyncAt, pullInstallation, withInstallation } from '../../lib/cli/install-sync.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { readObjects } from '../../lib/desired/yaml.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { rendererWith } from '../../lib/pull/renderer.ts';
import { describeWithCluster, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { windlass } from '../helpers/io.ts';
import { configMap, deployment, namespace } from '../pull/manifests.ts';
import { noKustomizer, treeOf } from '../pull/world.ts';
import { image, installWorld, kubectl } from './install-world.ts';

const config = `windlass: 1
clusters: { test: {} }
syncs:
  infra: { cluster: test, path: infra, prune: false }
  shop: { cluster: test, path: shop, guard: deny }
`;
const files = {
  'windlass.yaml': config,
  'infra/namespaces.yaml': namespace('shop'),
  'shop/web.yaml': deployment('shop', 'web', 'web:1.0.0'),
};
const cronJob = 'batch/CronJob/windlass-system/windlass-puller';

function objectsOf(yaml: string): KubeObject[] {
  const { objects, problems } = readObjects(yaml, 'printed.yaml');
  expect(problems).toEqual([]);
  return objects.map(({ object }) => object);
}

/** What a kubectl that is refused says. */
function refusalOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describeWithCluster('windlass install', () => {
  it('shows, asks, installs, and finds nothing to do a second time', async () => {
    const world = await installWorld(files);
    const unasked = await world.install();
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('give --yes') });
    expect(unasked.stdout).toContain(`created  ${cronJob}`);
    expect(await world.live(cronJob)).toBeUndefined();
    expect(await world.live('Namespace/windlass-system')).toBeUndefined();
    expect(unasked.stderr).toMatch(/^context \S+ \(https:\/\/\S+\)\n/);

    const done = await world.install('--yes');
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('live within a minute') });
    expect(done.stderr).toContain('windlass-sync-shop (sync shop): admin of shop');
    expect(await world.live(cronJob)).toMatchObject({ spec: { concurrencyPolicy: 'Forbid' } });
    const before = await world.live('rbac.authorization.k8s.io/Role/windlass-system/windlass-puller');

    const again = await world.install('--yes');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('all are as they should be') });
    const after = await world.live('rbac.authorization.k8s.io/Role/windlass-system/windlass-puller');
    expect(after?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });

  it('says what a sync would need to be cluster-admin for, and gives that only where it is told to', async () => {
    const world = await installWorld({
      ...files,
      'infra/class.yaml':
        'apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: high }\nvalue: 1000\n',
    });
    const binding = 'rbac.authorization.k8s.io/ClusterRoleBinding/windlass:windlass-sync-infra:cluster-admin';
    const narrow = await world.install('--yes');
    expect(narrow.code).toBe(0);
    expect(narrow.stderr).toContain('not scheduling.k8s.io/PriorityClass/high: it belongs to the whole cluster');
    expect(narrow.stderr).toContain('--cluster-admin infra would allow these');
    expect(await world.live(binding)).toBeUndefined();
    const wide = await world.install('--yes', '--cluster-admin', 'infra');
    expect(wide).toMatchObject({ code: 0, stderr: expect.stringContaining('(sync infra): cluster-admin') });
    expect(await world.live(binding)).toBeDefined();
    const back = await world.install('--yes');
    expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining(`pruned   ${binding}`) });
    expect(await world.live(binding)).toBeUndefined();
  });

  it('prints what kubectl applies as it is, strictly, and what a sync of the repo takes over without a change', async () => {
    const world = await installWorld(files);
    kubectl(world, ['create', 'namespace', 'shop']);
    const printed = await world.install('--print', '--cluster-admin', 'infra');
    expect(printed.code).toBe(0);
    expect(printed.stdout).toMatch(
      /^# Made by windlass \d\S* .*\n# {3}windlass install .*--cluster-admin infra --print\n---\n/,
    );
    expect(await world.live('Namespace/windlass-system')).toBeUndefined();
    kubectl(world, ['apply', '--server-side', '--validate=strict', '-f', '-'], printed.stdout);
    const objects = objectsOf(printed.stdout);
    const installed = await world.install('--yes', '--cluster-admin', 'infra');
    expect(installed.code).toBe(0);

    const generation = async () => {
      const live = await world.live(cronJob);
      return { generation: live?.metadata.generation, spec: live?.['spec'] };
    };
    const before = await generation();
    await world.commit({ 'infra/windlass.yaml': printed.stdout });
    const pull = ['pull', '--repo', world.dir, '--sync', 'infra', '--kubeconfig', world.kubeconfig, '--json'];
    const taken = await windlass(pull);
    expect(taken).toMatchObject({ code: 0, stderr: '' });
    expect(await generation()).toEqual(before);
    const again = JSON.parse((await windlass(pull)).stdout) as { objects: { action: string }[] };
    expect(new Set(again.objects.map(({ action }) => action))).toEqual(new Set(['unchanged']));
    expect(again.objects).toHaveLength(objects.length + 1);

    // With the installation came the guard.
    const deleted = () => kubectl(world, ['delete', 'namespace', 'shop', '--dry-run=server']);
    await waitFor(() => refusalOf(deleted)?.includes('belongs to Windlass'), { what: 'the guard is in force' });

    // From now on Git is where it is changed.
    const same = await world.install('--yes', '--cluster-admin', 'infra');
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('sync infra manages them') });
    const refused = await world.install('--yes', '--cluster-admin', 'infra', '--mode', 'watch');
    expect(refused.code).toBe(2);
    expect(refused.stdout).toContain('sync infra declares it');
    expect(refused.stdout.match(/declares it/g)).toHaveLength(1);
    expect(await world.live('apps/Deployment/windlass-system/windlass-puller')).toBeUndefined();
  });

  it('finds the puller of the other mode that Git left behind, and does not run two', async () => {
    const world = await installWorld(files);
    const printed = await world.install('--print', '--cluster-admin', 'infra');
    await world.commit({ 'infra/windlass.yaml': printed.stdout });
    const pull = ['pull', '--repo', world.dir, '--sync', 'infra', '--kubeconfig', world.kubeconfig];
    await windlass(pull);
    expect(await world.live(cronJob)).toBeDefined();
    const other = await world.install('--print', '--cluster-admin', 'infra', '--mode', 'watch');
    expect(other.stderr).toContain(`note: ${cronJob} is in the cluster and not in this`);

    await world.commit({ 'infra/windlass.yaml': '# nothing\n' });
    const watch = await world.install('--yes', '--cluster-admin', 'infra', '--mode', 'watch');
    expect(watch.stdout).toContain(`pruned  ${cronJob}  another puller`);
    expect(watch.code).toBe(0);
    expect(await world.live(cronJob)).toBeUndefined();
  });

  it('changes an installation of an earlier version to today’s, and removes what it does not have any more', async () => {
    const world = await installWorld(files);
    const old = objectsOf(readFileSync(new URL('../fixtures/install/previous.yaml', import.meta.url), 'utf8'));
    const head = { tree: treeOf({}), config: readConfig('windlass: 1\n').config! };
    const io = { now: () => new Date(), signal: new AbortController().signal } as never;
    const earlier = await pullInstallation(io, {
      ...{ head, sync: installSyncAt(head, 'test'), kubeconfig: world.kubeconfig, dryRun: false },
      renderer: withInstallation(rendererWith({ kustomizer: noKustomizer }), old),
    });
    expect(earlier.report).toMatchObject({ sync: installSync, errors: [], result: 'synced' });
    const everywhere = 'rbac.authorization.k8s.io/ClusterRole/windlass-puller-everywhere';
    expect(await world.live(everywhere)).toBeDefined();

    const upgraded = await world.install('--yes');
    expect(upgraded).toMatchObject({ code: 0, stdout: expect.stringContaining(`configured  ${cronJob}`) });
    expect(await world.live(everywhere)).toBeUndefined();
    expect(await world.live(everywhere.replace('ClusterRole/', 'ClusterRoleBinding/'))).toBeUndefined();
    expect(await world.live('ServiceAccount/windlass-system/windlass-puller')).toMatchObject({
      automountServiceAccountToken: false,
    });
    const text = JSON.stringify((await world.live(cronJob))?.['spec']);
    expect(text).toContain(image);
    expect(text).not.toContain('WINDLASS_OLD');
    expect(await world.install('--yes')).toMatchObject({ stdout: expect.stringContaining('as they should be') });
  });

  it('runs a pod that the strictest Pod Security admits, where one that may more is refused', async () => {
    const world = await installWorld(files);
    expect((await world.install('--yes')).code).toBe(0);
    const spec = (await world.live(cronJob))?.['spec'] as {
      jobTemplate: { spec: { template: { metadata: object; spec: { hostNetwork?: boolean } } } };
    };
    const { template } = spec.jobTemplate.spec;
    const podWith = (changes: object) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...template.metadata, name: 'tried', namespace: 'windlass-system' },
        spec: { ...template.spec, ...changes },
      });
    const create = ['create', '--dry-run=server', '-f', '-'];
    expect(kubectl(world, create, podWith({}))).toContain('pod/tried created');
    expect(() => kubectl(world, create, podWith({ hostNetwork: true }))).toThrow(
      /violates PodSecurity "restricted:latest"/,
    );
  });

  it('keeps to the mode that it is told: the one workload goes when the other comes', async () => {
    const world = await installWorld(files);
    expect((await world.install('--yes')).code).toBe(0);
    const watch = await world.install('--yes', '--mode', 'watch');
    expect(watch.stdout).toContain('live within seconds');
    expect(watch.code).toBe(0);
    expect(await world.live(cronJob)).toBeUndefined();
    expect(await world.live('apps/Deployment/windlass-system/windlass-puller')).toMatchObject({
      spec: { replicas: 1, strategy: { type: 'Recreate' } },
      status: { availableReplicas: 1 },
    });
  });
});

describeWithCluster('windlass uninstall', () => {
  it('removes exactly what was installed: workloads, records and what else is in the namespace stay', async () => {
    const world = await installWorld(files);
    const shop = ['--repo', world.dir, '--sync', 'shop', '--kubeconfig', world.kubeconfig];
    kubectl(world, ['create', 'namespace', 'shop']);
    // Later the guard refuses what is applied as a person.
    expect(await windlass(['pull', ...shop])).toMatchObject({ code: 0 });
    expect((await world.install('--yes')).code).toBe(0);
    kubectl(world, ['apply', '-f', '-'], configMap('windlass-system', 'mine', { a: '1' }));

    const options = ['uninstall', '--kubeconfig', world.kubeconfig];
    expect(await windlass(options)).toMatchObject({ code: 2, stderr: expect.stringContaining('give --yes') });
    expect(await world.live(cronJob)).toBeDefined();
    const gone = await windlass([...options, '--yes']);
    expect(gone).toMatchObject({ code: 0, stderr: '' });
    expect(gone.stdout).toMatch(/^context \S+ \(https:\/\/\S+\)\n/);
    expect(await world.live(cronJob)).toBeUndefined();
    for (const stays of [
      'apps/Deployment/shop/web',
      'Namespace/shop',
      'Namespace/windlass-system',
      'ConfigMap/windlass-system/mine',
      'ConfigMap/windlass-system/windlass-record-shop-0',
      'Secret/windlass-system/windlass-hash-key',
    ])
      expect(await world.live(stays), stays).toBeDefined();
    const left = kubectl(world, ['get', 'roles,rolebindings,sa', '-A', '-l', 'windlass.dev/component', '-o', 'name']);
    expect(left).toBe('');

    // A later installation goes on where this one ended.
    expect((await world.install('--yes')).code).toBe(0);
    expect(await windlass(['diff', ...shop])).toMatchObject({ code: 0 });
  });
});

describeWithCluster('windlass install is told wrong', () => {
  it('and says so, for each, without a change', async () => {
    const world = await installWorld(files);
    const cases: [string[], number, string][] = [
      [['--cluster', 'tset'], 2, 'windlass.yaml has no cluster "tset", did you mean "test"?'],
      [['--cluster-admin', 'infar'], 2, 'this cluster has no sync "infar", did you mean "infra"?'],
      [['--namespace', 'shop'], 2, 'write SYNC=NAMESPACE'],
      [['--namespace', 'shop=windlass-system'], 2, 'may act as every sync'],
      [['--mode', 'push'], 2, 'there is cron, and watch'],
      [['--wake-queue', 'https://sqs.eu-west-1.amazonaws.com/123456789012/q'], 2, 'needs --mode watch'],
      [['--url', 'https://me:secret@git.example.com/a.git'], 2, 'it has a user or a password in it'],
      [['--url', '/srv/config'], 2, 'it is a path of this machine'],
      [['--branch', 'nowhere'], 2, 'nowhere'],
      [['--image', 'bad image'], 2, '--image: "bad image" is no image'],
      [['--context', 'nowhere'], 2, 'there is no context "nowhere"'],
    ];
    for (const [options, code, message] of cases) {
      const ran = await world.install('--yes', ...options);
      expect(ran, options.join(' ')).toMatchObject({ code, stderr: expect.stringContaining(message) });
      expect(ran.stderr).not.toContain('me:secret');
    }
    const plain = ['--repo', world.dir, '--kubeconfig', world.kubeconfig, '--image', image];
    expect(await windlass(['install', ...plain])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no clone with an origin: give --url'),
    });
    expect(await world.live('Namespace/windlass-system')).toBeUndefined();

    await world.commit({ 'shop/broken.yaml': 'kind: ConfigMap\n' });
    expect(await world.install('--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('shop/broken.yaml'),
    });
  });

  it('and tells a cluster that does not answer, or forbids it, from one that it may change', async () => {
    const world = await installWorld(files);
    const kubeconfig = JSON.parse(kubectl(world, ['config', 'view', '--raw', '-o', 'json']));
    const dir = await temporaryFolder();
    const elsewhere = async (change: (copy: typeof kubeconfig) => void) => {
      const copy = structuredClone(kubeconfig);
      change(copy);
      await writeFile(join(dir, 'kubeconfig'), JSON.stringify(copy));
      return await world.install('--yes', '--kubeconfig', join(dir, 'kubeconfig'));
    };
    const away = await elsewhere((copy) => {
      copy.clusters[0].cluster.server = 'https://127.0.0.1:9';
    });
    expect(away).toMatchObject({ code: 3, stderr: expect.stringContaining('cannot be reached') });

    kubectl(world, ['create', 'namespace', 'people']);
    kubectl(world, ['create', 'serviceaccount', 'guest', '-n', 'people']);
    const token = kubectl(world, ['create', 'token', 'guest', '-n', 'people']).trim();
    const forbidden = await elsewhere((copy) => {
      copy.users[0].user = { token };
    });
    expect(forbidden).toMatchObject({ code: 2, stderr: expect.stringContaining('forbids') });
    expect(forbidden.stderr).toContain('this needs an administrator of the cluster');
  });
});
