import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { RetryableError, UserError } from '../../model/errors.ts';

/** One call of the git binary. */
export interface GitCall {
  /** Arguments after `git`; values that come from outside must be checked before, or stand behind `--`. */
  args: readonly string[];
  /** The repository (`GIT_DIR`). Absent for a call that needs none. */
  gitDir?: string;
  /** Extra environment, as `GIT_INDEX_FILE`. */
  env?: Readonly<Record<string, string>>;
  /** Extra configuration, given by the environment so that it shows in no process list. */
  config?: readonly (readonly [key: string, value: string])[];
  input?: Uint8Array | string;
  /** A text that git and what it starts can read at descriptor 3, once. */
  handed?: string;
  /** Milliseconds until git is ended; 60,000 unless told. */
  timeout?: number;
  /** Bytes of standard output at most; 256 MiB unless told. */
  maxOutput?: number;
}

/** What git answered. */
export interface GitAnswer {
  code: number;
  stdout: Buffer;
  /** At most the first 64 KiB. */
  stderr: string;
}

const maxStderr = 64 * 1024;

/** What ssh, https and the finding of programs need of the surroundings; nothing else of it reaches git. */
const passedOn = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'SSH_AGENT_PID',
  'GIT_SSH_COMMAND',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
] as const;

const fixedEnvironment: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: 'file:https:ssh',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_ADVICE: '0',
};

const fixedConfig: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.symlinks', 'true'],
  ['core.autocrlf', 'false'],
  ['core.protectHFS', 'true'],
  ['core.protectNTFS', 'true'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'no'],
  ['gc.autoDetach', 'false'],
  ['maintenance.autoDetach', 'false'],
  ['credential.helper', ''],
];

/**
 * Runs the git binary (2.32 or newer) with a fixed argument list: no shell, no prompt, no hooks of ours, no configuration of the user or the machine.
 * Answers whatever git's exit code was; throws `UserError` when there is no git or it printed more than `maxOutput`, `RetryableError` when it ran out of time.
 */
export function runGit(call: GitCall): Promise<GitAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<GitAnswer>();
  const child = spawn('git', [...call.args], {
    env: environmentOf(call),
    stdio: ['pipe', 'pipe', 'pipe', call.handed === undefined ? 'ignore' : 'pipe'],
  }) as ChildProcessWithoutNullStreams;
  const limit = call.maxOutput ?? 256 * 1024 * 1024;
  const timeout = call.timeout ?? 60_000;
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let read = 0;
  let readErrors = 0;
  let stopped: Error | undefined;

  const stop = (why: Error): void => {
    stopped ??= why;
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5_000).unref();
    // A child of git (ssh, a remote's hook) may hold the pipes open after git itself has gone.
    child.stdout.destroy();
    child.stderr.destroy();
    child.stdio[3]?.destroy();
  };
  const timer = setTimeout(() => stop(ranOutOfTime(call, timeout)), timeout);

  child.stdout.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > limit) stop(printedTooMuch(call, limit));
    else stdout.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (readErrors < maxStderr) stderr.push(chunk.subarray(0, maxStderr - readErrors));
    readErrors += chunk.length;
  });
  // Git may end without reading its input to the end: its exit code tells more than the broken pipe.
  child.stdin.on('error', () => {});
  child.stdin.end(call.input ?? '');
  const handed = child.stdio[3] as Duplex | null | undefined;
  handed?.on('error', () => {});
  handed?.resume().end(call.handed);
  child.on('error', (cause: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    reject(cause.code === 'ENOENT' ? gitMissing(cause) : cause);
  });
  child.on('close', (code, signal) => {
    clearTimeout(timer);
    if (stopped) return reject(stopped);
    if (code === null)
      return reject(new RetryableError(`git ${call.args[0]} was ended by ${signal}`, { code: 'git-ended' }));
    resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') });
  });
  return promise;
}

function environmentOf(call: GitCall): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of passedOn) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  environment['GIT_SSH_COMMAND'] ??= 'ssh -o BatchMode=yes';
  Object.assign(environment, fixedEnvironment, call.env);
  if (call.gitDir !== undefined) environment['GIT_DIR'] = call.gitDir;
  const config = [...fixedConfig, ...(call.config ?? [])];
  environment['GIT_CONFIG_COUNT'] = String(config.length);
  config.forEach(([key, value], index) => {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return environment;
}

function ranOutOfTime(call: GitCall, timeout: number): Error {
  return new RetryableError(`git ${call.args[0]} did not end within ${timeout / 1000} s`, { code: 'git-timeout' });
}

function printedTooMuch(call: GitCall, limit: number): Error {
  return new UserError(
    `git ${call.args[0]} printed more than ${limit} bytes: the config repo is too large for Windlass`,
    {
      code: 'git-output-too-large',
    },
  );
}

function gitMissing(cause: unknown): Error {
  return new UserError('the git program was not found: install Git 2.32 or newer and put it on PATH', {
    code: 'git-missing',
    cause,
  });
}
