import { join } from 'node:path';
import { acquireBinaries } from '../lib/adapters/local/control-plane/binaries.ts';
import { findKubectl } from '../lib/adapters/renderers/kubectl.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { isSettled, startLocal } from './parts/local-loop.ts';
import { median } from './parts/numbers.ts';
import { type Result, time } from './parts/result.ts';
import { until } from './parts/wait.ts';

type Sample = Record<'page' | 'welcome' | 'synced' | 'stop', number>;
const starts = ['first start: an empty directory', 'second start: the state of the first'] as const;

await benchmark<'runs'>(import.meta, {
  name: 'start',
  about: 'how long `windlass local` takes to start, with the programs of the control plane in the cache.',
  knobs: { runs: { usual: 5, quick: 1, help: 'directories; each is started twice' } },
  limit: 20,
  run,
});

async function run({ knob, dir, signal, say, atEnd }: Context<'runs'>): Promise<Result> {
  // The cache must be warm: a download or a build is not what is measured.
  await Promise.all([
    acquireBinaries({ signal, onProgress: ({ message }) => say(message) }),
    findKubectl({ env: process.env }),
  ]);
  const samples: Sample[][] = starts.map(() => []);
  for (let turn = 0; turn < knob.runs; turn++) {
    for (const [which, name] of starts.entries()) {
      const sample = await startOnce(join(dir, `run-${turn}`), signal, atEnd);
      samples[which]!.push(sample);
      say(`${name}: page ${time(sample.page)}, synced ${time(sample.synced)}`);
    }
  }
  const cell = (which: number, what: keyof Sample) => {
    const taken = samples[which]!.map((sample) => sample[what]);
    return `${time(median(taken))} (${time(Math.min(...taken))} to ${time(Math.max(...taken))})`;
  };
  const whats: [string, keyof Sample][] = [
    ['the page answers', 'page'],
    ['the welcome is printed', 'welcome'],
    ['all syncs are healthy at the head', 'synced'],
    ['after Ctrl-C: all processes have ended', 'stop'],
  ];
  return {
    tables: [
      {
        title: 'From the start of the process',
        columns: ['until', ...starts],
        rows: whats.map(([words, what]) => [words, cell(0, what), cell(1, what)]),
      },
    ],
    notes: [
      `The median of ${knob.runs} (least to most). The processes are etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok and Windlass itself; etcd waits for the disk here, as it does for a user.`,
      'A first start ends with the roll-out of the whole example (two environments) in an empty cluster.',
    ],
    raw: { first: samples[0], second: samples[1] },
  };
}

async function startOnce(dir: string, signal: AbortSignal, atEnd: Context<'runs'>['atEnd']): Promise<Sample> {
  const loop = await startLocal(dir, { signal });
  let stopped = false;
  atEnd(async () => stopped || loop.stop());
  // A second start shows what the first had stored: only a pull of this run counts.
  const startedAt = new Date(Date.now() - (performance.now() - loop.begin)).toISOString();
  const synced = await until(
    'all syncs to be healthy',
    async () => {
      const state = await loop.state();
      const pulled = state.syncs.every((sync) => (sync.pulledAt ?? '') > startedAt);
      return pulled && isSettled(state) ? performance.now() - loop.begin : undefined;
    },
    { signal, every: 50 },
  );
  const stop = await loop.stop();
  stopped = true;
  return { ...loop.started, synced, stop };
}
