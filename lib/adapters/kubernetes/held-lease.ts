import { messageOf, RetryableError } from '../../model/errors.ts';
import type { Lease } from '../../pull/ports.ts';
import type { Client } from './client.ts';
import { describeHolder, type LeaseFacts, type LeaseObject, putLease, readLease } from './lease-object.ts';

/** A lease that this process has, renewed three times in its duration. */
export class HeldLease implements Lease {
  readonly #client: Client;
  readonly #facts: LeaseFacts;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #object: LeaseObject;
  #renewed: Instant;
  #renewing: Promise<void> | undefined;
  #trouble: unknown;
  #released = false;

  /** `asked`: when the request that took it was made, by `performance.now()`. */
  constructor(client: Client, facts: LeaseFacts, object: LeaseObject, asked: number) {
    this.#client = client;
    this.#facts = facts;
    this.#object = object;
    this.#renewed = { ...instant(), steady: asked };
    this.#timer = setInterval(() => void this.#renew(), facts.duration / 3);
    this.#timer.unref();
  }

  /** Aborts when somebody else has taken it, with what `confirm` throws as reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async confirm(): Promise<void> {
    if (!this.#isFresh()) await this.#renew();
    this.#lost.signal.throwIfAborted();
    if (!this.#isFresh()) throw this.#gone(`it could not be renewed: ${messageOf(this.#trouble)}`);
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#timer);
    await this.#renewing;
    if (this.#lost.signal.aborted) return;
    await putLease(this.#client, this.#facts, this.#object, 'release');
  }

  /** True when nobody can have taken it: the last renewal is younger than two thirds of the duration. */
  #isFresh(): boolean {
    const now = instant();
    // A machine that slept may have stopped its steady clock, and its other one may be set: the later of the two counts.
    const age = Math.max(now.steady - this.#renewed.steady, now.wall - this.#renewed.wall);
    return age < (this.#facts.duration * 2) / 3;
  }

  #renew(): Promise<void> {
    if (this.#released || this.#lost.signal.aborted) return Promise.resolve();
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renewOnce(): Promise<void> {
    const asked = instant();
    const soon = AbortSignal.timeout(this.#facts.duration);
    try {
      const renewed = await putLease(this.#client, this.#facts, this.#object, 'renew', soon);
      if (renewed === undefined) return this.#lose(await readLease(this.#client, this.#facts.name, soon));
      this.#object = renewed;
      this.#renewed = asked;
    } catch (error) {
      // It may still be ours: the next renewal, or `confirm`, tells.
      this.#trouble = error;
    }
  }

  #lose(found: LeaseObject | undefined): void {
    clearInterval(this.#timer);
    this.#lost.abort(this.#gone(found === undefined ? 'it was deleted' : `it is held by ${describeHolder(found)}`));
  }

  #gone(why: string): RetryableError {
    const { name } = this.#facts;
    const message = `the lease ${name} was lost while this process worked, which stopped writing: ${why}`;
    return new RetryableError(message, { code: 'lease-lost', subject: name });
  }
}

/** Two clocks of this machine, in milliseconds. */
interface Instant {
  steady: number;
  wall: number;
}

function instant(): Instant {
  return { steady: performance.now(), wall: Date.now() };
}
