import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { holdLease } from '../../lib/adapters/kubernetes/lease.ts';
import { kubeconfigFor } from '../../lib/adapters/local/control-plane/kubeconfig.ts';
import { readPki } from '../../lib/adapters/local/control-plane/pki.ts';
import type { Finding } from '../../lib/cli/doctor/finding.ts';
import { describeWithCluster, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { windlass } from '../helpers/io.ts';
import { configMap, deployment, namespace } from '../pull/manifests.ts';
import { type InstallWorld, installWorld, kubectl } from './install-world.ts';

const files = {
  'windlass.yaml': `windlass: 1
clusters: { test: {} }
syncs:
  shop: { cluster: test, path: shop, guard: deny }
`,
  'shop/namespace.yaml': namespace('shop'),
  'shop/settings.yaml': configMap('shop', 'settings', { a: '1' }),
  'shop/web.yaml': deployment('shop', 'web', 'web:1.0.0'),
};

/** What is found, by part and thing; and the exit code. */
async function doctor(
  { dir, kubeconfig }: Pick<InstallWorld, 'dir' | 'kubeconfig'>,
  ...more: string[]
): Promise<{ code: number; found: Finding[]; of(what: string): Finding[] }> {
  const argv = [
    'doctor',
    '--repo',
    dir,
    '--kubeconfig',
    kubeconfig,
    '--only',
    'cluster',
    '--only',
    'rights',
    '--json',
    ...more,
  ];
  const { code, stdout, stderr } = await windlass(argv);
  expect(stdout, stderr).toMatch(/^\{/);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, found: findings, of: (what) => findings.filter((one) => one.what === what) };
}

const results = (found: Finding[]) => found.map(({ part, what, result }) => `${part} ${what} ${result}`);

describeWithCluster('the parts cluster and rights', () => {
  it('say that nothing is installed, and which command does it', async () => {
    const world = await installWorld(files);
    const { code, found, of } = await doctor(world);
    expect(of('reach')[0]?.result).toBe('ok');
    expect(of('kubernetes')[0]).toMatchObject({ result: 'ok', text: expect.stringMatching(/^v1\.\d+/) });
    expect(of('puller')[0]).toMatchObject({ result: 'wrong', text: expect.stringContaining('windlass install') });
    expect(of('guard')[0]).toMatchObject({
      result: 'wrong',
      text: expect.stringContaining('is not there: changes by hand are let in'),
    });
    expect(of('windlass-sync-shop')[0]).toMatchObject({ part: 'rights', result: 'wrong' });
    expect(code, JSON.stringify(found)).toBe(1);
  });

  it('find an installation well, and then each thing that is taken from it', async () => {
    const world = await installWorld(files);
    kubectl(world, ['create', 'namespace', 'shop']);
    expect(await world.install('--mode', 'watch', '--yes')).toMatchObject({
      code: expect.toSatisfy((code) => code === 0 || code === 3),
    });
    const checker = ['install', '--checker', '--repo', world.dir, '--kubeconfig', world.kubeconfig, '--yes'];
    expect((await windlass(checker)).code).toBe(0);
    await waitFor(
      async () => (await doctor(world)).of('puller').some(({ part, result }) => part === 'cluster' && result === 'ok'),
      {
        what: 'a pod of the puller',
      },
    );

    // Nothing runs in the pod: its lease is what tells a puller that works.
    expect((await doctor(world)).of('running')[0]).toMatchObject({
      result: 'wrong',
      text: 'it never took its lease',
      mend: expect.stringContaining('log'),
    });
    const lease = await holdLease(world.cluster.client, 'windlass-puller', { version: '0.0.1' });
    const { code, found } = await doctor(world);
    expect(results(found)).toEqual([
      ...[
        'cluster reach ok',
        'cluster kubernetes ok',
        'cluster puller ok',
        'cluster running ok',
        'cluster version note',
        'cluster shop note',
        'cluster guard ok',
      ],
      ...['rights puller ok', 'rights windlass-sync-shop ok', 'rights checker ok'],
    ]);
    expect(found.find(({ what }) => what === 'version')?.text).toMatch(/^it is 0\.0\.1, and this CLI is /);
    expect(code).toBe(0);
    await lease.release();

    kubectl(world, ['delete', 'rolebinding', '-n', 'shop', 'windlass:windlass-sync-shop']);
    kubectl(world, [
      'patch',
      'role',
      '-n',
      'windlass-system',
      'windlass-puller',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/rules/0"}]',
    ]);
    kubectl(world, [
      'patch',
      'clusterrole',
      'windlass-checker',
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/rules","value":[]}]',
    ]);
    kubectl(world, [
      'patch',
      'validatingadmissionpolicybinding',
      'windlass-guard-deny',
      '--type=merge',
      '-p',
      '{"spec":{"validationActions":["Audit"]}}',
    ]);
    const taken = await doctor(world);
    const rights = (what: string) => taken.found.find((one) => one.part === 'rights' && one.what === what)!;
    expect(rights('windlass-sync-shop').text).toContain(
      'get, list, watch, create, patch, delete deployments.apps in shop',
    );
    expect(rights('puller').text).toContain('get, create, update leases.coordination.k8s.io in windlass-system');
    expect(rights('checker')).toMatchObject({
      result: 'wrong',
      mend: expect.stringContaining('windlass install --checker'),
    });
    expect(taken.of('guard')[0]).toMatchObject({ result: 'wrong', text: expect.stringContaining('validationActions') });
    for (const one of taken.found.filter(({ result }) => result === 'wrong')) expect(one.mend).toBeTruthy();

    kubectl(world, ['scale', 'deployment', 'windlass-puller', '-n', 'windlass-system', '--replicas=0']);
    expect((await doctor(world)).of('puller').find(({ part }) => part === 'cluster')).toMatchObject({
      result: 'wrong',
      text: expect.stringContaining('has no replicas'),
    });
  });

  it('look at the rounds of a puller in a CronJob', async () => {
    const world = await installWorld(files);
    kubectl(world, ['create', 'namespace', 'shop']);
    await world.install('--mode', 'cron', '--yes');
    const { of } = await doctor(world);
    expect(of('running')[0]).toMatchObject({ result: 'note', text: expect.stringContaining('a moment ago') });
    const rounds = async (ended: number) => {
      const at = (age: number) => new Date(Date.now() - age * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
      const status = JSON.stringify({ status: { lastScheduleTime: at(1), lastSuccessfulTime: at(ended) } });
      kubectl(world, [
        ...['patch', 'cronjob', 'windlass-puller', '-n', 'windlass-system', '--subresource=status', '--type=merge'],
        ...['-p', status],
      ]);
      return (await doctor(world)).of('running')[0];
    };
    expect(await rounds(1)).toMatchObject({ result: 'ok' });
    expect(await rounds(120)).toMatchObject({ result: 'wrong', mend: expect.stringContaining('log') });
  });

  it('tell what the puller says of a sync that fails', async () => {
    const world = await installWorld(files);
    kubectl(world, ['create', 'namespace', 'shop']);
    await world.install('--mode', 'watch', '--yes');
    const conditions = [
      {
        type: 'Ready',
        status: 'False',
        reason: 'Failed',
        message: 'web.yaml: it is refused',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ];
    kubectl(
      world,
      ['apply', '-f', '-'],
      'apiVersion: windlass.dev/v1alpha1\nkind: Sync\nmetadata: { name: shop, namespace: windlass-system }\n',
    );
    const status = JSON.stringify({ status: { result: 'failed', failedRevision: 'abc', conditions } });
    kubectl(world, [
      'patch',
      'sync',
      'shop',
      '-n',
      'windlass-system',
      '--subresource=status',
      '--type=merge',
      '-p',
      status,
    ]);
    expect((await doctor(world)).of('shop')[0]).toMatchObject({
      result: 'wrong',
      text: 'failed: web.yaml: it is refused',
      mend: expect.stringContaining('describe sync shop'),
    });
  });

  it('are not checked by somebody who may not ask, and that is no fault of the cluster', async () => {
    const world = await installWorld(files);
    const dir = await temporaryFolder();
    const kubeconfig = join(dir, 'nobody.kubeconfig');
    const plane = join(world.kubeconfig, '..');
    const pki = await readPki(join(plane, 'pki'));
    await writeFile(
      kubeconfig,
      kubeconfigFor(pki, world.cluster.client.server, { name: 'nobody', groups: [] }, new Date()),
    );
    const { code, found } = await doctor({ ...world, kubeconfig });
    expect(
      found.filter(({ result }) => result === 'wrong'),
      JSON.stringify(found),
    ).toEqual([]);
    expect(found.some(({ result, mend }) => result === 'unchecked' && mend !== undefined)).toBe(true);
    expect(code).toBe(0);
  });

  it('say that a cluster cannot be reached', async () => {
    const world = await installWorld(files);
    const dir = await temporaryFolder();
    const kubeconfig = join(dir, 'gone.kubeconfig');
    const pki = await readPki(join(world.kubeconfig, '..', 'pki'));
    await writeFile(kubeconfig, kubeconfigFor(pki, 'https://127.0.0.1:9', { name: 'a', groups: [] }, new Date()));
    const { code, of } = await doctor({ ...world, kubeconfig });
    expect(of('reach')[0]).toMatchObject({ result: 'wrong', mend: expect.stringContaining('VPN') });
    expect(code).toBe(1);
  });
});
