import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Context } from './benchmark.ts';
import { until } from './wait.ts';

/** The program that runs in the cluster. */
export const pullerProgram = fileURLToPath(new URL('../../bin/puller.ts', import.meta.url));

/** What a puller is started with, beside its mode. */
export function pullerEnv(kubeconfig: string, repo: string, stateDir: string): Record<string, string> {
  return {
    ...{ KUBECONFIG: kubeconfig, WINDLASS_REPO: repo, WINDLASS_STATE_DIR: stateDir },
    ...{ WINDLASS_BRANCH: 'main', WINDLASS_CLUSTER: 'bench', WINDLASS_GIT_KEY_DIR: '/nonexistent' },
    ...{ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  };
}

/** A puller in watch mode. */
export interface WatchingPuller {
  pid: number;
  /** Waits for a line of its log. */
  line(what: string, is: (line: Record<string, unknown>) => boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a puller in watch mode; it ends with the benchmark. */
export function startWatching(
  env: Record<string, string>,
  { signal, atEnd }: Pick<Context<string>, 'signal' | 'atEnd'>,
): WatchingPuller {
  const child = spawn(process.execPath, [pullerProgram], {
    env: { ...process.env, ...env, WINDLASS_MODE: 'watch' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  atEnd(stop);
  return {
    pid: child.pid!,
    line: async (what, is) => {
      const found = () => {
        if (child.exitCode !== null) throw new Error(`the puller ended with ${child.exitCode}\n${text.slice(-4000)}`);
        const lines = text.split('\n').slice(0, -1);
        return lines.some((line) => is(JSON.parse(line))) || undefined;
      };
      await until(what, found, { signal }).catch((cause: unknown) => {
        throw new Error(`no ${what}\n${text.slice(-4000)}`, { cause });
      });
    },
    stop,
  };
}
