import type { Config, SyncSpec } from '../config/config.ts';
import type { SyncReported } from '../model/messages.ts';

/** What the loop drives. None of these may throw for a reason that a later round could not mend: `failed` is told, and the loop goes on. */
export interface LoopPorts {
  /** The commit at the branch's head. */
  head(): Promise<string>;
  /** What is in force for a commit: the file at that commit, or the last valid one where that is broken. */
  config(revision: string): Promise<Config>;
  /** One pull of one sync; it does not wait for health, the next one looks again. */
  pull(sync: SyncSpec, config: Config, revision: string): Promise<SyncReported['result']>;
  /** The sync is not pulled, as these that it depends on are not synced; told once for each head, and again when they or their results are others. */
  waiting?(sync: SyncSpec, on: readonly Dependency[], revision: string): Promise<void>;
  /** One drift check of all syncs, where this process checks as well. */
  drift?(config: Config): Promise<void>;
  /** The head moved, by a bump or by a person. */
  moved?(revision: string): Promise<void>;
  failed(what: string, error: unknown): void;
}

/** A sync that another one waits for. */
export interface Dependency {
  sync: string;
  /** Of its last pull; undefined where it could not be pulled, or waits itself. */
  result: SyncReported['result'] | undefined;
}

/** Milliseconds. */
export interface LoopTimes {
  /** Between two looks at the head. */
  head: number;
  /** Between two pulls of an unchanged head: how long a hand edit lives at most. */
  pull: number;
  /** Between two pulls of a sync that failed or is not healthy. */
  retry: number;
  /** Between two drift checks. */
  drift: number;
  /** Between two pulls of a sync that is rolling out, or waits for one that is. */
  rollout: number;
}

/** Time, given in so that tests decide. */
export interface LoopClock {
  /** Milliseconds, never going back. */
  now(): number;
  /** Ends early when the signal aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The state of the loop between two rounds. */
interface State {
  head?: string;
  config?: Config;
  /** When each sync is due, and how its last pull ended. */
  due: Map<string, number>;
  results: Map<string, SyncReported['result']>;
  /** What was told of each sync that waits. */
  waits: Map<string, string>;
  nextHead: number;
  nextDrift: number;
}

/** A running loop. */
export interface Loop {
  /**
   * Makes it look at the head now, and with `pullAll` pull every sync whether the head moved or not; resolves after the first whole round that began
   * later, or when the loop has ended.
   */
  wake(options?: { pullAll?: boolean }): Promise<void>;
  /** Something of a sync changed in the cluster: it is pulled after `delay` milliseconds, so that changes which come together are one. */
  changed(sync: string, delay: number): void;
  /** Resolves after the signal aborted and the work at hand is done. */
  ended: Promise<void>;
}

/** What one round on its own came to. */
export interface Round {
  /** Undefined where the head, or windlass.yaml, could not be read: then nothing was pulled. */
  revision: string | undefined;
  /** By sync; one that could not be pulled, or waits for another one, is not in it. */
  results: ReadonlyMap<string, SyncReported['result']>;
  /** False when anything was told to `failed`. */
  ok: boolean;
}

/** One round of a process that ends after it: the head, and a pull of each sync whose dependencies were synced in this round. */
export async function oneRound(ports: LoopPorts, clock: Pick<LoopClock, 'now'>, signal: AbortSignal): Promise<Round> {
  let ok = true;
  const failed: LoopPorts['failed'] = (what, error) => {
    ok = false;
    ports.failed(what, error);
  };
  const start = clock.now();
  const maps = { due: new Map(), results: new Map(), waits: new Map() };
  const state: State = { ...maps, nextHead: start, nextDrift: Number.POSITIVE_INFINITY };
  await round({ ...ports, failed }, { head: 0, pull: 0, retry: 0, drift: 0, rollout: 0 }, clock, state, signal);
  return { revision: state.head, results: state.results, ok };
}

/**
 * Pull and drift, in one lane: a check never runs while a pull changes what it looks at. A sync is pulled when the head moved, when its
 * time has come, and soon again while it rolls out; and only after everything that it depends on is synced.
 */
export function startLoop(ports: LoopPorts, times: LoopTimes, clock: LoopClock, signal: AbortSignal): Loop {
  const start = clock.now();
  const state: State = {
    due: new Map(),
    results: new Map(),
    waits: new Map(),
    nextHead: start,
    nextDrift: firstDrift(ports, times, start),
  };
  let nap = new AbortController();
  let woken: (() => void)[] = [];
  const wake: Loop['wake'] = ({ pullAll = false } = {}) => {
    state.nextHead = Number.NEGATIVE_INFINITY;
    if (pullAll) for (const sync of state.due.keys()) state.due.set(sync, clock.now());
    nap.abort();
    return new Promise<void>((done) => (signal.aborted ? done() : woken.push(done)));
  };
  const changed = (sync: string, delay: number) => {
    const due = state.due.get(sync);
    if (due === undefined) return;
    state.due.set(sync, Math.min(due, clock.now() + delay));
    nap.abort();
  };
  const run = async () => {
    while (!signal.aborted) {
      nap = new AbortController();
      const waiting = woken;
      woken = [];
      await round(ports, times, clock, state, signal);
      for (const done of waiting) done();
      const pause = Math.max(0, nextTime(state) - clock.now());
      if (!nap.signal.aborted) await clock.sleep(pause, AbortSignal.any([signal, nap.signal]));
    }
    for (const done of woken) done();
  };
  return { wake, changed, ended: run() };
}

function firstDrift(ports: LoopPorts, times: LoopTimes, start: number): number {
  return ports.drift === undefined ? Number.POSITIVE_INFINITY : start + times.drift;
}

function nextTime(state: State): number {
  return Math.min(state.nextHead, state.nextDrift, ...state.due.values());
}

async function round(
  ports: LoopPorts,
  times: LoopTimes,
  clock: Pick<LoopClock, 'now'>,
  state: State,
  signal: AbortSignal,
): Promise<void> {
  if (clock.now() >= state.nextHead) {
    state.nextHead = clock.now() + times.head;
    await guarded(ports, 'look at the head', () => lookAtHead(ports, clock, state), signal);
  }
  for (const sync of state.config?.syncs ?? []) {
    if (signal.aborted) return;
    if (clock.now() >= (state.due.get(sync.name) ?? 0)) await pullOne(ports, times, clock, state, sync);
  }
  const { config } = state;
  if (ports.drift !== undefined && clock.now() >= state.nextDrift && config !== undefined && !signal.aborted) {
    state.nextDrift = clock.now() + times.drift;
    await guarded(ports, 'check for drift', async () => ports.drift?.(config));
  }
}

async function lookAtHead(ports: LoopPorts, clock: Pick<LoopClock, 'now'>, state: State): Promise<void> {
  const head = await ports.head();
  if (head === state.head) return;
  state.config = await ports.config(head);
  state.head = head;
  state.waits.clear();
  state.due = new Map(state.config.syncs.map((sync) => [sync.name, clock.now()]));
  await ports.moved?.(head);
}

async function pullOne(
  ports: LoopPorts,
  times: LoopTimes,
  clock: Pick<LoopClock, 'now'>,
  state: State,
  sync: SyncSpec,
): Promise<void> {
  const on = sync.dependsOn
    .map((name): Dependency => ({ sync: name, result: state.results.get(name) }))
    .filter(({ result }) => result !== 'synced');
  if (on.length > 0) {
    state.due.set(sync.name, clock.now() + times.rollout);
    // What was pulled once is not synced while it waits: neither is what waits for it.
    state.results.delete(sync.name);
    await tellWaiting(ports, state, sync, on);
    return;
  }
  state.waits.delete(sync.name);
  // Before the pull: what changes while it runs is looked at after it.
  state.due.set(sync.name, Number.POSITIVE_INFINITY);
  const result = await guarded(ports, `pull ${sync.name}`, () => ports.pull(sync, state.config!, state.head!));
  if (result === undefined) state.results.delete(sync.name);
  else state.results.set(sync.name, result);
  const next = clock.now() + pauseAfter(result, times);
  state.due.set(sync.name, Math.min(state.due.get(sync.name)!, next));
}

async function tellWaiting(ports: LoopPorts, state: State, sync: SyncSpec, on: readonly Dependency[]): Promise<void> {
  const told = on.map((one) => `${one.sync} ${one.result}`).join(', ');
  if (state.waits.get(sync.name) === told) return;
  await guarded(ports, `show that ${sync.name} waits`, async () => {
    await ports.waiting?.(sync, on, state.head!);
    state.waits.set(sync.name, told);
  });
}

function pauseAfter(result: SyncReported['result'] | undefined, times: LoopTimes): number {
  if (result === 'synced') return times.pull;
  return result === 'progressing' ? times.rollout : times.retry;
}

/** The result, or undefined after an error that was told. */
/** With a signal, what ended because that was given is no failure: a look leaves nothing half done. */
async function guarded<T>(
  ports: LoopPorts,
  what: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted) return undefined;
    ports.failed(what, error);
    return undefined;
  }
}
