import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CoordinationV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { acquireBinaries } from '../../lib/adapters/local/control-plane/binaries.ts';
import { type ControlPlane, startControlPlane } from '../../lib/adapters/local/control-plane/control-plane.ts';
import { temporaryFolder, waitFor } from './cluster.ts';

const run = promisify(execFile);

/** A line of the puller's log. */
export interface LogLine {
  level: string;
  message: string;
  sync?: string;
  result?: string;
  revision?: string;
  [field: string]: unknown;
}

/** An API server for the pullers of one test file: there is one worker, and one last valid windlass.yaml, in a cluster. Call it in the suite. */
export function clusterOfPullers() {
  let plane: ControlPlane;
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'windlass-test-'));
    plane = await startControlPlane({ dir, binaries: await acquireBinaries(), controllers: false, ephemeral: true });
  });
  afterAll(async () => {
    await plane?.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  const admin = () => {
    const config = new KubeConfig();
    config.loadFromFile(plane.kubeconfigPath);
    return config;
  };
  return {
    env: () => ({ KUBECONFIG: plane.kubeconfigPath }),
    core: () => admin().makeApiClient(CoreV1Api),
    leases: () => admin().makeApiClient(CoordinationV1Api),
  };
}

/** A real Git repository with these files committed; `commit` adds another commit. */
export async function repository(files: Record<string, string>) {
  const dir = await temporaryFolder();
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
  const git = (...args: string[]) => run('git', ['-C', dir, ...who, ...args]);
  const commit = async (changed: Record<string, string>): Promise<string> => {
    for (const [path, text] of Object.entries(changed)) {
      await mkdir(join(dir, path, '..'), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', 'test');
    return (await git('rev-parse', 'HEAD')).stdout.trim();
  };
  await git('init', '--quiet', '--initial-branch', 'main');
  const revision = await commit(files);
  return { dir, commit, revision };
}

/** A puller that runs as a process of its own. */
export interface RunningPuller {
  child: ChildProcess;
  /** All that it wrote, of both streams. */
  output(): string;
  lines(): LogLine[];
  /** Waits for a line of the log. */
  line(what: string, is: (line: LogLine) => boolean): Promise<LogLine>;
  /** Waits for the end, and gives the exit code. */
  ended(): Promise<number | null>;
}

/** Starts `node bin/puller.ts` with nothing else in its environment; it is killed after the test. */
export async function startPuller(env: { KUBECONFIG: string } & Record<string, string>): Promise<RunningPuller> {
  const state = env['WINDLASS_STATE_DIR'] ?? (await temporaryFolder());
  const base = {
    ...{ PATH: process.env['PATH'], HOME: process.env['HOME'] },
    ...{
      WINDLASS_STATE_DIR: state,
      WINDLASS_GIT_KEY_DIR: '/nonexistent',
      WINDLASS_BRANCH: 'main',
      WINDLASS_CLUSTER: 'test',
    },
  };
  const child = spawn(process.execPath, ['bin/puller.ts'], {
    env: { ...base, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return follow(child);
}

/** A puller that was started; it is killed after the test. */
export function follow(child: ChildProcess): RunningPuller {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  const exit = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  const lines = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line): LogLine => JSON.parse(line));
  return {
    child,
    output: () => text,
    lines,
    line: (what, is) =>
      waitFor(() => lines().find(is), { what: `${what} in:\n${text}` }).catch((error: unknown) => {
        throw new Error(`no ${what} in:\n${text}`, { cause: error });
      }),
    ended: async () => {
      const [code] = await exit;
      return code as number | null;
    },
  };
}

/** Runs one round, and gives its exit code and log. */
export async function pullOnce(
  env: { KUBECONFIG: string } & Record<string, string>,
): Promise<RunningPuller & { code: number | null }> {
  const puller = await startPuller({ ...env, WINDLASS_MODE: 'cron' });
  return { ...puller, code: await puller.ended() };
}
