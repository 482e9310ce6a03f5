import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { DashboardState } from '../../lib/dashboard/ports.ts';
import { windlassProgram } from './test-bed.ts';
import { pause, until } from './wait.ts';

/** `windlass local` as a process of its own. */
export interface LocalLoop {
  pid: number;
  url: string;
  dir: string;
  /** The file with the hash of the branch's head. */
  headFile: string;
  kubeconfig: string;
  /** Milliseconds from the start of the process until the page answered, and until the welcome was printed. */
  started: { page: number; welcome: number };
  /** When the process was started, as `performance.now()` counts. */
  begin: number;
  state(): Promise<DashboardState>;
  /** The state as the page gets it: one at once, one after each change. Ends when the signal aborts. */
  states(signal: AbortSignal): AsyncGenerator<DashboardState>;
  push(image: string, tag: string): Promise<void>;
  /** The parts of the control plane that run now. */
  processes(): Promise<{ name: string; pid: number }[]>;
  /** Ends it as Ctrl-C would, and gives the milliseconds that this took. */
  stop(): Promise<number>;
}

/** How long a loop may take to end after SIGINT before it is killed. */
const endLimit = 60_000;

/** Starts a loop on a directory and waits for its page and its welcome. */
export async function startLocal(
  dir: string,
  { signal, env = {} }: { signal: AbortSignal; env?: Record<string, string> },
): Promise<LocalLoop> {
  signal.throwIfAborted();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const begin = performance.now();
  const args = [windlassProgram, 'local', '--dir', dir, '--port', String(port)];
  // In a process group of its own: Ctrl-C on the terminal reaches the benchmark alone, which then ends the loop once.
  const child = spawn(process.execPath, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let welcome: number | undefined;
  const read = (text: string) => {
    printed = `${printed}${text}`.slice(-20_000);
    if (printed.includes('Ctrl-C stops everything')) welcome ??= performance.now() - begin;
  };
  child.stdout.setEncoding('utf8').on('data', read);
  child.stderr.setEncoding('utf8').on('data', read);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    const from = performance.now();
    child.kill('SIGINT');
    const late = setTimeout(() => child.kill('SIGKILL'), endLimit);
    await ended;
    clearTimeout(late);
    return performance.now() - from;
  };
  const alive = () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`windlass local ended:\n${printed}`);
  };
  try {
    const page = await until(
      'the page',
      async () => {
        alive();
        const answered = await fetch(url).then(
          (answer) => answer.ok,
          () => false,
        );
        return answered ? performance.now() - begin : undefined;
      },
      { signal, every: 20 },
    );
    const welcomed = () => {
      alive();
      return welcome;
    };
    await until('the welcome', welcomed, { signal, every: 5 });
    return {
      ...{ pid: child.pid!, url, dir, begin, stop },
      headFile: join(dir, 'repo.git', 'refs', 'heads', 'main'),
      kubeconfig: join(dir, 'cluster', 'kubeconfig'),
      started: { page, welcome: welcome! },
      state: async () => (await (await fetch(new URL('api/state', url))).json()) as DashboardState,
      states: (end) => statesOf(url, end),
      push: (image, tag) => push(url, image, tag),
      processes: async () => {
        const { processes } = JSON.parse(await readFile(join(dir, 'cluster', 'run.json'), 'utf8')) as {
          processes: { name: string; pid: number }[];
        };
        return processes.filter(({ name }) => name !== 'guard');
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** True when every sync is healthy at the head, and no incident is open. */
export function isSettled({ repo, syncs, incidents }: DashboardState): boolean {
  const atHead = syncs.length > 0 && syncs.every((sync) => sync.result === 'synced' && sync.revision === repo.head);
  return repo.head !== undefined && atHead && incidents.every((incident) => incident.resolvedAt !== undefined);
}

/** Waits until the loop has nothing more to do, and stays so for a moment. */
export async function settled(loop: LocalLoop, signal: AbortSignal): Promise<void> {
  const calm = async () => (isSettled(await loop.state()) ? true : undefined);
  await until('all syncs to be healthy', calm, { signal, every: 200 });
  await pause(500, signal);
  await until('all syncs to be healthy', calm, { signal, every: 200 });
}

async function push(url: string, repository: string, tag: string): Promise<void> {
  const answer = await fetch(new URL('api/push', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ repository, tag }),
  });
  if (answer.status !== 202) throw new Error(`the push was refused: ${answer.status} ${await answer.text()}`);
}

async function* statesOf(url: string, signal: AbortSignal): AsyncGenerator<DashboardState> {
  const answer = await fetch(new URL('api/events', url), { signal });
  let text = '';
  try {
    for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += part;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (data !== undefined) yield JSON.parse(data) as DashboardState;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
