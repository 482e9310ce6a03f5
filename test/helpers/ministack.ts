import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { pythonPackage } from './python-package.ts';

/** Exact: it is young and moves fast. https://pypi.org/project/ministack/ */
const version = '1.5.33';

/** MiniStack, which stands in for AWS. */
export interface MiniStack {
  /** `http://127.0.0.1:40123` */
  endpoint: string;
  region: string;
  /** Any key will do. */
  credentials: { accessKeyId: string; secretAccessKey: string };
  account: string;
  stop(): Promise<void>;
}

/**
 * Like `describe`, for tests that need MiniStack: `await` it at the top of a test file, as the first run on a machine installs it from PyPI. Where it
 * cannot be had the tests are skipped, with the reason in the name; with WINDLASS_TEST_STRICT=1 they fail.
 */
export async function describeWithMiniStack(name: string, suite: () => void): Promise<void> {
  try {
    await ministack();
  } catch (error) {
    if (process.env['WINDLASS_TEST_STRICT'] === '1') throw error;
    const [reason] = messageOf(error).split('\n');
    describe.skip(`${name} (skipped: no MiniStack: ${reason})`, suite);
    return;
  }
  describe(name, suite);
}

/** Starts MiniStack on a free port of 127.0.0.1. Whoever starts it stops it. */
export async function startMiniStack(): Promise<MiniStack> {
  const python = await ministack();
  const directory = await mkdtemp(join(tmpdir(), 'windlass-test-ministack-'));
  const region = 'eu-west-1';
  const port = await freePort();
  const env = { PATH: process.env['PATH'], HOME: directory, TMPDIR: directory, BIND_HOST: '127.0.0.1' };
  const options = { GATEWAY_PORT: String(port), MINISTACK_REGION: region, PERSIST_STATE: '0' };
  const child = spawn(python, ['-m', 'ministack.app'], {
    cwd: directory,
    env: { ...env, ...options },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      log = (log + String(chunk)).slice(-4000);
    });
  const exited = once(child, 'exit');
  const stop = async () => {
    await end(child, exited);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  for (const deadline = performance.now() + 120_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`MiniStack did not start: ${log}`);
    }
    const health = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    await health?.body?.cancel();
    if (health?.ok) break;
  }
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { endpoint, region, credentials, account: '000000000000', stop };
}

async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(timer);
}

/** The Python of a virtual environment with MiniStack. */
async function ministack(): Promise<string> {
  return join(await pythonPackage('ministack', version), 'python');
}
