import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RetryableError, UserError } from '../../model/errors.ts';

/** How a program ended. */
export interface Ended {
  /** The exit code. */
  code: number;
  stdout: string;
  stderr: string;
}

/** What a program may use up. */
export interface RunLimits {
  seconds: number;
  /** Bytes that it may write. */
  bytes: number;
}

/** No credentials, no programs, no cluster, a home of its own, and a proxy that refuses every connection. */
function bareEnvironment(home: string): Record<string, string> {
  return {
    PATH: join(home, 'none'),
    HOME: home,
    KUBECONFIG: join(home, 'none'),
    HTTP_PROXY: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '',
  };
}

/**
 * Runs a program with fixed arguments, without a shell, with next to nothing in its environment. Throws `RetryableError` when it takes
 * too long or is killed, `UserError` when it writes too much; `UserError` too when it cannot be started.
 */
export async function run(program: string, args: readonly string[], limits: RunLimits): Promise<Ended> {
  const home = await mkdtemp(join(tmpdir(), 'windlass-home-'));
  try {
    return await runAt(home, program, args, limits);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function runAt(home: string, program: string, args: readonly string[], limits: RunLimits): Promise<Ended> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: bareEnvironment(home), stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    let stopped: Error | undefined;
    const stop = (error: Error) => {
      stopped ??= error;
      child.kill('SIGKILL');
    };
    const keep = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limits.bytes) into.push(chunk);
      else
        stop(new UserError(`it writes more than ${Math.round(limits.bytes / 1e6)} MB`, { code: 'output-too-large' }));
    };
    const timer = setTimeout(
      () => stop(new RetryableError(`it takes longer than ${limits.seconds} s`, { code: 'timeout' })),
      limits.seconds * 1000,
    );
    child.stdout.on('data', keep(stdout));
    child.stderr.on('data', keep(stderr));
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(new UserError(`${program} cannot be started`, { code: 'program-broken', cause }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (stopped !== undefined) return reject(stopped);
      if (code === null) return reject(new RetryableError(`it was ended by ${signal}`, { code: 'killed' }));
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
      resolve({ code, stdout: text(stdout), stderr: text(stderr) });
    });
  });
}
