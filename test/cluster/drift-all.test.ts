import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { cluster, describeWithCluster, temporaryFolder, testNamespace } from '../helpers/cluster.ts';
import { windlass } from '../helpers/io.ts';
import { configMap } from '../pull/manifests.ts';
import { openWorld, syncSpec } from '../pull/world.ts';

describeWithCluster('windlass drift without --sync', () => {
  it('checks all syncs of the cluster that is meant, and no other', async () => {
    const inside = await testNamespace('drift-all');
    const folder = await temporaryFolder();
    const repo = join(folder, 'config');
    const env = { ...process.env, WINDLASS_CACHE: join(folder, 'cache') };
    const names = [syncSpec().name, syncSpec().name, syncSpec().name].sort();
    const [a, b, c] = names as [string, string, string];
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', repo, '-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], {
        encoding: 'utf8',
      }).trim();
    const commit = async (files: Record<string, string>) => {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(join(repo, path, '..'), { recursive: true });
        await writeFile(join(repo, path), text);
      }
      git('add', '.');
      git('commit', '-q', '-m', 'test');
      return git('rev-parse', 'HEAD');
    };
    const { kubeconfigPath } = cluster();
    const run = (command: string, ...more: string[]) =>
      windlass([command, '--repo', repo, '--kubeconfig', kubeconfigPath, ...more], { env });
    await mkdir(repo);
    git('init', '-q', '-b', 'main');
    const syncs = names.map((name) => `  ${name}: { cluster: ${name === c ? 'other' : 'test'}, path: ${name} }\n`);
    const files = names.map((name) => [`${name}/settings.yaml`, configMap(inside, name, { mode: 'plain' })]);
    const head = await commit({
      'windlass.yaml': `windlass: 1\nclusters: { test: {}, other: {} }\nsyncs:\n${syncs.join('')}`,
      ...Object.fromEntries(files),
    });

    const unsaid = await run('drift');
    expect(unsaid).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Give --cluster') });
    expect(await run('drift', '--cluster', 'tset')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "test"?'),
    });
    expect((await run('drift', '--cluster', 'other', '--sync', a)).code).toBe(2);
    const all = (...more: string[]) => run('drift', '--cluster', 'test', ...more);
    const json = async () => JSON.parse((await all('--json')).stdout);

    const never = await all();
    expect(never.code).toBe(3);
    expect(never.stdout).toContain('unknown  everything: never pulled');
    expect(never.stdout).toContain('test: not everything could be checked in 2 of 2 syncs');
    for (const name of [a, b]) expect((await run('pull', '--sync', name)).code).toBe(0);
    const short = head.slice(0, 12);
    expect(await all()).toEqual({ code: 0, stderr: '', stdout: `no drift  ${a}, ${b}\ntest: no drift in 2 syncs\n` });

    const world = await openWorld(kubeconfigPath, syncSpec());
    onTestFinished(() => world.cluster.close());
    await world.cluster.client.send({
      ...{ verb: 'apply', method: 'PATCH', contentType: 'application/merge-patch+json' },
      path: `/api/v1/namespaces/${inside}/configmaps/${a}?fieldManager=kubectl-edit`,
      body: JSON.stringify({ data: { mode: 'by hand' } }),
    });
    const drifted = await all();
    expect(drifted.code).toBe(1);
    expect(drifted.stdout.split('\n')).toEqual([
      `${a} at ${short}: 1 object drifted`,
      `  changed  ConfigMap/${inside}/${a}`,
      '      data.mode',
      '        cluster  "by hand"',
      '        Git      "plain"',
      expect.stringMatching(/^ {8}by {7}kubectl-edit, Update, /),
      `no drift  ${b}`,
      'test: 1 object drifted in 1 of 2 syncs',
      '',
    ]);
    const found = await json();
    expect(found).toMatchObject({ cluster: 'test', notices: [], syncs: [{ sync: a }, { sync: b, drift: [] }] });
    // Each is what is told of it alone.
    for (const { sync, ...rest } of found.syncs)
      expect(rest).toEqual(JSON.parse((await run('drift', '--sync', sync, '--json')).stdout));

    const next = await commit({ 'suspends/all.1.yaml': 'all: syncs\nwho: ada@acme.example\nwhy: the sale runs\n' });
    const suspended = await all();
    expect(suspended.stdout).toContain(`sync ${b} is suspended by ada@acme.example: the sale runs`);
    expect(suspended.stdout).toContain(
      `behind  ${a}, ${b}: the cluster has ${short}, Git is at ${next.slice(0, 12)}: no pull applies it`,
    );
  });

  it('says that the cluster does not answer', async () => {
    const repo = await temporaryFolder();
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', repo, '-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args]);
    git('init', '-q', '-b', 'main');
    await writeFile(
      join(repo, 'windlass.yaml'),
      'windlass: 1\nclusters: { test: {} }\nsyncs: { a: { cluster: test, path: a } }\n',
    );
    git('add', '.');
    git('commit', '-q', '-m', 'test');
    const kubeconfig = join(await temporaryFolder(), 'kubeconfig');
    const gone = { cluster: { server: 'https://127.0.0.1:9' }, user: {} };
    await writeFile(
      kubeconfig,
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'gone' },
        clusters: [{ name: 'gone', cluster: gone.cluster }],
        users: [{ name: 'gone', user: gone.user }],
        contexts: [{ name: 'gone', context: { cluster: 'gone', user: 'gone' } }],
      }),
    );
    const env = { ...process.env, WINDLASS_CACHE: await temporaryFolder() };
    const ran = await windlass(['drift', '--repo', repo, '--kubeconfig', kubeconfig], { env });
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('unknown  everything: the API server https://127.0.0.1:9 cannot be reached');
    expect(ran.stdout).toContain('test: nothing could be checked');
  });
});
