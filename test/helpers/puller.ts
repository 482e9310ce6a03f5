import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { cluster, temporaryFolder, waitFor } from './cluster.ts';

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

/** Starts `node bin/puller.ts` on the cluster of the tests, with nothing else in its environment; it is killed after the test. */
export async function startPuller(env: Record<string, string>): Promise<RunningPuller> {
  const state = env['WINDLASS_STATE_DIR'] ?? (await temporaryFolder());
  const base = {
    ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], KUBECONFIG: cluster().kubeconfigPath },
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
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
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
export async function pullOnce(env: Record<string, string>): Promise<RunningPuller & { code: number | null }> {
  const puller = await startPuller({ ...env, WINDLASS_MODE: 'cron' });
  return { ...puller, code: await puller.ended() };
}
