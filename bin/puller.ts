import { runPuller } from '../lib/puller/puller.ts';

/** Milliseconds after SIGTERM; Kubernetes kills the pod after its grace period of 30 s. A pull that is cut off anywhere is taken up by the next one. */
const longestEnd = 20_000;

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopping.abort();
    setTimeout(() => process.exit(1), longestEnd).unref();
  });
}

// Whoever read the log has gone: there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exitCode = 1;
  stopping.abort();
});

process.exitCode = await runPuller({
  env: process.env,
  write: (line) => process.stdout.write(line),
  now: () => new Date(),
  signal: stopping.signal,
});
