import { setTimeout as wait } from 'node:timers/promises';
import { readPullerSettings } from '../config/puller-env.ts';
import { isTrouble } from '../model/errors.ts';
import { type Loop, type LoopTimes, oneRound, startLoop } from '../pull/loop.ts';
import type { WakeQueue } from '../pull/ports.ts';
import { SyncWatches } from '../pull/watch-syncs.ts';
import { type Log, openLog } from './log.ts';
import { roundPorts } from './rounds.ts';
import { holdWorker, openParts, openWake, type PullerParts } from './wiring.ts';

/** What the process is started with. */
export interface PullerIo {
  env: Readonly<Record<string, string | undefined>>;
  write(line: string): void;
  now(): Date;
  /** SIGTERM: the write at hand is finished, the lease let go, and the process ends. */
  signal: AbortSignal;
}

/** 0: all went well. 1: something did not, and the log says what. */
export type PullerExit = 0 | 1;

/** Milliseconds. How often the head is looked at depends on where the config repo is. */
const times: Omit<LoopTimes, 'head'> = {
  pull: 600_000,
  retry: 60_000,
  drift: Number.POSITIVE_INFINITY,
  rollout: 2_000,
};
const clock = {
  now: () => performance.now(),
  sleep: (milliseconds: number, signal: AbortSignal) =>
    // Longer ones overflow the timer, which would not wait at all.
    wait(Math.min(milliseconds, 2_000_000_000), undefined, { signal }).catch(() => undefined),
};

/** Runs the puller as its environment says: one round, or rounds until the signal. Never throws for what the world does. */
export async function runPuller({ env, write, now, signal }: PullerIo): Promise<PullerExit> {
  const log = openLog(write, now);
  try {
    const settings = readPullerSettings(env);
    const parts = await openParts(settings, env, log, signal);
    try {
      return settings.mode === 'cron'
        ? await pullOnce(parts, log, signal)
        : await watch(parts, await openWake(settings, env), log, signal);
    } finally {
      await parts.close();
    }
  } catch (error) {
    if (!isTrouble(error)) throw error;
    log.failed('run the puller', error);
    return 1;
  }
}

/** No lease of the process: the CronJob starts no second one, and each sync that is written to has a lease of its own. */
async function pullOnce({ rounds }: PullerParts, log: Log, signal: AbortSignal): Promise<PullerExit> {
  const { ok, results, revision } = await oneRound(roundPorts(rounds), clock, signal);
  await rounds.outbox?.flush();
  const failed = [...results.values()].filter((result) => result === 'failed' || result === 'unhealthy').length;
  // Whoever reads only this line is told as well of what is no result of a sync: Git, a pull that could not begin.
  if (ok) log.info('round done', { revision, syncs: results.size, failed });
  else log.bad('error', 'round failed', { revision, syncs: results.size, ...(revision !== undefined && { failed }) });
  return ok && failed === 0 ? 0 : 1;
}

async function watch(
  parts: PullerParts,
  wake: (WakeQueue & { close(): void }) | undefined,
  log: Log,
  signal: AbortSignal,
): Promise<PullerExit> {
  const lease = await holdWorker(parts.client, log, signal);
  if (lease === undefined) return 0;
  const working = AbortSignal.any([signal, lease.lost]);
  log.info('watching', { headEvery: parts.headEvery });
  try {
    const { rounds, headEvery } = parts;
    const { cluster, impersonation } = rounds.pull;
    const changed = (sync: string) => loop.changed(sync, calm(sync));
    const calm = calmer(clock.now);
    const watches = new SyncWatches({ cluster, impersonation, changed, failed: log.failed, signal: working });
    const inRounds = { ...rounds, watches, pull: { ...rounds.pull, signal: working } };
    const loop = startLoop(roundPorts(inRounds), { ...times, head: headEvery }, clock, working);
    await Promise.all([loop.ended, wake && beWoken(wake, loop, log, working)]);
  } finally {
    await lease.release().catch((error: unknown) => log.failed('let go of the lease', error));
  }
  await parts.rounds.outbox?.flush();
  // Another one is at work: Kubernetes starts this one anew, which waits for its turn.
  if (lease.lost.aborted) log.failed('stay the one that works', lease.lost.reason);
  return lease.lost.aborted ? 1 : 0;
}

/** Milliseconds in which changes of a sync come together. */
const gather = 500;
/** So many pulls of a sync within some minutes come at once after a change; later ones only so often: somebody else keeps changing it. */
const mostAtOnce = 10;
const within = 600_000;
const rarely = 60_000;

/** How long after a change its sync is pulled. */
export function calmer(now: () => number): (sync: string) => number {
  const wakes = new Map<string, number[]>();
  return (sync) => {
    const recent = (wakes.get(sync) ?? []).filter((at) => now() - at < within);
    const last = recent.at(-1);
    // What comes while a pull is due already is no wake of its own.
    if (last === undefined || now() - last >= gather) recent.push(now());
    wakes.set(sync, recent.slice(-mostAtOnce - 1));
    return recent.length > mostAtOnce ? rarely : gather;
  };
}

/** Milliseconds after a queue that could not be read. */
const queuePause = 15_000;

/** Each message makes the loop look now, and pull: somebody waits for it. It is deleted after a whole round that began later. */
async function beWoken(queue: WakeQueue & { close(): void }, loop: Loop, log: Log, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) {
      try {
        const messages = await queue.receive(signal);
        if (messages === undefined) continue;
        await loop.wake({ pullAll: true });
        await messages.done();
      } catch (error) {
        log.failed('be woken', error);
        await clock.sleep(queuePause, signal);
      }
    }
  } finally {
    queue.close();
  }
}
