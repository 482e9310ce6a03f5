import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One run of a program. */
export interface Measured {
  /** Milliseconds from its start to its end. */
  time: number;
  /** The most memory that it had at once (VmHWM, looked at every 5 ms), in kilobytes; of the process itself, not of its children. */
  peak: number;
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end and measures it. */
export async function measure(
  program: string,
  args: readonly string[],
  { cwd, env = {}, signal }: { cwd: string; env?: Record<string, string>; signal: AbortSignal },
): Promise<Measured> {
  signal.throwIfAborted();
  const begin = performance.now();
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const read = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      read[name] += text;
    });
  }
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, memoryOf(child.pid ?? 0, 'VmHWM') ?? 0);
  }, 5);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { time: performance.now() - begin, peak, code, ...read };
  } finally {
    clearInterval(watch);
  }
}

/** The memory of a process in kilobytes, now (VmRSS) or the most so far (VmHWM); undefined when it has ended. Linux. */
export function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number | undefined {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}

/** The processor seconds that a process has used, and its ended children. Throws when it does not live. Linux. */
export function cpuOf(pid: number): { own: number; children: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name in brackets and may hold spaces. utime is field 14, in ticks of 1/100 s (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = (field: number) => Number(fields[field - 3]) / 100;
  return { own: seconds(14) + seconds(15), children: seconds(16) + seconds(17) };
}
