import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { cluster, describeWithCluster, privateControlPlane, temporaryFolder } from '../helpers/cluster.ts';
import { windlass } from '../helpers/io.ts';
import { configMap, deployment, namespace } from '../pull/manifests.ts';
import { syncSpec, until } from '../pull/world.ts';

const run = promisify(execFile);

/** A real Git repository with these files committed; `commit` adds another commit. */
async function repository(files: Record<string, string>) {
  const dir = await temporaryFolder();
  const git = (...args: string[]) =>
    run('git', [
      '-C',
      dir,
      '-c',
      'user.name=test',
      '-c',
      'user.email=test@example.com',
      '-c',
      'commit.gpgsign=false',
      ...args,
    ]);
  const commit = async (changed: Record<string, string>): Promise<string> => {
    for (const [path, text] of Object.entries(changed)) {
      await mkdir(join(dir, path, '..'), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', 'test');
    return (await git('rev-parse', 'HEAD')).stdout.trim();
  };
  await git('init', '--quiet', '--initial-branch', 'trunk');
  const revision = await commit(files);
  return { dir, commit, revision };
}

/** From here on the commands of git that are run, since the last time that they were asked for. */
async function spiedGit(): Promise<() => Promise<string[]>> {
  const dir = await temporaryFolder();
  const log = join(dir, 'calls');
  const real = (await run('sh', ['-c', 'command -v git'])).stdout.trim();
  const text = `#!/bin/sh\necho "$1" >> '${log}'\nexec '${real}' "$@"\n`;
  await writeFile(join(dir, 'git'), text, { mode: 0o755 });
  vi.stubEnv('PATH', `${dir}:${process.env['PATH']}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  await writeFile(log, '');
  return async () => {
    const calls = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
    await writeFile(log, '');
    return calls;
  };
}

/** A namespace of its own name, removed afterwards. */
function ownNamespace(): string {
  const name = `cli-${syncSpec().name}`;
  onTestFinished(async () => {
    const real = await openCluster({ kubeconfig: cluster().kubeconfigPath });
    const namespaces = (await real.resource('v1', 'Namespace'))!;
    const id = { group: '', kind: 'Namespace', namespace: '', name };
    const found = await real.get(namespaces, id);
    if (found !== undefined) await real.remove(namespaces, id, found.metadata.uid ?? '');
    await real.close();
  });
  return name;
}

const config = (name: string) =>
  `windlass: 1\nclusters: { test: {} }\nsyncs:\n  ${name}: { cluster: test, path: app, wait: 2m }\n`;

describeWithCluster('windlass pull and windlass diff', () => {
  it('show, apply, show no difference, and show an edit again', async () => {
    const ns = ownNamespace();
    const { dir, revision, commit } = await repository({
      'windlass.yaml': config(ns),
      'app/ns.yaml': namespace(ns),
      'app/a.yaml': configMap(ns, 'settings', { mode: 'plain' }),
    });
    const options = ['--repo', dir, '--sync', ns, '--kubeconfig', cluster().kubeconfigPath];
    const before = await windlass(['diff', ...options, '--json']);
    expect(before.stderr).toBe('');
    expect(before.code).toBe(1);
    expect(JSON.parse(before.stdout)).toEqual({
      revision,
      objects: [
        { object: `Namespace/${ns}`, action: 'created', reason: 'not there yet' },
        { object: `ConfigMap/${ns}/settings`, action: 'created', reason: 'not there yet' },
      ],
      drift: [],
      left: [],
      errors: [],
      notices: [],
      approvals: [],
      health: [],
    });
    const pulled = await windlass(['pull', ...options, '--json']);
    expect(pulled).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(pulled.stdout)).toMatchObject({
      revision,
      errors: [],
      health: [{ status: 'Current' }, { status: 'Current' }],
    });
    expect(await windlass(['diff', ...options])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no difference'),
    });

    const next = await commit({ 'app/a.yaml': configMap(ns, 'settings', { mode: 'fancy' }) });
    const changed = await windlass(['diff', ...options]);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain(`configured  ConfigMap/${ns}/settings  changed in Git`);
    expect(changed.stdout).toContain('data.mode: "plain" -> "fancy"');
    expect(changed.stdout).toContain(next.slice(0, 12));
    const rehearsal = await windlass(['pull', ...options, '--dry-run', '--json']);
    expect(rehearsal.code).toBe(0);
    expect(JSON.parse(rehearsal.stdout).objects).toContainEqual({
      object: `ConfigMap/${ns}/settings`,
      action: 'configured',
      reason: 'changed in Git',
    });
    expect((await windlass(['diff', ...options])).code).toBe(1);
  });

  it('ask the remote repository once, and fetch and check out nothing where the head was rendered before', async () => {
    const ns = ownNamespace();
    const maps = Array.from({ length: 20 }, (_, index) => [`app/${index}.yaml`, configMap(ns, `map-${index}`, {})]);
    const { dir, commit } = await repository({
      ...{ 'windlass.yaml': config(ns), 'app/ns.yaml': namespace(ns) },
      ...Object.fromEntries(maps),
    });
    const options = ['--repo', dir, '--sync', ns, '--kubeconfig', cluster().kubeconfigPath];
    const git = await spiedGit();
    const dear = ['ls-remote', 'fetch', 'checkout-index'];
    const dearCalls = async () => (await git()).filter((call) => dear.includes(call));
    expect((await windlass(['pull', ...options])).code).toBe(0);
    expect(await dearCalls()).toEqual(dear);
    // Nothing is checked out for what was rendered before.
    expect((await windlass(['pull', ...options])).code).toBe(0);
    expect(await dearCalls()).toEqual(['ls-remote']);
    await commit({ 'app/a.yaml': configMap(ns, 'a', {}) });
    await git();
    expect((await windlass(['pull', ...options, '--branch', 'trunk'])).code).toBe(0);
    expect((await git()).filter((call) => call === 'ls-remote')).toHaveLength(1);
  });

  it('stops waiting when there is a newer head, and says so', async () => {
    const ns = ownNamespace();
    const stuck = deployment(ns, 'web', 'web:1.0.0').replace(
      'containers:',
      'nodeSelector: { nowhere: "true" }\n      containers:',
    );
    const files = { 'windlass.yaml': config(ns), 'app/ns.yaml': namespace(ns), 'app/web.yaml': stuck };
    const { dir, commit } = await repository(files);
    const options = ['--repo', dir, '--sync', ns, '--kubeconfig', cluster().kubeconfigPath];
    const pulling = windlass(['pull', ...options]);
    const real = await openCluster({ kubeconfig: cluster().kubeconfigPath });
    onTestFinished(() => real.close());
    const deployments = (await real.resource('apps/v1', 'Deployment'))!;
    await until('it is applied', async () => (await real.list(deployments, undefined, ns)).length > 0);
    await commit({ 'app/web.yaml': deployment(ns, 'web', 'web:1.0.0') });
    const ended = await pulling;
    expect(ended.code).toBe(3);
    expect(ended.stdout).toContain('note there is a newer head than');
    expect(ended.stdout).toContain(': progressing');
    expect((await windlass(['pull', ...options])).code).toBe(0);
  });

  it('take the commit that counts, not the files as they are', async () => {
    const ns = ownNamespace();
    const { dir, revision } = await repository({ 'windlass.yaml': config(ns), 'app/ns.yaml': namespace(ns) });
    await writeFile(join(dir, 'app', 'uncommitted.yaml'), configMap(ns, 'uncommitted', {}));
    const { stdout } = await windlass([
      'diff',
      '--repo',
      dir,
      '--sync',
      ns,
      '--kubeconfig',
      cluster().kubeconfigPath,
      '--json',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ revision, objects: [{ object: `Namespace/${ns}` }] });
  });

  it('tell what is wrong: no such sync, no windlass.yaml, no kubeconfig, no repository, bad manifests', async () => {
    const ns = ownNamespace();
    const { dir, commit } = await repository({ 'windlass.yaml': config(ns), 'app/ns.yaml': namespace(ns) });
    const kubeconfig = ['--kubeconfig', cluster().kubeconfigPath];
    const misspelt = await windlass(['pull', '--repo', dir, '--sync', `${ns}x`, ...kubeconfig]);
    expect(misspelt).toMatchObject({ code: 2, stderr: expect.stringContaining(`did you mean "${ns}"?`) });
    const nowhere = await windlass(['pull', '--repo', dir, '--sync', ns], { env: {} });
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('--kubeconfig') });
    const missing = await windlass(['pull', '--repo', dir, '--sync', ns, '--kubeconfig', '/nowhere/config']);
    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('/nowhere/config: there is no such kubeconfig'),
    });
    const plain = await temporaryFolder();
    expect(await windlass(['pull', '--repo', plain, '--sync', ns, ...kubeconfig])).toMatchObject({ code: 2 });
    const bare = await windlass(['diff', '--repo', plain, '--sync', ns, ...kubeconfig]);
    expect(bare).toMatchObject({ code: 2, stderr: expect.stringContaining('windlass.yaml') });
    await commit({ 'app/bad.yaml': 'kind: ConfigMap\n  name: x\n' });
    const bad = await windlass(['pull', '--repo', dir, '--sync', ns, ...kubeconfig]);
    expect(bad.code).toBe(2);
    expect(bad.stdout).toContain('app/bad.yaml:2');
    expect(bad.stdout).not.toContain('    at ');
  });

  it('give the file that approves a prune after a force push, and prune when it is committed', async () => {
    const ns = ownNamespace();
    const first = {
      'windlass.yaml': config(ns),
      'app/ns.yaml': namespace(ns),
      'app/old.yaml': configMap(ns, 'old', {}),
    };
    const { dir, commit, revision } = await repository(first);
    const options = ['--repo', dir, '--sync', ns, '--kubeconfig', cluster().kubeconfigPath];
    expect((await windlass(['pull', ...options])).code).toBe(0);
    await run('git', ['-C', dir, 'checkout', '--quiet', '--orphan', 'anew']);
    await rm(join(dir, 'app', 'old.yaml'));
    const rewritten = await commit({ 'app/new.yaml': configMap(ns, 'new', {}) });
    await run('git', ['-C', dir, 'branch', '--force', '--move', 'anew', 'trunk']);

    const looked = await windlass(['diff', ...options]);
    expect(looked.code).toBe(1);
    expect(looked.stdout).toContain(
      `${ns} had ${revision.slice(0, 12)}, which ${rewritten.slice(0, 12)} does not descend from`,
    );
    const pulled = await windlass(['pull', ...options, '--json']);
    const said = JSON.parse(pulled.stdout);
    expect([pulled.code, said.errors]).toEqual([0, []]);
    expect(said.objects).toContainEqual(expect.objectContaining({ object: `ConfigMap/${ns}/old`, action: 'skipped' }));
    expect(said.objects).toContainEqual(expect.objectContaining({ object: `ConfigMap/${ns}/new`, action: 'created' }));
    const [{ path, content }] = said.approvals;
    for (const line of content.trimEnd().split('\n')) expect(looked.stdout).toContain(`    ${line}`);

    // As it is printed it approves nothing: somebody has to say who and why.
    await commit({ [path]: content });
    const unfilled = JSON.parse((await windlass(['pull', ...options, '--json'])).stdout);
    expect(unfilled.notices.map(({ file }: { file?: string }) => file)).toContain(path);
    expect(unfilled.objects).toContainEqual(expect.objectContaining({ action: 'skipped' }));
    await commit({ [path]: content.replace('who:', 'who: ada').replace('why:', 'why: the new history is meant') });
    const done = JSON.parse((await windlass(['pull', ...options, '--json'])).stdout);
    expect(done.objects).toContainEqual({
      object: `ConfigMap/${ns}/old`,
      action: 'pruned',
      reason: `left Git; approved by ada (${path})`,
    });
    expect(done.notices).toEqual([]);
  });

  it('exit with 3, and name the server, when the cluster cannot be reached', async () => {
    const ns = syncSpec().name;
    const { dir } = await repository({ 'windlass.yaml': config(ns), 'app/ns.yaml': namespace(ns) });
    const plane = await privateControlPlane();
    await plane.stop();
    const gone = await windlass(['pull', '--repo', dir, '--sync', ns, '--kubeconfig', plane.kubeconfigPath]);
    expect(gone.code).toBe(3);
    expect(gone.stdout).toContain(`${plane.server} cannot be reached`);
  });

  it('bring the whole example to health, and find nothing to do afterwards', async () => {
    const dir = await temporaryFolder();
    await cp('examples/shop', dir, { recursive: true });
    const plane = await privateControlPlane({ controllers: true });
    for (const args of [
      ['init', '--quiet', '--initial-branch', 'main'],
      ['add', '--all'],
      ['-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '--quiet', '-m', 'shop'],
    ])
      await run('git', ['-C', dir, ...args]);
    for (const sync of ['infra', 'shop-staging', 'shop-prod']) {
      const options = ['--repo', dir, '--sync', sync, '--kubeconfig', plane.kubeconfigPath];
      const pulled = await windlass(['pull', ...options, '--json']);
      expect({ sync, ...JSON.parse(pulled.stdout), code: pulled.code }).toMatchObject({ sync, errors: [], code: 0 });
      const again = await windlass(['diff', ...options]);
      expect(`${again.code} ${again.stdout}`).toMatch(/^0 .*no difference/);
    }
  });

  it('of a suspended sync say who suspended it, until when and why, and that a pull does nothing', async () => {
    const ns = ownNamespace();
    const { dir, commit } = await repository({ 'windlass.yaml': config(ns), 'app/ns.yaml': namespace(ns) });
    const options = ['--repo', dir, '--sync', ns, '--kubeconfig', cluster().kubeconfigPath];
    expect((await windlass(['pull', ...options])).code).toBe(0);
    await commit({
      'app/a.yaml': configMap(ns, 'settings', { mode: 'plain' }),
      'suspends/all.sale.yaml': 'all: syncs\nwho: ada@acme.example\nwhy: the sale runs\nuntil: 2999-01-31\n',
    });
    const message = `sync ${ns} is suspended by ada@acme.example until 2999-01-31: the sale runs`;
    for (const command of [['diff'], ['pull', '--dry-run'], ['drift']]) {
      const asked = await windlass([...command, ...options]);
      expect(asked.stdout).toContain(`note ${message}\n  = a pull does nothing while it is suspended`);
      expect(asked.stdout).not.toContain('the next pull applies it');
      const { notices } = JSON.parse((await windlass([...command, ...options, '--json'])).stdout);
      expect(notices).toMatchObject([{ code: 'suspended', message }]);
    }
    const pulled = await windlass(['pull', ...options]);
    expect(pulled.code).toBe(2);
    expect(pulled.stdout).toMatch(`suspended ${message}\n${ns} at `);
    expect(pulled.stdout).toContain(': suspended, nothing was done\n');
    expect(pulled.stdout).not.toMatch(/error|failed/);
  });

  it('name the fields that drifted, who changed them and when, and what a pull removes', async () => {
    const ns = ownNamespace();
    const { dir } = await repository({
      'windlass.yaml': config(ns),
      'app/ns.yaml': namespace(ns),
      'app/a.yaml': configMap(ns, 'settings', { mode: 'plain' }),
      'app/s.yaml': `apiVersion: v1\nkind: Secret\nmetadata: { name: key, namespace: ${ns} }\nstringData: { key: from-git }\n`,
    });
    const options = ['--repo', dir, '--sync', ns, '--kubeconfig', cluster().kubeconfigPath];
    expect((await windlass(['pull', ...options])).code).toBe(0);
    const kubectl = (await findKubectl({ env: process.env })).path;
    const patch = (object: string, change: unknown) =>
      run(kubectl, [
        ...['--kubeconfig', cluster().kubeconfigPath, '-n', ns, 'patch', object, '--type=merge'],
        ...['--field-manager=kubectl-edit', '-p', JSON.stringify(change)],
      ]);
    await patch('configmap/settings', { data: { mode: 'hand', extra: '1' }, metadata: { labels: { team: 'x' } } });
    await patch('secret/key', { stringData: { key: 'by-hand', more: 'by-hand' } });
    const by = /\(kubectl-edit, Update, \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/.source;
    const lines = [
      new RegExp(`\n    data\\.mode: "hand" -> "plain" ${by}`),
      new RegExp(`\n    data\\.extra: - "1" ${by}, added\\)`),
      new RegExp(`\n    metadata\\.labels\\.team: - "x" ${by}, added\\)`),
    ];
    const diff = await windlass(['diff', ...options]);
    const json = await windlass(['diff', ...options, '--json']);
    expect(JSON.parse(json.stdout).drift).toMatchObject([
      {
        object: `ConfigMap/${ns}/settings`,
        state: 'changed',
        fields: [
          { path: 'data.extra', live: '1', manager: 'kubectl-edit', time: expect.any(String), note: 'added' },
          { path: 'data.mode', live: 'hand', git: 'plain', manager: 'kubectl-edit', time: expect.any(String) },
          { path: 'metadata.labels.team', live: 'x', manager: 'kubectl-edit', note: 'added' },
        ],
      },
      { object: `Secret/${ns}/key`, state: 'changed' },
    ]);
    const pulled = await windlass(['pull', ...options]);
    for (const line of lines) {
      expect(diff.stdout).toMatch(line);
      expect(pulled.stdout).toMatch(line);
    }
    for (const { stdout } of [diff, json, pulled]) {
      expect(stdout).toContain('data.key');
      expect(stdout).not.toMatch(/from-git|by-hand|YnktaGFuZA|ZnJvbS1naXQ/);
    }
    const { ConfigMap: live } = JSON.parse(
      `{"ConfigMap":${(await run(kubectl, ['--kubeconfig', cluster().kubeconfigPath, '-n', ns, 'get', 'configmap/settings', '-o', 'json'])).stdout}}`,
    );
    expect(live.data).toEqual({ mode: 'plain' });
    expect(live.metadata.labels).not.toHaveProperty('team');
  });

  it('say in a note what the sync depends on and is not applied at this head, or not healthy, and go on', async () => {
    const [ns, base] = [ownNamespace(), ownNamespace()];
    const yaml = `windlass: 1\nclusters: { test: {} }\nsyncs:\n  ${base}: { cluster: test, path: base, wait: 1s }\n  ${ns}: { cluster: test, path: app, dependsOn: [${base}] }\n`;
    const { dir, commit, revision } = await repository({
      'windlass.yaml': yaml,
      'app/ns.yaml': namespace(ns),
      'base/ns.yaml': namespace(base),
    });
    const common = ['--repo', dir, '--kubeconfig', cluster().kubeconfigPath];
    const notices = async (command: string) =>
      JSON.parse((await windlass([command, ...common, '--sync', ns, '--json'])).stdout).notices;
    const note = (state: string) => [
      {
        code: 'dependency',
        message: `it depends on ${base}, ${state}`,
        hint: 'the puller waits for it; this command does not',
      },
    ];
    expect(await notices('diff')).toEqual(note('which was never pulled in this cluster'));
    const pulled = await windlass(['pull', ...common, '--sync', ns]);
    expect(pulled).toMatchObject({ code: 0, stderr: '' });
    expect(pulled.stdout).toContain(`note it depends on ${base}, which was never pulled in this cluster`);
    expect((await windlass(['pull', ...common, '--sync', base])).code).toBe(0);
    expect(await notices('pull')).toEqual([]);
    const head = await commit({ 'base/web.yaml': deployment(base, 'web', 'web:1.0.0-broken') });
    const states = `which is applied at ${revision.slice(0, 12)} and not at ${head.slice(0, 12)}`;
    expect(await notices('diff')).toEqual(note(states));
    expect((await windlass(['pull', ...common, '--sync', base])).code).toBe(3);
    expect(await notices('diff')).toEqual(
      note(`which was not healthy when it was pulled last: apps/Deployment/${base}/web`),
    );
  });

  it('say how many files of the directory are not committed, and so do not count', async () => {
    const ns = ownNamespace();
    const { dir } = await repository({
      'windlass.yaml': config(ns),
      'app/ns.yaml': namespace(ns),
      '.gitignore': 'tmp\n',
    });
    const diff = () =>
      windlass(['diff', '--repo', dir, '--sync', ns, '--kubeconfig', cluster().kubeconfigPath, '--json']);
    await writeFile(join(dir, 'tmp'), 'ignored');
    expect((await diff()).stderr).toBe('');
    await writeFile(join(dir, 'app', 'new.yaml'), configMap(ns, 'new', { mode: 'plain' }));
    expect((await diff()).stderr).toBe('note: 1 file is not committed and does not count\n');
    await writeFile(join(dir, 'app', 'ns.yaml'), `# changed\n${namespace(ns)}`);
    const { stderr, stdout } = await diff();
    expect(stderr).toBe('note: 2 files are not committed and do not count\n');
    expect(JSON.parse(stdout).objects).toHaveLength(1);
  });
});
