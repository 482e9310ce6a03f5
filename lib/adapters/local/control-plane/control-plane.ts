import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../../model/errors.ts';
import { type ApiClient, apiClient } from './api-client.ts';
import type { ControlPlaneBinaries } from './binaries.ts';
import type { KeyPair } from './certificate.ts';
import type { UnexpectedExit } from './child.ts';
import { choosePorts } from './choose-ports.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { tryLock } from './lock.ts';
import { issueClientCertificate, type Pki, preparePki, type User } from './pki.ts';
import {
  apiServer,
  controllerManager,
  etcd,
  type Flags,
  kubeconfigFile,
  kwok,
  type Layout,
  scheduler,
} from './programs.ts';
import { type OnProgress, ticking } from './progress.ts';
import { endOrphans } from './run-file.ts';
import { awaitedOfControllers, seed } from './seed.ts';
import { Supervisor } from './supervisor.ts';
import { unusedStore } from './unused-store.ts';
import { writeWhole } from './write-whole.ts';

/** What to start, and where. */
export interface StartOptions {
  /** Holds all state and logs; a second start goes on from it, an empty one starts anew. */
  dir: string;
  binaries: ControlPlaneBinaries;
  /** Also starts kube-controller-manager, kube-scheduler, kwok and three play nodes. */
  controllers: boolean;
  /** Nothing of this run is wanted later: quicker, as nothing waits for the disk. Default false. */
  ephemeral?: boolean;
  onProgress?: OnProgress;
  apiServerFlags?: Flags;
  /** How long each part may take to come up. Default 120 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
  now?: () => Date;
}

/** A running control plane. */
export interface ControlPlane {
  dir: string;
  /** The administrator's kubeconfig; its path stays the same over restarts. */
  kubeconfigPath: string;
  /** `https://127.0.0.1:PORT`. */
  server: string;
  caPem: string;
  /** The administrator's client certificate. */
  clientCertPem: string;
  clientKeyPem: string;
  /** A kubeconfig (its text) of a user, who may do what RBAC grants to that name and those groups. */
  addUser(user: User): string;
  readonly processes: readonly { name: string; pid: number }[];
  /** Calls back when a process ends that nobody asked to end. */
  onExit(callback: (exit: UnexpectedExit) => void): void;
  /** Ends the API server (by SIGKILL, as a crash would, when asked), and starts it on the same port. For tests. */
  restartApiServer(options?: { kill?: boolean; downMs?: number }): Promise<void>;
  /** Ends all processes, in order, and waits for their end. */
  stop(): Promise<void>;
}

/**
 * Starts a Kubernetes control plane on 127.0.0.1 and waits until it is ready. Throws UserError `control-plane-running`
 * when one already runs in the folder, `control-plane-failed` with the end of a log when a part does not come up;
 * then nothing is left running. However this process ends, the started processes end with it.
 */
export async function startControlPlane(options: StartOptions): Promise<ControlPlane> {
  await mkdir(join(options.dir, 'logs'), { recursive: true, mode: 0o700 });
  const dir = await realpath(options.dir);
  const held = await tryLock(join(dir, 'lock'));
  if ('holder' in held) throw alreadyRunning(dir, held.holder.pid);
  const runFile = join(dir, 'run.json');
  const supervisor = new Supervisor(dir, runFile, options.timeoutMs ?? 120_000, options.signal);
  const stop = async () => {
    await supervisor.stopAll();
    await held.lock.release();
  };
  try {
    const orphans = await endOrphans(runFile, dir);
    if (orphans.length > 0) tell(options, `ended what a killed run had left: ${orphans.join(', ')}`);
    return await bringUp(dir, options, supervisor, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(
  dir: string,
  options: StartOptions,
  supervisor: Supervisor,
  stop: () => Promise<void>,
): Promise<ControlPlane> {
  const now = options.now ?? (() => new Date());
  const pki = await preparePki(join(dir, 'pki'), now());
  const admin = issueClientCertificate(pki, ADMIN, now());
  const layout = await startServers(dir, options, supervisor, pki, admin);
  const server = `https://127.0.0.1:${layout.ports.apiServer}`;
  const api = apiClient(server, pki.authority.certPem, admin);
  const kubeconfigPath = join(dir, 'kubeconfig');
  try {
    await writeWhole(kubeconfigPath, kubeconfigFor(pki, server, ADMIN, now()));
    if (options.controllers) await startControllers(layout, options, supervisor, api, pki, now());
  } finally {
    api.close();
  }
  return {
    dir,
    kubeconfigPath,
    server,
    caPem: pki.authority.certPem,
    clientCertPem: admin.certPem,
    clientKeyPem: admin.keyPem,
    addUser: (user) => kubeconfigFor(pki, server, user, now()),
    get processes() {
      return supervisor.processes();
    },
    onExit: (callback) => supervisor.onExit(callback),
    restartApiServer: async ({ kill = false, downMs = 0 } = {}) => {
      await supervisor.stopOne('kube-apiserver', kill ? 0 : STOP_GRACE_MS);
      await new Promise((resolve) => setTimeout(resolve, downMs));
      await supervisor.start(apiServer(layout));
      await waitForApiServer(supervisor, server, pki, admin);
    },
    stop,
  };
}

const ADMIN: User = { name: 'windlass-admin', groups: ['system:masters'] };
const STOP_GRACE_MS = 2000;

/** A port can be taken between its choice and its use: then others are chosen. */
async function startServers(
  dir: string,
  options: StartOptions,
  supervisor: Supervisor,
  pki: Pki,
  admin: KeyPair,
): Promise<Layout> {
  for (let attempt = 1; ; attempt++) {
    const layout: Layout = {
      dir,
      binaries: options.binaries,
      ports: await choosePorts(join(dir, 'ports.json'), attempt),
      ephemeral: options.ephemeral ?? false,
      controllers: options.controllers,
      apiServerFlags: options.apiServerFlags ?? {},
    };
    try {
      await ticking(
        (elapsed) => tell(options, `starting etcd and kube-apiserver (${elapsed})`),
        async () => {
          const used = await unusedStore(dir);
          await supervisor.start(etcd(layout));
          // The API server ends when the store does not answer within 20 s.
          await waitForServer(supervisor, ['etcd'], `https://127.0.0.1:${layout.ports.etcdClient}/health`, pki, admin);
          await supervisor.start(apiServer(layout));
          await waitForApiServer(supervisor, `https://127.0.0.1:${layout.ports.apiServer}`, pki, admin);
          await used();
        },
      );
      return layout;
    } catch (error) {
      if (attempt === 3 || !messageOf(error).includes('address already in use')) throw error;
      await supervisor.stopOne('kube-apiserver', 0);
      await supervisor.stopOne('etcd', STOP_GRACE_MS);
    }
  }
}

async function waitForApiServer(supervisor: Supervisor, server: string, pki: Pki, admin: KeyPair): Promise<void> {
  await waitForServer(supervisor, ['etcd', 'kube-apiserver'], `${server}/readyz`, pki, admin);
}

/** Waits until the last of the programs says at `url` that it is ready. */
async function waitForServer(
  supervisor: Supervisor,
  programs: readonly string[],
  url: string,
  pki: Pki,
  admin: KeyPair,
): Promise<void> {
  const { origin, pathname } = new URL(url);
  const api = apiClient(origin, pki.authority.certPem, admin);
  try {
    await supervisor.waitUntil(programs, async () => {
      const answer = await api.get(pathname).catch(() => undefined);
      if (answer?.status === 200) return undefined;
      const name = programs.at(-1)!;
      return answer === undefined ? `${name} does not answer` : `${name} is not ready: ${answer.body}`;
    });
  } finally {
    api.close();
  }
}

/** How often a client of the API server that died is started again. */
const restarts = 5;

async function startControllers(
  layout: Layout,
  options: StartOptions,
  supervisor: Supervisor,
  api: ApiClient,
  pki: Pki,
  now: Date,
): Promise<void> {
  // As the kubelet of a real control plane does: kwok was seen to end with exit code 2.
  const programs = [controllerManager(layout), scheduler(layout), kwok(layout)].map((program) => ({
    ...program,
    restarts,
  }));
  const server = `https://127.0.0.1:${layout.ports.apiServer}`;
  for (const [name, user] of Object.entries(CONTROLLER_USERS)) {
    await writeWhole(kubeconfigFile(layout.dir, name), kubeconfigFor(pki, server, user, now));
  }
  await ticking(
    (elapsed) => tell(options, `starting the controllers, the scheduler and three play nodes (${elapsed})`),
    async () => {
      await supervisor.waitUntil(['etcd', 'kube-apiserver'], () => seed(api));
      await Promise.all(programs.map((program) => supervisor.start(program)));
      await supervisor.waitUntil(
        programs.map((program) => program.name),
        () => awaitedOfControllers(api),
      );
    },
  );
}

/** The users that Kubernetes has roles for; kwok writes pods, nodes, leases and events as a whole cluster's kubelets would. */
const CONTROLLER_USERS: Record<string, User> = {
  'kube-controller-manager': { name: 'system:kube-controller-manager' },
  'kube-scheduler': { name: 'system:kube-scheduler' },
  kwok: { name: 'kwok', groups: ['system:masters'] },
};

function tell(options: StartOptions, message: string): void {
  options.onProgress?.({ step: 'start', message });
}

function alreadyRunning(dir: string, pid: number): UserError {
  return new UserError(
    `a control plane already runs in ${dir} (process ${pid}): stop it first, or use another folder`,
    {
      code: 'control-plane-running',
      subject: dir,
    },
  );
}
