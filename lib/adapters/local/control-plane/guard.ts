import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { identify, type ProcessIdentity } from './process-identity.ts';

/** Ends the programs when this process dies, however it dies. */
export interface Guard {
  identity: ProcessIdentity | undefined;
  /** The processes to end, in this order; replaces what was told before. */
  watch(pids: readonly number[]): void;
  /** Ends the guard itself and nothing else. */
  dismiss(): void;
}

/**
 * A shell that reads lists of pids from a pipe and remembers the last one. The pipe closes when the parent ends by
 * exit, signal or kill -9: then it kills them. It costs one sleeping `sh`; a Node process cannot do this for itself.
 */
const SCRIPT = `
pids=
while read -r line; do pids=$line; done
for pid in $pids; do kill -TERM "$pid" 2>/dev/null; done
for i in 1 2 3; do
  left=
  for pid in $pids; do kill -0 "$pid" 2>/dev/null && left="$left $pid"; done
  [ -z "$left" ] && exit 0
  sleep 1
done
for pid in $left; do kill -KILL "$pid" 2>/dev/null; done
exit 0
`;

/** Starts the guard of the control plane in `dir` (which stands in its command line, so that it can be recognised). */
export async function startGuard(dir: string): Promise<Guard> {
  const child = spawn('/bin/sh', ['-c', SCRIPT, `windlass-guard ${dir}`], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  await once(child, 'spawn');
  child.unref();
  // A guard that somebody killed must not take this process down by EPIPE.
  child.stdin.on('error', () => {});
  (child.stdin as unknown as { unref(): void }).unref();
  return {
    identity: identify(child.pid!),
    watch: (pids) => void child.stdin.write(`${pids.join(' ')}\n`),
    dismiss: () => void child.kill('SIGKILL'),
  };
}
