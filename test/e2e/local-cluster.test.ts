import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../helpers/cluster.ts';
import { type ExistingCluster, startExistingCluster } from '../helpers/existing-cluster.ts';
import {
  describeLoop,
  git,
  isSettled,
  type Loop,
  makeDir,
  output,
  processesOf,
  removeDir,
  runWindlass,
  startLoop,
  windlassProgram,
} from '../helpers/loop.ts';
import { hasTerminal, onTerminal } from '../helpers/terminal.ts';
import { checkOutAs } from './local-repos.ts';

const terminal = await hasTerminal();

describeLoop('on a cluster that is there already', () => {
  let dir: string;
  let there: ExistingCluster;

  beforeAll(async () => {
    dir = await makeDir();
    there = await startExistingCluster(join(dir, 'existing'));
  });
  afterAll(async () => {
    await there?.stop();
    await removeDir(dir);
  });

  const local = (...args: string[]) => ['local', '--port', '0', '--kubeconfig', there.kubeconfig, ...args];
  const refused = async (...args: string[]) => {
    const ended = await runWindlass(args, { cwd: dir });
    expect({ code: ended.code, output: output(ended) }).toMatchObject({ code: 2 });
    expect(output(ended)).not.toMatch(/^\s+at |bug:/m);
    return ended;
  };
  const objects = async (namespace: string) =>
    (await there.kubectl('get', 'ns,deploy,svc', '-A', '-o', 'name', `--field-selector=metadata.name=${namespace}`))
      .split('\n')
      .filter((line) => line !== '');

  describe('that was agreed to', () => {
    let repo: string;
    let state: string;
    let loop: Loop;

    beforeAll(async () => {
      repo = await checkOutAs(join(dir, 'agreed'), 'agreed');
      state = join(dir, 'state-agreed');
    });
    afterAll(() => loop?.stop());

    it('first shows what would be done, and does nothing where nobody can be asked', async () => {
      const ended = await refused(...local('--dir', state, '--repo', repo));
      for (const text of ['created  Namespace/agreed', 'created  apps/Deployment/agreed/agreed', '3 created'])
        expect(ended.stdout).toContain(text);
      expect(ended.stderr).toContain(there.plane.server);
      expect(ended.stderr).toContain('makes the namespace windlass-system');
      expect(ended.stderr).toContain('3 created, 0 configured, 0 pruned');
      expect(ended.stderr).toContain('give --yes');
      expect(await objects('agreed')).toEqual([]);
      expect(await objects('windlass-system')).toEqual([]);
    });

    it('applies what Git has to it, with no cluster of its own', async () => {
      loop = await startLoop({
        dir: state,
        args: ['--port', '0', '--kubeconfig', there.kubeconfig, '--repo', repo, '--yes'],
      });
      const now = await loop.until('a healthy deployment', isSettled);
      expect(now.cluster).toEqual({
        kubeconfig: there.kubeconfig,
        server: there.plane.server,
        existing: { context: 'windlass', name: 'main' },
      });
      expect(await objects('agreed')).toHaveLength(3);
      const own = (await processesOf(state)).map(({ command }) => command);
      expect(own.filter((command) => /etcd|kube-apiserver|kwok/.test(command))).toEqual([]);
    });

    it('points its kubectl and the commands there, and a push says where it goes', async () => {
      expect(await loop.kubectl('-n', 'agreed', 'get', 'deploy', '-o', 'name')).toBe('deployment.apps/agreed\n');
      const where = ['--repo', repo, '--sync', 'agreed', '--kubeconfig', there.kubeconfig, '--context', 'windlass'];
      expect(await runWindlass(['drift', ...where])).toMatchObject({ code: 0 });
      const pushed = await runWindlass(['local', 'push', '--dir', state, 'acme/agreed:1.1.0']);
      expect(pushed).toMatchObject({ code: 0 });
      expect(pushed.stdout).toContain(repo);
      expect(pushed.stdout).toContain(`context windlass (${there.plane.server})`);
      await loop.until('1.1.0', (now) => now.commits.length === 2 && isSettled(now));
      expect(await there.kubectl('-n', 'agreed', 'get', 'deploy/agreed', '-o', 'yaml')).toContain('agreed:1.1.0');
    });

    it('undoes a hand edit, and goes on after the cluster was away', async () => {
      await there.kubectl('-n', 'agreed', 'scale', 'deploy/agreed', '--replicas=5');
      const replicas = () => there.kubectl('-n', 'agreed', 'get', 'deploy/agreed', '-o', 'jsonpath={.spec.replicas}');
      await waitFor(async () => (await replicas()) === '2', { what: 'the replicas of Git' });
      await there.plane.restartApiServer({ kill: true, downMs: 3_000 });
      await loop.push('acme/agreed:1.2.0');
      await loop.until('1.2.0', (now) => now.commits.length === 3 && isSettled(now));
    });

    it('leaves the cluster as it is at Ctrl-C, and says so', async () => {
      const ended = await loop.stop('SIGINT');
      expect(ended).toMatchObject({ code: 0 });
      expect(ended.stderr).toContain(`context windlass (${there.plane.server}) stays as it is`);
      expect(await objects('agreed')).toHaveLength(3);
      expect(await processesOf(state)).toEqual([]);
    });

    it('is not asked about again while there is nothing new, and is where there is', async () => {
      const args = ['--port', '0', '--kubeconfig', there.kubeconfig, '--repo', repo];
      loop = await startLoop({ dir: state, args });
      await loop.stop();
      const file = join(repo, 'deploy/web.yaml');
      await writeFile(file, (await readFile(file, 'utf8')).replace('replicas: 2', 'replicas: 3'));
      await git(repo, 'commit', '--quiet', '--all', '-m', 'Three');
      const ended = await refused(...local('--dir', state, '--repo', repo));
      expect(ended.stdout).toContain('spec.replicas: 2 -> 3');
      expect(ended.stderr).toContain('0 created, 1 configured, 0 pruned');
    });

    it('is told of a puller that is installed there', async () => {
      const ended = () => refused(...local('--dir', state, '--repo', repo));
      expect((await ended()).stderr).not.toContain('puller');
      const cronJob = ['cronjob', 'windlass-puller', '--image=example.com/windlass:1', '--schedule=0 0 1 1 *'];
      await there.kubectl('-n', 'windlass-system', 'create', ...cronJob);
      expect((await ended()).stderr).toContain('note: a puller is installed there');
      await there.kubectl('-n', 'windlass-system', 'delete', 'cronjob', 'windlass-puller');
    });

    it('is not mixed with another one in the same directory', async () => {
      const said = await refused('local', '--port', '0', '--dir', state, '--repo', repo);
      expect(said.stderr).toContain(
        `is about context windlass (${there.plane.server}), not about the embedded cluster`,
      );
      await mkdir(join(dir, 'state-embedded', 'cluster'), { recursive: true });
      const other = await refused(...local('--dir', join(dir, 'state-embedded'), '--repo', repo, '--yes'));
      expect(other.stderr).toMatch(/is about the embedded cluster, not about context windlass/);
      const target = JSON.parse(await readFile(join(state, 'target.json'), 'utf8'));
      await writeFile(join(state, 'target.json'), JSON.stringify({ ...target, uid: 'of-another' }));
      const anew = await refused(...local('--dir', state, '--repo', repo, '--yes'));
      expect(anew.stderr).toContain('another one, made anew');
    });
  });

  it('gives it the syncs of one cluster of windlass.yaml alone', async () => {
    const repo = await checkOutAs(join(dir, 'several'), 'several');
    const file = join(repo, 'windlass.yaml');
    const two = (await readFile(file, 'utf8'))
      .replace('clusters:', 'clusters:\n  other: { eks: other, region: eu-west-1 }')
      .replace('syncs:', 'syncs:\n  elsewhere: { cluster: other, path: elsewhere }');
    await writeFile(file, two);
    await mkdir(join(repo, 'elsewhere'));
    const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: elsewhere, namespace: default }\n';
    await writeFile(join(repo, 'elsewhere', 'map.yaml'), map);
    await git(repo, 'add', '--all');
    await git(repo, 'commit', '--quiet', '-m', 'Two clusters');
    const args = ['--dir', join(dir, 'state-several'), '--repo', repo];
    expect((await refused(...local(...args))).stderr).toContain('Give --cluster (it has other, main)');
    expect((await refused(...local(...args, '--cluster', 'othre'))).stderr).toContain('did you mean "other"?');

    const loop = await startLoop({
      dir: join(dir, 'state-several'),
      args: ['--port', '0', '--kubeconfig', there.kubeconfig, '--repo', repo, '--cluster', 'main', '--yes'],
    });
    try {
      const now = await loop.until('the one sync', isSettled);
      expect(now.syncs.map(({ sync }) => sync)).toEqual(['several']);
      expect(await there.kubectl('-n', 'default', 'get', 'cm', '-o', 'name')).not.toContain('elsewhere');
    } finally {
      expect(await loop.stop()).toMatchObject({ code: 0 });
    }
  });

  it.skipIf(!terminal)('asks at a terminal, and takes no and Ctrl-C for an answer', async () => {
    const repo = await checkOutAs(join(dir, 'asked'), 'asked');
    const command = [process.execPath, windlassProgram, ...local('--dir', join(dir, 'state-asked'), '--repo', repo)];
    for (const [typed, code] of [
      ['n\n', 1],
      ['\u0003', 0],
    ] as const) {
      const run = onTerminal(command, { cwd: dir });
      await waitFor(() => run.screen().includes('[y/N]'), { what: 'the question' });
      run.type(typed);
      expect(await run.ended).toBe(code);
      expect(await objects('asked')).toEqual([]);
    }
    const run = onTerminal(command, { cwd: dir });
    await waitFor(() => run.screen().includes('[y/N]'), { what: 'the question' });
    run.type('y\n');
    await waitFor(async () => (await objects('asked')).length === 3, { what: 'the objects' });
    run.type('\u0003');
    expect(await run.ended).toBe(0);
    expect(run.screen()).toContain('stays as it is');
  });

  describe('that cannot be used', () => {
    let repo: string;
    let state: string;
    beforeAll(async () => {
      repo = await checkOutAs(join(dir, 'unusable'), 'unusable');
      state = join(dir, 'state-unusable');
    });
    const args = (...more: string[]) => ['local', '--port', '0', '--dir', state, '--repo', repo, ...more];

    it('says that there is no such context, and which there are', async () => {
      const said = await refused(...args('--kubeconfig', there.kubeconfig, '--context', 'windlas'));
      expect(said.stderr).toContain('there is no context "windlas"');
      expect(said.stderr).toContain('did you mean "windlass"? (it has windlass)');
    });

    it('says that there is no such kubeconfig, or that it is none', async () => {
      expect((await refused(...args('--kubeconfig', 'nowhere'))).stderr).toContain(
        'nowhere: there is no such kubeconfig',
      );
      expect((await refused(...args('--kubeconfig', windlassProgram))).stderr).toContain('has no current context');
    });

    it('finds a context in the files of KUBECONFIG, and takes the cluster from there by the option alone', async () => {
      const env = { KUBECONFIG: `${join(dir, 'missing')}:${there.kubeconfig}` };
      const ended = await runWindlass(args('--context', 'windlass'), { cwd: dir, env });
      expect(ended).toMatchObject({ code: 2 });
      expect(ended.stdout).toContain('created  Namespace/unusable');
    });

    it('says that it does not answer', async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as { port: number };
      await new Promise((done) => server.close(done));
      const text = await readFile(there.kubeconfig, 'utf8');
      const file = join(dir, 'gone.kubeconfig');
      await writeFile(file, text.replaceAll(there.plane.server, `https://127.0.0.1:${port}`));
      const ended = await runWindlass(args('--kubeconfig', file, '--yes'), { cwd: dir });
      expect(ended).toMatchObject({ code: 3 });
      expect(ended.stderr).toContain(`https://127.0.0.1:${port}`);
    });

    it('says which rights are lacking, of its own and of a sync', async () => {
      const file = join(dir, 'ada.kubeconfig');
      await writeFile(file, there.plane.addUser({ name: 'ada' }));
      const said = await refused(...args('--kubeconfig', file, '--yes'));
      expect(said.stderr).toMatch(
        /may not: (?:create, patch namespaces; )?get, list, create, patch, delete configmaps/,
      );

      const rules = ['--verb=*', '--resource=namespaces,configmaps,secrets,leases.coordination.k8s.io'];
      await there.kubectl('create', 'clusterrole', 'half', ...rules);
      await there.kubectl('create', 'clusterrolebinding', 'half', '--clusterrole=half', '--user=ada');
      const half = await refused(...args('--kubeconfig', file, '--yes'));
      expect(output(half)).toContain('forbid');
      expect(half.stderr).toContain('may not do all of this');
      expect(await objects('unusable')).toEqual([]);
    });

    it('needs no option for it where it is the embedded one', async () => {
      expect((await refused(...args('--cluster', 'main'))).stderr).toContain('--cluster is for an existing cluster');
    });
  });
});
