import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: equal for the same process only. */
  startedAt: string;
  /** The command line, its arguments parted by spaces; identities are kept in files, so users and passwords of addresses are not in it. */
  command: string;
}

/** The living process of that pid, or undefined where there is none; a zombie does not live. */
export function identify(pid: number): ProcessIdentity | undefined {
  return process.platform === 'linux' ? identifyByProc(pid) : identifyByPs(pid);
}

/** Whether the recorded process still lives, and its pid was not given to a stranger. */
export function isAlive(recorded: ProcessIdentity): boolean {
  return identify(recorded.pid)?.startedAt === recorded.startedAt;
}

/** Waits until the process is gone; false when it still lives after `timeoutMs`. */
export async function waitForEnd(recorded: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(recorded)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** Sends a signal to the process if it still is the recorded one. */
export function signal(recorded: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(recorded)) return;
  try {
    process.kill(recorded.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function identifyByProc(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets and may hold spaces: fields are counted after it (proc_pid_stat(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, startedAt: `${boot}:${fields[19]}`, command: withoutPasswords(command) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  let line: string;
  try {
    const args = ['-ww', '-p', String(pid), '-o', 'stat=', '-o', 'lstart=', '-o', 'command='];
    const env = { ...process.env, LC_ALL: 'C' };
    line = execFileSync('ps', args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch (error) {
    if ((error as { status?: number }).status === 1) return undefined;
    throw error;
  }
  // `S    Sat Nov 21 10:00:00 2026 /path/to/etcd --data-dir=...`
  const match = /^(\S+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/s.exec(line);
  if (!match || match[1]!.startsWith('Z')) return undefined;
  return { pid, startedAt: match[2]!, command: withoutPasswords(match[3]!) };
}

function withoutPasswords(command: string): string {
  return command.replace(/:\/\/[^/\s]*@/g, '://***@');
}
