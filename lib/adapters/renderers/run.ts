import { spawn } from 'node:child_process';
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

/** No credentials, no programs, no cluster, and a proxy that refuses every connection. Nothing can be made below a file: root could make a directory. */
const bareEnvironment = {
  PATH: '/dev/null',
  HOME: '/dev/null',
  KUBECONFIG: '/dev/null/none',
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NO_PROXY: '',
};

/**
 * Runs a program with fixed arguments, without a shell, with next to nothing in its environment. Throws `RetryableError` when it takes
 * too long or is killed, `UserError` when it writes too much; `UserError` too when it cannot be started.
 */
export async function run(program: string, args: readonly string[], limits: RunLimits): Promise<Ended> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: bareEnvironment, stdio: ['ignore', 'pipe', 'pipe'] });
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
