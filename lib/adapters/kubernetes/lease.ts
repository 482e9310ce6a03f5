import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '../../model/errors.ts';
import type { Lease, Leases } from '../../pull/ports.ts';
import type { Client } from './client.ts';
import { HeldLease } from './held-lease.ts';
import { createLease, describeHolder, type LeaseObject, putLease, readLease } from './lease-object.ts';

/** How a lease is taken and kept; times in milliseconds. */
export interface LeaseOptions {
  /** A holder that has not renewed it for so long is taken to be gone. Whole seconds. 15 s unless told, as client-go has it. */
  duration?: number;
  /** How long to wait for a holder that is alive. Longer than `duration`, so that one that is gone is told from one that is alive: 20 s unless told. */
  patience?: number;
  /** Between two looks while somebody else has it. */
  lookEvery?: number;
  /** Ends the waiting. */
  signal?: AbortSignal | undefined;
  /** Told once for each holder that is waited for. */
  waiting?: ((line: string) => void) | undefined;
  /** For the times that people read in it. They are never compared: clocks differ. */
  now?: () => Date;
  /** Of this program: written beside the holder, for `windlass doctor`. */
  version?: string;
}

const defaultDuration = 15_000;
const defaultPatience = 20_000;
/** What another holder says of its duration is believed up to this. */
const longestDuration = 60_000;

/**
 * Takes the lease `windlass-system/<name>`, so that only one process at a time does what it is named for, and renews it until `release`.
 *
 * No clock of another machine is trusted: a lease counts as abandoned when its object did not change for as long as its holder promised to
 * renew it within, measured here. What is done under a lease can still be done late by a process that was paused: `confirm` before each
 * write keeps that to the one request under way, and what must not be overwritten is written on condition of its resourceVersion.
 *
 * Throws `RetryableError` (`busy`) that names the holder when one that is alive keeps it for longer than `patience`, or the signal aborts.
 */
export async function holdLease(client: Client, name: string, options: LeaseOptions = {}): Promise<HeldLease> {
  const { duration = defaultDuration, patience = defaultPatience, lookEvery = 500, now = () => new Date() } = options;
  const holder = `${hostname()}_${process.pid}_${randomUUID().slice(0, 8)}`;
  const facts = { name, holder, duration, now, version: options.version };
  const began = performance.now();
  let told: string | undefined;
  let seen: { version: string; at: number } | undefined;
  for (;;) {
    const asked = performance.now();
    const found = await readLease(client, name);
    if (found === undefined) {
      const made = await createLease(client, facts);
      if (made !== undefined) return new HeldLease(client, facts, made, asked);
      continue;
    }
    const version = found.metadata.resourceVersion;
    if (seen?.version !== version) seen = { version, at: performance.now() };
    if (isFree(found, facts.holder) || performance.now() - seen.at >= promised(found)) {
      const taken = await putLease(client, facts, found, 'take');
      if (taken !== undefined) return new HeldLease(client, facts, taken, asked);
      continue;
    }
    const line = describeHolder(found);
    if (told !== line) options.waiting?.(`waiting for ${line}`);
    told = line;
    if (options.signal?.aborted || performance.now() - began >= patience) throw busy(name, line);
    await sleep(lookEvery, undefined, options.signal ? { signal: options.signal } : undefined).catch(() => undefined);
  }
}

/** The leases of syncs: `windlass-sync-<name>`. */
export class ClusterLeases implements Leases {
  readonly #client: Client;
  readonly #options: LeaseOptions;

  constructor(client: Client, options: LeaseOptions = {}) {
    this.#client = client;
    this.#options = options;
  }

  take(sync: string, wait: Pick<LeaseOptions, 'signal' | 'waiting'> = {}): Promise<Lease> {
    return holdLease(this.#client, `windlass-sync-${sync}`, { ...this.#options, ...wait });
  }
}

function isFree({ spec: { holderIdentity = '' } }: LeaseObject, me: string): boolean {
  return holderIdentity === '' || holderIdentity === me;
}

function promised({ spec: { leaseDurationSeconds = defaultDuration / 1000 } }: LeaseObject): number {
  return Math.min(leaseDurationSeconds * 1000, longestDuration);
}

function busy(name: string, holder: string): RetryableError {
  return new RetryableError(`another process is at work: the lease ${name} is held by ${holder}; nothing was written`, {
    code: 'busy',
    subject: name,
  });
}
