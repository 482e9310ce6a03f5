import { isDeepStrictEqual } from 'node:util';
import type { WaitingPrune } from '../kube/guard.ts';
import { type AppliedEntry, type AppliedRecord, recordFormat } from '../kube/record.ts';
import type { AppliedRecords } from './ports.ts';

/** What the ledger writes into the record besides its entries. */
interface LedgerFacts {
  sync: string;
  cluster: string;
  revision: string;
  /** Of the sync in the config repo. */
  path: string;
  renderers: Record<string, string>;
}

/** Keeps the applied record up to date while a pull works, and writes it only when something changed. */
export class Ledger {
  readonly #records: Pick<AppliedRecords, 'write'>;
  readonly #facts: LedgerFacts;
  readonly #now: () => Date;
  readonly #entries: Map<string, AppliedEntry>;
  readonly #intent: Set<string>;
  /** What an earlier pull was cut off at: it may have written it. */
  readonly #cutOff: ReadonlySet<string>;
  #revision: string;
  #path: string | undefined;
  #guarded: Map<string, WaitingPrune>;
  #dirty: boolean;
  #writing: Promise<void> | undefined;

  constructor(
    record: AppliedRecord | undefined,
    facts: LedgerFacts,
    records: Pick<AppliedRecords, 'write'>,
    now: () => Date,
  ) {
    this.#records = records;
    this.#facts = facts;
    this.#now = now;
    this.#entries = new Map(record?.entries.map((entry) => [entry.object, entry]));
    this.#cutOff = new Set(record?.intent?.objects);
    this.#intent = new Set(this.#cutOff);
    this.#revision = record?.revision ?? facts.revision;
    this.#path = record === undefined ? facts.path : record.path;
    this.#guarded = byObject(record?.waiting ?? []);
    this.#dirty = record === undefined;
  }

  entry(object: string): AppliedEntry | undefined {
    return this.#entries.get(object);
  }

  /** Before the first write: says in the cluster what is about to be written. */
  async intend(objects: readonly string[]): Promise<void> {
    for (const object of objects) this.#intent.add(object);
    this.#dirty = true;
    await this.save();
  }

  /** The API server answered: this is what it has. */
  settle(entry: AppliedEntry): void {
    this.#intent.delete(entry.object);
    this.set(entry);
  }

  /** The API server refused the object, so it is as it was before this pull; what an earlier one may have written of it stays intended. */
  refuse(object: string): void {
    if (this.#cutOff.has(object)) return;
    this.#dirty = this.#intent.delete(object) || this.#dirty;
  }

  set(entry: AppliedEntry): void {
    this.#entries.set(entry.object, entry);
    this.#dirty = true;
  }

  /** The object is gone, or no longer ours. */
  forget(object: string): void {
    const known = [this.#entries, this.#guarded, this.#intent].map((all) => all.delete(object));
    this.#dirty = known.includes(true) || this.#dirty;
  }

  /** What left Git and is not pruned before somebody approves, and what was approved and is not pruned yet. */
  guard(waiting: readonly WaitingPrune[]): void {
    const guarded = byObject(waiting);
    const same = isDeepStrictEqual([...guarded.values()], [...this.#guarded.values()]);
    this.#guarded = guarded;
    this.#dirty ||= !same;
  }

  /** Everything of the revision was applied. */
  reach(revision: string): void {
    if (this.#revision === revision && this.#path === this.#facts.path) return;
    this.#revision = revision;
    this.#path = this.#facts.path;
    this.#dirty = true;
  }

  /** Writes the record when it differs from the written one. */
  async save(): Promise<void> {
    await this.begin();
    await this.#finish();
  }

  /**
   * Begins to write the record when it differs from the written one, and lets the caller go on: what it applies meanwhile is in the intent
   * already. One write at a time: the one before is waited for, and its failure is thrown.
   */
  async begin(): Promise<void> {
    await this.#finish();
    if (!this.#dirty) return;
    this.#writing = this.#write();
    // Thrown by the next `begin` or `save`.
    this.#writing.catch(() => undefined);
  }

  /** Waits until no write is under way, however it ends: the next pull must not meet one of this pull. */
  async idle(): Promise<void> {
    await this.#writing?.catch(() => undefined);
  }

  async #finish(): Promise<void> {
    const writing = this.#writing;
    this.#writing = undefined;
    await writing;
  }

  async #write(): Promise<void> {
    // What is settled from here on is not in this write.
    this.#dirty = false;
    try {
      await this.#records.write(this.#record());
    } catch (error) {
      this.#dirty = true;
      throw error;
    }
  }

  #record(): AppliedRecord {
    const { sync, cluster, renderers, revision } = this.#facts;
    const intent = this.#intent.size === 0 ? {} : { intent: { revision, objects: [...this.#intent] } };
    return {
      format: recordFormat,
      sync,
      cluster,
      revision: this.#revision,
      ...(this.#path !== undefined && { path: this.#path }),
      at: this.#now().toISOString(),
      renderers,
      entries: [...this.#entries.values()].sort((a, b) => (a.object < b.object ? -1 : 1)),
      ...intent,
      ...(this.#guarded.size > 0 && { waiting: [...this.#guarded.values()] }),
    };
  }
}

function byObject(waiting: readonly WaitingPrune[]): Map<string, WaitingPrune> {
  const sorted = [...waiting].sort((a, b) => (a.object < b.object ? -1 : 1));
  return new Map(sorted.map((one) => [one.object, one]));
}
