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

process.exitCode = await runPuller({
  env: process.env,
  write: (line) => process.stdout.write(line),
  now: () => new Date(),
  signal: stopping.signal,
});
