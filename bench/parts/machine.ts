import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { VERSIONS } from '../../lib/adapters/local/control-plane/versions.ts';

/** Where and when something was measured. */
export interface Machine {
  /** ISO 8601, UTC. */
  at: string;
  cores: number;
  processor: string;
  /** In bytes. */
  memory: number;
  system: string;
  node: string;
  kubernetes: string;
  /** The commit of Windlass; `+` where files differ from it. */
  commit: string;
  /** Runnable processes on average over the last minute; above the number of cores the numbers are too high. */
  load: number;
}

/** The facts of this machine, now. */
export function machine(): Machine {
  return {
    at: new Date().toISOString(),
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memory: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    kubernetes: VERSIONS.kubernetes,
    commit: commit(),
    load: loadavg()[0]!,
  };
}

/** In one line. */
export function describeMachine({ cores, processor, memory, system, node, kubernetes }: Machine): string {
  return `${cores} cores (${processor}), ${Math.round(memory / 1024 ** 3)} GB, ${system}, Node ${node}, Kubernetes ${kubernetes}`;
}

function commit(): string {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'lib', 'bin', 'functions') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}
