import { RetryableError } from '../model/errors.ts';
import type { AppliedRecords, Cluster, Lease, Leases } from './ports.ts';
import type { PullDeps } from './request.ts';

/** The methods of a cluster that change it. */
const writing = new Set<PropertyKey>(['apply', 'release', 'remove'] satisfies (keyof Cluster)[]);

/**
 * Lets one pull write only while it has the lease of its sync. The lease is taken just before the first write, so that a pull with nothing
 * to do writes nothing at all; then the record must still be the one that was planned from. What was planned from an older one is not done.
 */
export class Fence {
  readonly cluster: Cluster;
  readonly records: AppliedRecords;
  readonly #sync: string;
  readonly #deps: Pick<PullDeps, 'signal' | 'progress'> & { leases: Leases };
  #lease: Promise<Lease> | undefined;
  #entered: Promise<void> | undefined;
  #wrote = false;

  constructor(sync: string, cluster: Cluster, deps: Pick<PullDeps, 'records' | 'leases' | 'signal' | 'progress'>) {
    this.#sync = sync;
    this.#deps = deps;
    const records = deps.records.session();
    this.records = this.#recordsWithin(records);
    this.cluster = this.#clusterWithin(cluster);
  }

  /** True from the first write on: what was begun is not begun anew. */
  get wrote(): boolean {
    return this.#wrote;
  }

  /** Before planning anew; the lease is kept. */
  restart(): void {
    this.#entered = undefined;
  }

  /** Gives the lease back. What prevents that is of no interest: a lease that nobody renews ends by itself. */
  async leave(): Promise<void> {
    const lease = await this.#lease?.catch(() => undefined);
    await lease?.release().catch(() => undefined);
  }

  /** Before each write. Throws `RetryableError`: `busy`, `record-changed` or `lease-lost`. */
  async #enter(): Promise<void> {
    this.#entered ??= this.#begin();
    await this.#entered;
    await (await this.#lease!).confirm();
    this.#wrote = true;
  }

  async #begin(): Promise<void> {
    const { leases, signal, progress } = this.#deps;
    this.#lease ??= leases.take(this.#sync, { signal, waiting: progress });
    await this.#lease;
    if (await this.records.changed(this.#sync)) throw changedMeanwhile(this.#sync);
  }

  #clusterWithin(cluster: Cluster): Cluster {
    return new Proxy(cluster, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (typeof member !== 'function') return member;
        if (name === 'as') return (user: string) => this.#clusterWithin(target.as(user));
        if (!writing.has(name)) return member.bind(target);
        return async (...args: unknown[]) => {
          if (!isDryRun(args)) await this.#enter();
          return await (member as (...all: unknown[]) => Promise<unknown>).apply(target, args);
        };
      },
    });
  }

  #recordsWithin(records: AppliedRecords): AppliedRecords {
    return {
      read: (sync) => records.read(sync),
      changed: (sync) => records.changed(sync),
      hashKey: () => records.hashKey(),
      session: () => records.session(),
      write: async (record) => {
        await this.#enter();
        await records.write(record);
      },
    };
  }
}

/** The options are the last of `apply`'s. */
function isDryRun(args: unknown[]): boolean {
  return (args[2] as { dryRun?: boolean } | undefined)?.dryRun === true;
}

/** What is thrown when a plan was made from a record that is not the record any more. */
export function changedMeanwhile(sync: string): RetryableError {
  return new RetryableError(`another pull of sync ${sync} was at work meanwhile`, {
    code: 'record-changed',
    subject: sync,
  });
}
