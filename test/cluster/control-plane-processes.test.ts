import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { expect, it, onTestFinished } from 'vitest';
import { acquireBinaries } from '../../lib/adapters/local/control-plane/binaries.ts';
import type { UnexpectedExit } from '../../lib/adapters/local/control-plane/child.ts';
import { identify, isAlive, type ProcessIdentity } from '../../lib/adapters/local/control-plane/process-identity.ts';
import type { RunProcess } from '../../lib/adapters/local/control-plane/run-file.ts';
import { describeWithCluster, privateControlPlane, temporaryFolder, waitFor } from '../helpers/cluster.ts';

describeWithCluster('the processes of a control plane', () => {
  it('go on from the stored state at a second start, with the same address, identities and kubeconfig', async () => {
    const dir = await temporaryFolder();
    const first = await privateControlPlane({ dir, ephemeral: false });
    const ada = first.addUser({ name: 'ada', groups: ['system:masters'] });
    await api(first.kubeconfigPath).createNamespace({ body: { metadata: { name: 'kept' } } });
    await first.stop();
    const second = await privateControlPlane({ dir, ephemeral: false });
    expect(second.server).toBe(first.server);
    expect(second.kubeconfigPath).toBe(first.kubeconfigPath);
    const config = new KubeConfig();
    config.loadFromString(ada);
    const namespace = await config.makeApiClient(CoreV1Api).readNamespace({ name: 'kept' });
    expect(namespace.status?.phase).toBe('Active');
  });

  it('take other ports when theirs were taken meanwhile, and the kubeconfig says so', async () => {
    const dir = await temporaryFolder();
    const first = await privateControlPlane({ dir });
    await api(first.kubeconfigPath).createNamespace({ body: { metadata: { name: 'kept' } } });
    await first.stop();
    const ports: Record<string, number> = JSON.parse(await readFile(join(dir, 'ports.json'), 'utf8'));
    expect(ports.apiServer).toBe(Number(new URL(first.server).port));
    for (const port of Object.values(ports)) {
      const stranger = createServer().listen(port, '127.0.0.1');
      onTestFinished(() => void stranger.close());
    }
    const second = await privateControlPlane({ dir });
    expect(second.server).not.toBe(first.server);
    expect((await api(second.kubeconfigPath).readNamespace({ name: 'kept' })).status?.phase).toBe('Active');
  });

  it('go on with the roll-outs after a restart of the whole control plane', async () => {
    const dir = await temporaryFolder();
    const first = await privateControlPlane({ dir, controllers: true });
    await rollOut(first.kubeconfigPath, 1);
    await first.stop();
    const second = await privateControlPlane({ dir, controllers: true });
    await rollOut(second.kubeconfigPath, 3);
  });

  it('come up where the store does not answer for a while in the middle of the start', async () => {
    const dir = await temporaryFolder();
    let stopped: Promise<void> | undefined;
    const stopStore = async () => {
      const { processes } = JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as { processes: RunProcess[] };
      const { pid } = processes.find(({ name }) => name === 'etcd')!;
      process.kill(pid, 'SIGSTOP');
      // Longer than any call of the start waits for an answer.
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      process.kill(pid, 'SIGCONT');
    };
    const plane = await privateControlPlane({
      ...{ dir, controllers: true },
      onProgress: ({ message }) => {
        if (message.startsWith('starting the controllers')) stopped ??= stopStore();
      },
    });
    expect(stopped).toBeDefined();
    await stopped;
    await rollOut(plane.kubeconfigPath, 1);
  });

  it('are not started twice in one folder', async () => {
    const dir = await temporaryFolder();
    const first = await privateControlPlane({ dir });
    await expect(privateControlPlane({ dir })).rejects.toMatchObject({
      code: 'control-plane-running',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    expect((await api(first.kubeconfigPath).listNamespace()).items.length).toBeGreaterThan(0);
  });

  it('end by themselves when their parent is killed', async () => {
    const { parent, processes } = await startInAnotherProcess(await temporaryFolder());
    expect(processes.map((each) => each.name)).toEqual(['etcd', 'kube-apiserver', 'guard']);
    parent.kill('SIGKILL');
    await waitFor(() => processes.every((each) => !isAlive(each)), { what: 'the end of the orphans' });
  });

  it('end with their parent at its plain exit and at SIGTERM', async () => {
    for (const how of ['SIGTERM', 'exit'] as const) {
      const { parent, processes } = await startInAnotherProcess(await temporaryFolder());
      if (how === 'exit') parent.stdin!.end();
      else parent.kill(how);
      await waitFor(() => processes.every((each) => !isAlive(each)), { what: `the end of the processes after ${how}` });
    }
  });

  it('are ended by the next start where nobody could end them before, and strangers are spared', async () => {
    const dir = await temporaryFolder();
    const { parent, processes } = await startInAnotherProcess(dir);
    process.kill(processes.find((each) => each.name === 'guard')!.pid, 'SIGKILL');
    parent.kill('SIGKILL');
    const stranger = sleeper();
    await addToRunFile(dir, { ...identify(stranger.pid!)!, name: 'a stranger with our pid' });
    await waitFor(() => !parent.pid || identify(parent.pid) === undefined, { what: 'the end of the parent' });
    const left = () => processes.filter(isAlive).map((each) => each.name);
    await waitFor(() => !left().includes('guard'), { what: 'the end of the guard' });
    expect(left()).toEqual(['etcd', 'kube-apiserver']);
    const messages: string[] = [];
    const next = await privateControlPlane({ dir, onProgress: ({ message }) => messages.push(message) });
    expect(messages).toContain('ended what a killed run had left: etcd, kube-apiserver');
    expect(processes.filter(isAlive)).toEqual([]);
    expect(identify(stranger.pid!)).toBeDefined();
    expect((await api(next.kubeconfigPath).listNamespace()).items.length).toBeGreaterThan(0);
  });

  it('are told when one dies unasked, and not when it is stopped', async () => {
    const controlPlane = await privateControlPlane();
    const exits: UnexpectedExit[] = [];
    controlPlane.onExit((exit) => exits.push(exit));
    await controlPlane.restartApiServer();
    expect(exits).toEqual([]);
    process.kill(controlPlane.processes.find((each) => each.name === 'etcd')!.pid, 'SIGKILL');
    await waitFor(() => exits.length > 0, { what: 'the message of the death' });
    expect(exits[0]).toMatchObject({ name: 'etcd', how: 'signal SIGKILL' });
  });

  it('are started again when a client of the API server dies, some times', async () => {
    const controlPlane = await privateControlPlane({ controllers: true });
    const exits: UnexpectedExit[] = [];
    controlPlane.onExit((exit) => exits.push(exit));
    const kwok = () => controlPlane.processes.find(({ name }) => name === 'kwok')!.pid;
    for (let times = 0; times < 5; times++) {
      const before = kwok();
      process.kill(before, 'SIGKILL');
      await waitFor(() => kwok() !== before, { what: 'another kwok' });
    }
    const client = api(controlPlane.kubeconfigPath);
    const spec = { nodeName: 'node-1', containers: [{ name: 'web', image: 'web:1' }] };
    await client.createNamespacedPod({ namespace: 'default', body: { metadata: { name: 'web' }, spec } });
    const phase = async () => (await client.readNamespacedPod({ name: 'web', namespace: 'default' })).status?.phase;
    await waitFor(async () => (await phase()) === 'Running', { what: 'a pod that runs' });
    expect(exits).toEqual([]);
    process.kill(kwok(), 'SIGKILL');
    await waitFor(() => exits.length > 0, { what: 'the message of the death' });
    expect(exits[0]).toMatchObject({ name: 'kwok', how: 'signal SIGKILL' });
  });

  it('come back at the same address after the API server crashed', async () => {
    const controlPlane = await privateControlPlane();
    const client = api(controlPlane.kubeconfigPath);
    await client.createNamespace({ body: { metadata: { name: 'before' } } });
    const restarted = controlPlane.restartApiServer({ kill: true, downMs: 500 });
    await waitFor(
      () =>
        client.listNamespace().then(
          () => false,
          () => true,
        ),
      { what: 'a refused call' },
    );
    await restarted;
    expect((await client.readNamespace({ name: 'before' })).metadata?.name).toBe('before');
  });

  it('leave nothing behind, and show the end of the log, when one does not come up', async () => {
    const dir = await temporaryFolder();
    const start = privateControlPlane({ dir, apiServerFlags: { 'no-such-flag': 'x' } });
    await expect(start).rejects.toMatchObject({
      code: 'control-plane-failed',
      message: expect.stringMatching(/^kube-apiserver ended with exit code 1[\s\S]*unknown flag: --no-such-flag/),
    });
    const next = await privateControlPlane({ dir });
    expect(next.processes.map((each) => each.name)).toEqual(['etcd', 'kube-apiserver']);
  });

  it('make anew what a start that was cut off before its end left in the store, and never touch one that was used', async () => {
    const dir = await temporaryFolder();
    const abort = new AbortController();
    const cutOff = privateControlPlane({ dir, ephemeral: false, signal: abort.signal });
    await waitFor(() => existsSync(join(dir, 'etcd')), { what: 'the folder of etcd' });
    abort.abort();
    await expect(cutOff).rejects.toMatchObject({ name: 'AbortError' });
    // What etcd sometimes leaves, and cannot start from.
    const wal = join(dir, 'etcd', 'member', 'wal');
    await rm(wal, { recursive: true, force: true });
    await mkdir(wal, { recursive: true, mode: 0o700 });
    await writeFile(join(wal, '0000000000000000-0000000000000000.wal'), 'cut off');
    const next = await privateControlPlane({ dir, ephemeral: false });
    await api(next.kubeconfigPath).createNamespace({ body: { metadata: { name: 'kept' } } });
    expect(existsSync(join(dir, 'etcd.unused'))).toBe(false);
    await next.stop();

    const [file = ''] = (await readdir(wal)).filter((name) => name.endsWith('.wal'));
    const whole = await readFile(join(wal, file));
    await writeFile(join(wal, file), 'cut off');
    await expect(privateControlPlane({ dir, ephemeral: false })).rejects.toMatchObject({
      code: 'control-plane-failed',
      message: expect.stringMatching(/^etcd ended with/),
    });
    await writeFile(join(wal, file), whole);
    const last = await privateControlPlane({ dir, ephemeral: false });
    expect((await api(last.kubeconfigPath).readNamespace({ name: 'kept' })).status?.phase).toBe('Active');
  });

  it('survive Ctrl-C on the terminal, so that the parent can end them in order', async () => {
    const { parent, processes } = await startInAnotherProcess(await temporaryFolder(), { detached: true });
    // What a terminal does: the signal goes to the whole process group. This parent does not stop for it.
    process.kill(-parent.pid!, 'SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(processes.filter((each) => !isAlive(each))).toEqual([]);
    parent.stdin!.end();
    await waitFor(() => processes.every((each) => !isAlive(each)), { what: 'the end of the processes' });
  });
});

type Named = ProcessIdentity & { name: string };

/** A parent that starts a control plane in `dir` and exits when its standard input ends. */
async function startInAnotherProcess(
  dir: string,
  options: { detached?: boolean } = {},
): Promise<{ parent: ChildProcess; processes: Named[] }> {
  const script = fileURLToPath(new URL('../helpers/control-plane-parent.ts', import.meta.url));
  const binaries = JSON.stringify(await acquireBinaries());
  const parent = spawn(process.execPath, [script, dir, binaries], { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  onTestFinished(() => void parent.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    parent.stdout!.once('data', () => resolve());
    parent.once('exit', (code) =>
      reject(new Error(`the parent ended with ${code} before its control plane was ready`)),
    );
  });
  return { parent, processes: (await readRunFile(dir)).processes };
}

async function readRunFile(dir: string): Promise<{ processes: Named[] }> {
  return JSON.parse(await readFile(join(dir, 'run.json'), 'utf8'));
}

async function addToRunFile(dir: string, entry: Named): Promise<void> {
  const { processes } = await readRunFile(dir);
  await writeFile(join(dir, 'run.json'), JSON.stringify({ processes: [...processes, entry] }));
}

/** Sets the replicas of a Deployment and waits until they are there. */
async function rollOut(kubeconfigPath: string, replicas: number): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const apps = config.makeApiClient(AppsV1Api);
  const labels = { app: 'web' };
  const containers = [{ name: 'web', image: 'shop/web:1' }];
  const body = {
    metadata: { name: 'web' },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
  const at = { namespace: 'default', name: 'web' };
  if (replicas === 1) await apps.createNamespacedDeployment({ ...at, body });
  else await apps.replaceNamespacedDeployment({ ...at, body });
  await waitFor(async () => (await apps.readNamespacedDeployment(at)).status?.availableReplicas === replicas, {
    what: `${replicas} available replicas`,
  });
}

function sleeper(): ChildProcess {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

function api(kubeconfigPath: string): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  return config.makeApiClient(CoreV1Api);
}
