import type { AuditKind, AuditRecord } from '../model/audit-record.ts';
import { recordsOfCommit } from './commit-records.ts';
import { newestFirst } from './newest-first.ts';
import type { GitHistory, HistoryCommit, RebuildRecords } from './ports.ts';

/** How a rebuild is asked for. */
export interface RebuildOrder {
  /** Nothing is written. */
  dryRun: boolean;
  /** Told now and then how far it is. */
  onProgress?(progress: Pick<Rebuilt, 'commits' | 'telling'>): void;
}

/** What a rebuild found and did. */
export interface Rebuilt {
  head: string;
  /** Commits that were read, and those of them whose trailers tell of something. */
  commits: number;
  telling: number;
  /** By kind: records that were missing, and those that were there. */
  kinds: Partial<Record<AuditKind, { missing: number; there: number }>>;
  /** The missing ones, newest first: written, unless in a dry run. */
  missing: AuditRecord[];
}

/** Commits that tell something and are looked up at a time. */
const width = 16;
/** Records of one revision that are asked for at a time. */
const pageSize = 100;

/**
 * Restores what Git knows: goes through all commits of the branch and writes the records that their trailers tell of, with the ids and times that they
 * had. What is there stays as it is; of a record that is there in part, the rest is written. Throws what the history and the records throw: the
 * same again goes on where it broke off.
 */
export async function rebuild(order: RebuildOrder, history: GitHistory, records: RebuildRecords): Promise<Rebuilt> {
  const rebuilt: Rebuilt = { head: await history.head(), commits: 0, telling: 0, kinds: {}, missing: [] };
  let waiting: AuditRecord[][] = [];
  const flush = async () => {
    const looked = await Promise.all(waiting.map((told) => lookUp(told, records)));
    waiting = [];
    for (const { told, known } of looked) count(rebuilt, told, known);
    if (!order.dryRun)
      await records.append(looked.flatMap(({ told, known }) => told.map((one) => known.get(one.id) ?? one)));
    order.onProgress?.(rebuilt);
  };
  for await (const commit of history.commits({ from: rebuilt.head })) {
    const told = read(commit, rebuilt);
    if (told.length > 0) waiting.push(told);
    if (waiting.length >= width) await flush();
    else if (rebuilt.commits % 1000 === 0) order.onProgress?.(rebuilt);
  }
  await flush();
  return rebuilt;
}

function read(commit: HistoryCommit, rebuilt: Rebuilt): AuditRecord[] {
  const told = recordsOfCommit(commit);
  rebuilt.commits += 1;
  if (told.length > 0) rebuilt.telling += 1;
  return told;
}

/** Which of a commit's records there are. A commit that was moved may have another time than when it was recorded: its record is known by its id. */
async function lookUp(
  told: AuditRecord[],
  records: Pick<RebuildRecords, 'about'>,
): Promise<{ told: AuditRecord[]; known: Map<string, AuditRecord> }> {
  const wanted = new Set(told.map(({ id }) => id));
  const known = new Map<string, AuditRecord>();
  for await (const record of newestFirst(`revision:${told[0]!.revision}`, { limit: pageSize }, records)) {
    if (wanted.has(record.id)) known.set(record.id, record);
    if (known.size === wanted.size) break;
  }
  return { told, known };
}

function count(rebuilt: Rebuilt, told: readonly AuditRecord[], known: ReadonlyMap<string, AuditRecord>): void {
  for (const record of told) {
    const { missing, there } = rebuilt.kinds[record.kind] ?? { missing: 0, there: 0 };
    const isThere = known.has(record.id);
    rebuilt.kinds[record.kind] = isThere ? { missing, there: there + 1 } : { missing: missing + 1, there };
    if (!isThere) rebuilt.missing.push(record);
  }
}
