import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { identify, type ProcessIdentity } from './process-identity.ts';

/** One program to run. */
export interface Program {
  name: string;
  file: string;
  args: readonly string[];
  logFile: string;
  /** How often it is started again when it dies unasked: for a program that keeps nothing of its own. Default: never. */
  restarts?: number;
}

/** A running program of the control plane. */
export interface Child {
  name: string;
  pid: number;
  /** Undefined when it ended before it could be looked at. */
  identity: ProcessIdentity | undefined;
  /** Resolves when it has ended, with `exit code 1` or `signal SIGKILL`. */
  ended: Promise<string>;
  /** How it ended, or undefined while it runs. */
  end: () => string | undefined;
  /** Sends SIGTERM, after `graceMs` SIGKILL, and waits for the end. */
  stop(graceMs: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** The last lines of its log. */
  logTail(lines: number): Promise<string>;
}

/** A process that died on its own. */
export interface UnexpectedExit {
  name: string;
  /** `exit code 1`, `signal SIGKILL`. */
  how: string;
  logFile: string;
}

/**
 * Starts a program in a process group of its own, so that Ctrl-C on the terminal reaches the parent alone, which then
 * ends the programs in order. Its output goes to the log; the log of the last run is kept beside it as `.old`.
 */
export async function startChild(program: Program): Promise<Child> {
  if (existsSync(program.logFile)) renameSync(program.logFile, `${program.logFile}.old`);
  const log = openSync(program.logFile, 'w', 0o600);
  const child = spawn(program.file, program.args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  const exit = endOf(child);
  // Throws ENOENT or EACCES of the program's file; a failed spawn has no pid.
  await once(child, 'spawn');
  child.unref();
  const pid = child.pid!;
  return {
    name: program.name,
    pid,
    identity: identify(pid),
    ended: exit.promise,
    end: exit.value,
    kill: (signal) => void child.kill(signal),
    stop: async (graceMs) => {
      if (exit.value() !== undefined) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      // Held alive on purpose: a parent that awaits the end must not fall asleep before it.
      child.ref();
      await exit.promise;
      clearTimeout(timer);
    },
    logTail: async (lines) => tail(await readFile(program.logFile, 'utf8').catch(() => ''), lines),
  };
}

function endOf(child: ChildProcess): { promise: Promise<string>; value: () => string | undefined } {
  let ended: string | undefined;
  const promise = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
      resolve(ended);
    });
  });
  return { promise, value: () => ended };
}

function tail(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
