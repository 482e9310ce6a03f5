import type { AuditKind, AuditRecord } from '../model/audit-record.ts';
import { cursorOf, type PageOfRecords, type RecordsReader } from './ports.ts';

/** Which records are wanted. */
export interface Wanted {
  /** All unless told. */
  kinds?: readonly AuditKind[];
  /** Each must be among the record's: `sync:shop-prod`, `image:web`. */
  subjects: readonly string[];
}

/** Records of one question to the table. */
const pageSize = 500;
/** Records that are looked through for the last few that are wanted. */
const mostLooked = 10_000;
/** Milliseconds: how far back each look goes, and how far a look each minute does. A report that waited in a queue has the time of what it tells. */
const reach = { usual: 120_000, wide: 3_600_000, wideEvery: 60_000 };

type Reader = Pick<RecordsReader, 'timeline' | 'about'>;

/** Reads the last wanted records, the oldest first. `more` is true where there may be others before them that were not looked at. */
export async function lastRecords(
  reader: Reader,
  wanted: Wanted,
  { since, most }: { since?: string; most: number },
): Promise<{ records: AuditRecord[]; more: boolean }> {
  const found: AuditRecord[] = [];
  let looked = 0;
  for await (const page of pagesOf(reader, wanted, since)) {
    found.push(...page.filter((record) => isWanted(record, wanted)));
    looked += page.length;
    if (found.length > most) return { records: found.slice(0, most).reverse(), more: true };
    if (looked >= mostLooked && since === undefined) return { records: found.reverse(), more: true };
  }
  return { records: found.reverse(), more: false };
}

/**
 * Reads the wanted records as they come, each once. A record's time is that of its fact, and one that tells of something older may come after younger
 * ones: each look goes back a little, and one each minute an hour, and what was given before is left out.
 */
export class Follower {
  readonly #reader: Reader;
  readonly #wanted: Wanted;
  /** The time of each record that is known, by its id. */
  readonly #known = new Map<string, string>();
  #lookedAt: number;
  #widelyAt: number;

  constructor(reader: Reader, wanted: Wanted) {
    this.#reader = reader;
    this.#wanted = wanted;
    this.#lookedAt = 0;
    this.#widelyAt = 0;
  }

  /** Takes what there is for known. Call it first, before the records are read that are shown to begin with. */
  async begin(now: Date): Promise<void> {
    [this.#lookedAt, this.#widelyAt] = [now.getTime(), now.getTime()];
    await this.#unknown(now.getTime() - reach.wide);
  }

  /** Takes these for known. */
  shown(records: readonly AuditRecord[]): void {
    for (const { id, at } of records) this.#known.set(id, at);
  }

  /** The wanted records that are new since the last call, the oldest first. Throws `RetryableError` when the table cannot be read now: nothing is lost by that. */
  async next(now: Date): Promise<AuditRecord[]> {
    const time = now.getTime();
    const isWide = time - this.#widelyAt >= reach.wideEvery;
    // Where nobody looked for long (a machine that slept), what came meanwhile counts as well.
    const from = Math.min(time - (isWide ? reach.wide : reach.usual), this.#lookedAt - reach.usual);
    const found = await this.#unknown(from);
    this.#lookedAt = time;
    if (isWide) this.#widelyAt = time;
    this.#forget(new Date(time - reach.wide - reach.usual).toISOString());
    return found;
  }

  async #unknown(from: number): Promise<AuditRecord[]> {
    const found: AuditRecord[] = [];
    for await (const page of pagesOf(this.#reader, this.#wanted, new Date(from).toISOString())) found.push(...page);
    const fresh = found.filter(({ id }) => !this.#known.has(id));
    for (const { id, at } of fresh) this.#known.set(id, at);
    return fresh.filter((record) => isWanted(record, this.#wanted)).reverse();
  }

  /** No later look goes back so far. */
  #forget(before: string): void {
    for (const [id, at] of this.#known) if (at < before) this.#known.delete(id);
  }
}

/** The newest first, by the one subject that is asked for, else by time. */
async function* pagesOf(
  reader: Reader,
  { subjects: [subject] }: Wanted,
  since: string | undefined,
): AsyncGenerator<AuditRecord[]> {
  let before: string | undefined;
  for (;;) {
    const page: PageOfRecords = { limit: pageSize, ...(since && { since }), ...(before && { before }) };
    const records = subject === undefined ? await reader.timeline(page) : await reader.about(subject, page);
    if (records.length > 0) yield records;
    if (records.length < pageSize) return;
    before = cursorOf(records.at(-1)!);
  }
}

function isWanted({ kind, subjects }: AuditRecord, wanted: Wanted): boolean {
  if (wanted.kinds !== undefined && !wanted.kinds.includes(kind)) return false;
  return wanted.subjects.every((subject) => subjects.includes(subject));
}
