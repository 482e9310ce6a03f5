import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { bundlePuller } from '../../images/puller/bundle.ts';
import { findHelm } from '../../lib/adapters/renderers/helm-program.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { describeWithCluster, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { imageParts, readDockerfile } from '../helpers/dockerfile.ts';
import { windlass } from '../helpers/io.ts';
import { describeWithNamespaces, type PodSpec, startPod } from '../helpers/pod.ts';
import type { RunningPuller } from '../helpers/puller.ts';
import { listeningSockets } from '../helpers/sockets.ts';
import { configMap } from '../pull/manifests.ts';
import { makeSshKey, serveGitBySsh } from '../standins/git-ssh.ts';
import { type InstallWorld, image as imageName, installWorld, kubectl } from './install-world.ts';

const files = {
  'windlass.yaml': [
    'windlass: 1',
    'clusters: { test: {} }',
    'syncs:',
    '  shop: { cluster: test, path: shop }',
    '  web: { cluster: test, path: web, helm: { namespace: web, values: [web/values.yaml] } }',
    '',
  ].join('\n'),
  'shop/kustomization.yaml': 'namePrefix: my-\nresources: [settings.yaml]\n',
  'shop/settings.yaml': configMap('shop', 'settings', { mode: 'one' }),
  'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'web/values.yaml': 'colour: red\n',
  'web/templates/settings.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { colour: {{ .Values.colour | quote }} }\n',
};

const system = ['-n', 'windlass-system'];
let bundle = '';
beforeAll(async () => {
  bundle = join(await mkdtemp(join(tmpdir(), 'windlass-test-')), 'bundle');
  await bundlePuller(bundle);
});
afterAll(() => rm(join(bundle, '..'), { recursive: true, force: true }));

/** A cluster with the puller installed, whose config repo is reached by ssh with the key of its Secret. */
async function installedWorld(mode: 'cron' | 'watch') {
  const world = await installWorld(files);
  const key = makeSshKey();
  const root = await temporaryFolder();
  await symlink(join(world.dir, '.git'), join(root, 'config.git'));
  const server = await serveGitBySsh({ root, key });
  onTestFinished(() => server.close());
  const at = ['--repo', world.dir, '--url', server.url, '--kubeconfig', world.kubeconfig];
  const installed = await windlass(['install', ...at, '--image', imageName, '--mode', mode, '--yes']);
  expect(installed.code, installed.stderr).toBe(0);
  const secret = [`--from-literal=ssh-privatekey=${key.private}\n`, `--from-literal=known_hosts=${server.knownHost}\n`];
  kubectl(world, ['create', 'secret', 'generic', 'windlass-git', ...system, ...secret]);
  return { world, server };
}

/** Does for the installed puller what a kubelet does, in a container of its image. */
async function startInstalled(world: InstallWorld, command?: string[]): Promise<RunningPuller> {
  const json = (...args: string[]) => JSON.parse(kubectl(world, [...args, ...system, '-o', 'json']));
  const workloads = json('get', 'cronjobs,deployments').items;
  expect(workloads).toHaveLength(1);
  const { spec: workload } = workloads[0];
  const spec: PodSpec = (workload.jobTemplate?.spec ?? workload).template.spec;
  const decoded = Object.entries<string>(json('get', 'secret', 'windlass-git').data).map(
    ([name, value]) => [name, Buffer.from(value, 'base64').toString()] as const,
  );
  const { clusters } = JSON.parse(kubectl(world, ['config', 'view', '--raw', '-o', 'json']));
  const server = new URL(clusters[0].cluster.server);
  return await startPod({
    spec,
    image: imageParts(readDockerfile(await readFile('images/puller/Dockerfile', 'utf8'))),
    sources: {
      bundle,
      'kubectl:/kubectl': (await findKubectl({ env: process.env })).path,
      'helm:/helm': (await findHelm({ env: process.env })).path,
    },
    volumes: {
      account: {
        token: kubectl(world, ['create', 'token', 'windlass-puller', ...system]),
        'ca.crt': json('get', 'configmap', 'kube-root-ca.crt').data['ca.crt'],
        namespace: 'windlass-system',
      },
      git: Object.fromEntries(decoded),
    },
    env: { KUBERNETES_SERVICE_HOST: server.hostname, KUBERNETES_SERVICE_PORT: server.port },
    ...(command !== undefined && { command }),
  });
}

/** What the two syncs have made. */
async function made(world: InstallWorld): Promise<unknown[]> {
  const objects = await Promise.all([world.live('ConfigMap/shop/my-settings'), world.live('ConfigMap/web/settings')]);
  return objects.map((object) => object?.['data']);
}

/** Looks what a puller listens on, until it ends. */
async function listenedOn({ child }: RunningPuller): Promise<{ looks: number; sockets: string[] }> {
  const sockets: string[] = [];
  let looks = 0;
  for (; child.exitCode === null && child.signalCode === null; looks++) {
    sockets.push(...(await listeningSockets(child.pid!)));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { looks, sockets };
}

await describeWithNamespaces('the image of the puller', () => {
  describeWithCluster('on a cluster', () => {
    it('applies a kustomization and a chart in one cron round, from an empty machine, and listens on nothing', async () => {
      const { world, server } = await installedWorld('cron');
      const puller = await startInstalled(world);
      const [{ looks, sockets }, code] = await Promise.all([listenedOn(puller), puller.ended()]);
      expect(code, puller.output()).toBe(0);
      expect(puller.lines().filter(({ sync }) => sync !== undefined)).toMatchObject([
        { sync: 'shop', result: 'synced', counts: { created: 1 } },
        { sync: 'web', result: 'synced', counts: { created: 1 } },
      ]);
      expect(await made(world)).toEqual([{ mode: 'one' }, { colour: 'red' }]);
      expect(server.tried).toContain('publickey');
      expect(looks).toBeGreaterThan(3);
      expect(sockets).toEqual([]);
      // What it wrote is gone with its pod: the next one finds all as it is.
      const next = await startInstalled(world);
      expect(await next.ended(), next.output()).toBe(0);
      expect(next.lines().filter(({ sync }) => sync !== undefined)).toMatchObject([
        { sync: 'shop', counts: { created: 0, configured: 0, unchanged: 1 } },
        { sync: 'web', counts: { created: 0, configured: 0, unchanged: 1 } },
      ]);
    });

    it('stays in watch mode, applies a commit, listens on nothing, and ends at SIGTERM', async () => {
      const { world } = await installedWorld('watch');
      const puller = await startInstalled(world);
      const listened = listenedOn(puller);
      await puller.line('first pull', ({ sync, result }) => sync === 'web' && result === 'synced');
      const revision = await world.commit({ 'web/values.yaml': 'colour: blue\n' });
      await puller.line('second pull', (line) => line.sync === 'web' && line.revision === revision);
      await waitFor(async () => JSON.stringify(await made(world)).includes('blue'), { what: 'the commit is live' });
      puller.child.kill('SIGTERM');
      expect(await puller.ended(), puller.output()).toBe(0);
      const { looks, sockets } = await listened;
      expect(looks).toBeGreaterThan(3);
      expect(sockets).toEqual([]);
    });

    it('has a user without rights, a root that is read-only, and nothing of the machine that built it', async () => {
      const { world } = await installedWorld('cron');
      const probe = `
        const { existsSync, readFileSync, writeFileSync } = require('node:fs');
        const canWrite = (place) => { try { writeFileSync(place + '/probe', ''); return true; } catch (error) { return error.code; } };
        const places = ['/', '/app', '/etc', '/usr', '/usr/local/bin', '/etc/windlass/git', '/tmp', '/var/lib/windlass'];
        console.log(JSON.stringify({
          user: [process.getuid(), process.getgid()],
          rights: /CapEff:\\s*(\\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1],
          writable: Object.fromEntries(places.map((place) => [place, canWrite(place)])),
          here: ${JSON.stringify([process.cwd(), process.env['HOME'], bundle])}.filter((place) => place && existsSync(place)),
        }));`;
      const puller = await startInstalled(world, ['node', '-e', probe]);
      expect(await puller.ended(), puller.output()).toBe(0);
      const writable = { '/': 'EROFS', '/app': 'EROFS', '/etc': 'EROFS', '/usr': 'EROFS', '/usr/local/bin': 'EROFS' };
      expect(JSON.parse(puller.output())).toEqual({
        user: [65532, 65532],
        rights: '0000000000000000',
        writable: { ...writable, '/etc/windlass/git': 'EROFS', '/tmp': true, '/var/lib/windlass': true },
        here: [],
      });
    });
  });
});

it.runIf(process.platform === 'linux')('would see a socket that listens', async () => {
  const before = await listeningSockets(process.pid);
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  expect(await listeningSockets(process.pid)).toHaveLength(before.length + 1);
});
