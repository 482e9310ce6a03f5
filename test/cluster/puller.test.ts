import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeWithCluster, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { clusterOfPullers, pullOnce, repository, startPuller } from '../helpers/puller.ts';
import { configMap, namespace } from '../pull/manifests.ts';

const { env, core, leases } = clusterOfPullers();
const system = 'windlass-system';

/** Names of this test alone. */
function own(count = 1): string[] {
  return Array.from({ length: count }, () => `puller-${randomBytes(4).toString('hex')}`);
}

const config = (...names: string[]) =>
  `windlass: 1\nclusters: { test: {}, other: {} }\nsyncs:\n${names.map((name, index) => `  ${name}: { cluster: test, path: ${name}${index > 0 ? `, dependsOn: [${names[0]}]` : ''} }\n`).join('')}`;

const settings = async (ns: string) =>
  (await core().readNamespacedConfigMap({ namespace: ns, name: 'settings' })).data?.['mode'];

describeWithCluster('the puller in cron mode', () => {
  it('pulls every sync of its cluster in order, and nothing of another one; a second round changes nothing', async () => {
    const [first = '', second = '', foreign = ''] = own(3);
    const { dir, revision } = await repository({
      'windlass.yaml': `${config(first, second)}  ${foreign}: { cluster: other, path: ${foreign} }\n`,
      [`${first}/ns.yaml`]: namespace(first),
      [`${first}/a.yaml`]: configMap(first, 'settings', { mode: 'plain' }),
      [`${second}/a.yaml`]: configMap(first, 'more', { mode: 'plain' }),
      [`${foreign}/ns.yaml`]: namespace(foreign),
    });
    const round = await pullOnce({ ...env(), WINDLASS_REPO: dir });
    expect(round.output()).toContain('round done');
    expect(round.code).toBe(0);
    const pulls = round.lines().filter(({ sync }) => sync !== undefined);
    expect(pulls).toMatchObject([
      { level: 'info', sync: first, revision, result: 'synced', counts: { created: 2 }, cluster: 'test', Objects: 2 },
      { level: 'info', sync: second, revision, result: 'synced', counts: { created: 1 } },
    ]);
    expect(pulls[0]).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace: 'Windlass', Dimensions: [['cluster', 'sync']] }] },
      PullDuration: expect.any(Number),
      ...{ Errors: 0, Healthy: 1 },
    });
    expect(await settings(first)).toBe('plain');
    const again = await pullOnce({ ...env(), WINDLASS_REPO: dir });
    expect(again.code).toBe(0);
    expect(again.lines().filter(({ sync }) => sync !== undefined)).toMatchObject([
      { sync: first, counts: { created: 0, configured: 0, unchanged: 2 } },
      { sync: second, counts: { created: 0, configured: 0, unchanged: 1 } },
    ]);
  });

  it('goes on with the last valid windlass.yaml in a new process, and takes the next valid one', async () => {
    const [name = ''] = own();
    const good = { 'windlass.yaml': config(name), [`${name}/ns.yaml`]: namespace(name) };
    const { dir, commit } = await repository({
      ...good,
      [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'one' }),
    });
    // What an earlier test left is not this repository's last valid one.
    await core()
      .deleteNamespacedConfigMap({ namespace: system, name: 'windlass-config' })
      .catch(() => undefined);
    expect((await pullOnce({ ...env(), WINDLASS_REPO: dir })).code).toBe(0);
    await waitFor(
      async () => {
        const round = await pullOnce({ ...env(), WINDLASS_REPO: dir });
        return (
          round.code === 0 &&
          (await core().readNamespacedConfigMap({ namespace: system, name: 'windlass-config' })).data
        );
      },
      { what: 'the kept windlass.yaml' },
    );
    const head = await commit({
      'windlass.yaml': 'windlass: 1\nsyncs: [',
      [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'two' }),
    });
    for (const _ of ['once', 'and again']) {
      const broken = await pullOnce({ ...env(), WINDLASS_REPO: dir });
      expect(broken.lines()).toContainEqual(
        expect.objectContaining({ message: 'windlass.yaml is broken: the last valid one counts', revision: head }),
      );
      expect(broken.lines()).toContainEqual(expect.objectContaining({ sync: name, result: 'synced', revision: head }));
    }
    expect(await settings(name)).toBe('two');
  });

  it('says what is wrong, and ends with 1', async () => {
    const [name = ''] = own();
    const { dir } = await repository({
      'windlass.yaml': config(name),
      [`${name}/ns.yaml`]: namespace(name),
      [`${name}/a.yaml`]: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: UPPER, namespace: default }\n',
    });
    const refused = await pullOnce({ ...env(), WINDLASS_REPO: dir });
    expect(refused.code).toBe(1);
    expect(refused.lines()).toContainEqual(
      expect.objectContaining({
        sync: name,
        result: 'failed',
        errors: [expect.objectContaining({ code: 'apply-invalid' })],
      }),
    );
    const absent = await pullOnce({ ...env(), WINDLASS_REPO: `${dir}/nothing` });
    expect(absent.code).toBe(1);
    expect(absent.output()).toContain('could not look at the head: there is no directory');
    const stranger = await pullOnce({ ...env(), WINDLASS_REPO: dir, WINDLASS_CLUSTER: 'tset' });
    expect(stranger.code).toBe(1);
    expect(stranger.output()).toContain('windlass.yaml has no cluster \\"tset\\" (it has test, other)');
    const unset = await pullOnce({ ...env() });
    expect(unset.code).toBe(1);
    expect(unset.lines()).toMatchObject([
      { level: 'error', code: 'puller-env', problems: [{ object: 'WINDLASS_REPO', message: 'it is not set' }] },
    ]);
  });
});

describeWithCluster('the puller in watch mode', () => {
  const watch = { WINDLASS_MODE: 'watch' };

  it('applies a commit, goes on when Git was away, and ends at SIGTERM with its lease let go', async () => {
    const [name = ''] = own();
    const { dir, commit } = await repository({
      'windlass.yaml': config(name),
      [`${name}/ns.yaml`]: namespace(name),
      [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'one' }),
    });
    const puller = await startPuller({ ...env(), ...watch, WINDLASS_REPO: dir });
    await puller.line('first pull', ({ sync, result }) => sync === name && result === 'synced');
    const second = await commit({ [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'two' }) });
    await puller.line('second pull', ({ revision, result }) => revision === second && result === 'synced');
    expect(await settings(name)).toBe('two');

    const elsewhere = `${await temporaryFolder()}/away`;
    await rename(dir, elsewhere);
    await puller.line('failure', ({ message }) => message.startsWith('could not look at the head'));
    await rename(elsewhere, dir);
    const third = await commit({ [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'three' }) });
    await puller.line('third pull', ({ revision, result }) => revision === third && result === 'synced');

    const lease = await leases().readNamespacedLease({ namespace: system, name: 'windlass-puller' });
    expect(lease.spec?.holderIdentity).toMatch(new RegExp(`_${puller.child.pid}_`));
    puller.child.kill('SIGTERM');
    expect(await puller.ended()).toBe(0);
    const after = await leases().readNamespacedLease({ namespace: system, name: 'windlass-puller' });
    expect(after.spec?.holderIdentity ?? '').toBe('');
  });

  it('undoes a hand edit when it happens, and is not woken for ever by what it wrote itself', async () => {
    const [name = ''] = own();
    const { dir } = await repository({
      'windlass.yaml': config(name),
      [`${name}/ns.yaml`]: namespace(name),
      [`${name}/a.yaml`]: configMap(name, 'settings', { mode: 'one' }),
    });
    const puller = await startPuller({ ...env(), ...watch, WINDLASS_REPO: dir });
    await puller.line('first pull', ({ sync, result }) => sync === name && result === 'synced');
    const pulls = () => puller.lines().filter(({ sync }) => sync === name);
    const quiet = async () => {
      let count = -1;
      let since = performance.now();
      await waitFor(
        () => {
          if (pulls().length !== count) since = performance.now();
          count = pulls().length;
          return performance.now() - since > 5_000;
        },
        { what: 'no more pulls' },
      );
    };
    await quiet();
    const before = pulls().length;
    expect(before).toBeLessThan(6);
    const body = [{ op: 'replace', path: '/data/mode', value: 'edited by hand' }];
    await core().patchNamespacedConfigMap({ namespace: name, name: 'settings', body });
    await waitFor(async () => (await settings(name)) === 'one', { what: 'the edit is undone' });
    const healing = await puller.line('healing', ({ sync, Drift }) => sync === name && Drift === 1);
    expect(healing).toMatchObject({ drifting: [`ConfigMap/${name}/settings`] });
    await core().deleteNamespacedConfigMap({ namespace: name, name: 'settings' });
    await waitFor(async () => (await settings(name)) === 'one', { what: 'what was deleted is there again' });
    await quiet();
    expect(pulls().length - before).toBeLessThan(8);
  });

  it('works alone: a second one waits, and takes over when the first one is gone', async () => {
    const [name = ''] = own();
    const { dir } = await repository({ 'windlass.yaml': config(name), [`${name}/ns.yaml`]: namespace(name) });
    const first = await startPuller({ ...env(), ...watch, WINDLASS_REPO: dir });
    await first.line('first pull', ({ sync, result }) => sync === name && result === 'synced');
    const second = await startPuller({ ...env(), ...watch, WINDLASS_REPO: dir });
    await second.line('waiting', ({ message }) => message.startsWith('waiting for '));
    expect(second.lines().filter(({ sync }) => sync !== undefined)).toEqual([]);
    first.child.kill('SIGKILL');
    await second.line('first pull of the second', ({ sync, result }) => sync === name && result === 'synced');
  });
});
