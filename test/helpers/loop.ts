import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { acquireBinaries } from '../../lib/adapters/local/control-plane/binaries.ts';
import type { DashboardState } from '../../lib/dashboard/ports.ts';
import { messageOf } from '../../lib/model/errors.ts';
import type { Incident } from '../../lib/model/incident.ts';
import type { SyncState } from '../../lib/model/state.ts';
import { waitFor } from './cluster.ts';
import { waitMs } from './patience.ts';

const run = promisify(execFile);

/** The program that a user starts. */
export const windlassProgram = fileURLToPath(new URL('../../bin/windlass.js', import.meta.url));
const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

// Downloads or builds the control plane where the machine has none yet.
const unavailable = await acquireBinaries({
  onProgress: ({ message }) => process.stderr.write(`[control plane] ${message}\n`),
}).then(
  () => undefined,
  (error: unknown) => messageOf(error).split('\n')[0],
);

/** A Node of this machine that is too old to run Windlass itself, but can run its launcher; undefined where there is none. */
export const olderNode = await findOlderNode();

/** Like `describe`, for tests that start loops. Without a control plane they are skipped by name; with WINDLASS_TEST_STRICT=1 they fail. */
export function describeLoop(name: string, suite: () => void): void {
  if (unavailable !== undefined && process.env['WINDLASS_TEST_STRICT'] !== '1') {
    describe.skip(`${name} (skipped: ${unavailable})`, suite);
  } else describe(name, suite);
}

/** A directory of its own; the caller removes it by `removeDir`. */
export async function makeDir(): Promise<string> {
  return await realpath(await mkdtemp(join(tmpdir(), 'windlass-e2e-')));
}

/** Ends whatever names the directory in its command line, and removes it. */
export async function removeDir(dir: string): Promise<void> {
  for (const { pid } of await processesOf(dir)) kill(pid, 'SIGKILL');
  await waitFor(async () => (await processesOf(dir)).length === 0, { what: `the end of all processes of ${dir}` });
  await rm(dir, { recursive: true, force: true, maxRetries: 10 });
}

/** The processes that name the directory in their command line. */
export async function processesOf(dir: string): Promise<{ pid: number; command: string }[]> {
  const { stdout } = await run('ps', ['-axww', '-o', 'pid=,stat=,args='], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, stat, command] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const isIt = command?.includes(dir) && !stat?.startsWith('Z') && Number(pid) !== process.pid;
    return isIt ? [{ pid: Number(pid), command: command! }] : [];
  });
}

/** How a command ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** Runs the CLI as a process of its own, and waits for its end; one that lasts too long is killed, and fails. */
export async function runWindlass(
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const { child, ended } = spawnWindlass(args, options);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill(child.pid!, 'SIGKILL');
  }, waitMs);
  const result = await ended.finally(() => clearTimeout(timer));
  if (late) throw new Error(`windlass ${args.join(' ')} did not end within ${waitMs / 1000} s\n${output(result)}`);
  return result;
}

/** A loop that runs, driven as a user would. */
export interface Loop {
  dir: string;
  pid: number;
  url: string;
  /** Both streams as they came. */
  output(): string;
  stdout(): string;
  /** The bare repository of the example. */
  repo: string;
  state(): Promise<DashboardState>;
  /** Waits until the page's state is so. */
  until(what: string, is: (state: DashboardState) => boolean): Promise<DashboardState>;
  /** Waits until the terminal has printed it, after `from` (a length of `output()`). */
  prints(pattern: RegExp, from?: number): Promise<RegExpExecArray>;
  kubectl(...args: string[]): Promise<string>;
  /** `windlass local push`, which must be accepted. */
  push(image: string): Promise<void>;
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  ended: Promise<Ended>;
}

/** Starts `windlass local` on a directory and waits for its welcome. */
export async function startLoop(options: {
  dir: string;
  args?: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Put before the program, such as `unshare`. */
  prefix?: string[];
}): Promise<Loop> {
  const args = ['local', '--dir', options.dir, ...(options.args ?? ['--port', '0'])];
  const { child, ended, soFar } = spawnWindlass(args, options);
  const print = () => output(soFar());
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const welcome = await waitFor(
    () => {
      const found = /^ {2}page {8}(\S+)/m.exec(soFar().stdout);
      return found !== null && soFar().stdout.includes('Ctrl-C stops everything') ? found : over;
    },
    { what: 'the welcome' },
  ).catch((error: unknown) => {
    kill(child.pid!, 'SIGKILL');
    throw new Error(`${messageOf(error)}\n${print()}`);
  });
  if (welcome === true) throw new Error(`the loop ended before its welcome\n${print()}`);
  const url = welcome[1]!;
  const state = async () => (await (await fetch(new URL('/api/state', url))).json()) as DashboardState;
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw new Error(`${messageOf(error)}\nwhat the loop printed:\n${print()}`, { cause: error });
    }
  };
  return {
    dir: options.dir,
    pid: child.pid!,
    url,
    repo: join(options.dir, 'repo.git'),
    output: print,
    stdout: () => soFar().stdout,
    state,
    until: (what, is) =>
      told(
        waitFor(
          async () => {
            const now = await state();
            return is(now) ? now : undefined;
          },
          { what, everyMs: 300 },
        ),
      ),
    prints: (pattern, from = 0) =>
      told(
        waitFor(() => pattern.exec(print().slice(from)) ?? undefined, {
          what: `the text ${pattern}`,
        }),
      ),
    kubectl: async (...words) =>
      (await run(join(options.dir, 'kubectl'), words, { maxBuffer: 64 * 1024 * 1024 })).stdout,
    push: async (image) => {
      const pushed = await runWindlass(['local', 'push', '--dir', options.dir, image]);
      if (pushed.code !== 0) throw new Error(`the push of ${image} ended with ${pushed.code}\n${output(pushed)}`);
    },
    stop: async (signal = 'SIGINT') => {
      kill(child.pid!, signal);
      return await waitFor(async () => await Promise.race([ended, pause(500)]), {
        what: `the end of the loop after ${signal}`,
      });
    },
    ended,
  };
}

/** Git in a directory, as a person of the team. */
export async function git(dir: string, ...args: string[]): Promise<string> {
  const person = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false'];
  const { stdout } = await run('git', [...person, ...args], { cwd: dir, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** Changes a file of a clone by a function of its text, commits and pushes: what a person does. Undefined removes the file. Gives the commit. */
export async function commitChange(
  clone: string,
  changes: Record<string, (text: string) => string | undefined>,
  message: string,
): Promise<string> {
  for (let tries = 1; ; tries++) {
    await git(clone, 'pull', '--quiet', '--rebase');
    for (const [path, change] of Object.entries(changes)) {
      const file = join(clone, path);
      const text = change(await readFile(file, 'utf8').catch(() => ''));
      if (text === undefined) await rm(file);
      else {
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, text);
      }
    }
    await git(clone, 'add', '--all');
    await git(clone, 'commit', '--quiet', '--allow-empty', '-m', message);
    const pushed = await git(clone, 'push', '--quiet').then(
      () => true,
      (error: unknown) => {
        if (tries === 5) throw error;
      },
    );
    if (pushed) return await git(clone, 'rev-parse', 'HEAD');
    await git(clone, 'reset', '--quiet', '--hard', 'HEAD~1');
  }
}

/** Makes the smallest example a repository that a person has checked out. Gives its path. */
export async function checkOutMinimal(path: string, branch = 'main'): Promise<string> {
  await cp(join(examples, 'minimal'), path, { recursive: true });
  await git(path, 'init', '--quiet', `--initial-branch=${branch}`);
  await git(path, 'add', '--all');
  await git(path, 'commit', '--quiet', '-m', 'Begin');
  return path;
}

/** Subjects of the branch's commits, newest first. */
export async function subjects(repo: string, branch = 'main'): Promise<string[]> {
  return (await git(repo, 'log', '--format=%s', branch)).split('\n');
}

/** Waits for two more checks of a sync. */
export async function checkedTwice(loop: Loop, sync: string): Promise<void> {
  for (let times = 0; times < 2; times++) {
    const since = new Date().toISOString();
    await loop.until('another check', (state) => (syncOf(state, sync).checkedAt ?? '') > since);
  }
}

/** A loop in a new directory whose example is healthy, and a clone of its repository. */
export async function startHealthyLoop(): Promise<{ dir: string; loop: Loop; clone: string }> {
  const dir = await makeDir();
  const loop = await startLoop({ dir });
  await loop.until('a healthy shop', isSettled);
  const clone = `${dir}/clone`;
  await git(dir, 'clone', '--quiet', loop.repo, clone);
  return { dir, loop, clone };
}

/** The state of one sync. */
export function syncOf(state: DashboardState, name: string): SyncState {
  const found = state.syncs.find((sync) => sync.sync === name);
  if (found === undefined) throw new Error(`there is no sync ${name}`);
  return found;
}

/** True when all syncs are healthy at the head. */
export function isSettled(state: DashboardState): boolean {
  return (
    state.repo.head !== undefined &&
    state.syncs.every((sync) => sync.result === 'synced' && sync.revision === state.repo.head)
  );
}

/** The incidents about an object, or of a kind in a sync; newest first. */
export function incidents(state: DashboardState, of: Partial<Pick<Incident, 'kind' | 'sync' | 'object'>>): Incident[] {
  const found = state.incidents.filter((one) =>
    Object.entries(of).every(([key, value]) => one[key as 'kind'] === value),
  );
  return found.sort((a, b) => b.openedAt.localeCompare(a.openedAt));
}

/** Sends a signal; one that is gone already is fine. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Both streams of a command that ended. */
export function output({ stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>): string {
  return stderr + stdout;
}

/** Starts the CLI as a process of its own, with no terminal and no input. */
export function spawnWindlass(
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; prefix?: string[]; node?: string },
): { child: ChildProcess; ended: Promise<Ended>; soFar: () => { stdout: string; stderr: string } } {
  const [program, ...words] = [...(options.prefix ?? []), options.node ?? process.execPath, windlassProgram, ...args];
  const begin = performance.now();
  const { FORCE_COLOR: _, NO_COLOR: __, POWERTOOLS_LOG_LEVEL: ___, ...inherited } = process.env;
  const child = spawn(program!, words, {
    cwd: options.cwd ?? tmpdir(),
    env: { ...inherited, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      read[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ code, signal, ...read, seconds: (performance.now() - begin) / 1000 }),
    );
  });
  return { child, ended, soFar: () => read };
}

function pause(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds));
}

async function findOlderNode(): Promise<string | undefined> {
  for (const path of (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'node'))) {
    const version = await run(path, ['--version']).catch(() => undefined);
    const major = Number(/^v(\d+)/.exec(version?.stdout ?? '')?.[1] ?? 99);
    if (major >= 18 && major < 24) return path;
  }
  return undefined;
}
