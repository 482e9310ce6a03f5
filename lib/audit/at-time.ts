import type { AuditRecord } from '../model/audit-record.ts';
import { each } from '../model/each.ts';
import type { SyncState } from '../model/state.ts';
import { newestFirst } from './newest-first.ts';
import type { RecordsReader } from './ports.ts';

/** What one sync was at a time. */
export interface SyncThen {
  sync: string;
  cluster: string;
  environment?: string;
  /** The last pull before that is on record; absent where none is. */
  pull?: { at: string; revision?: string; result: string };
  /** The last one of them that applied everything: what was running. `images` is absent where nobody told. */
  applied?: { at: string; revision?: string; images?: string[] };
}

/** Syncs that are asked about at a time. */
const width = 8;
const pageSize = 25;
/** A sync that failed so often in another way each time is not looked through further. */
const mostRecords = 500;
const kinds = ['synced', 'sync-failed', 'sync-suspended'];

/** What every sync that ever reported was running at a time (ISO 8601). Throws `RetryableError` when the tables cannot be read now. */
export async function runningAt(time: string, records: Pick<RecordsReader, 'syncs' | 'about'>): Promise<SyncThen[]> {
  return await each(await records.syncs(), width, (state) => syncAt(time, state, records));
}

async function syncAt(time: string, state: SyncState, records: Pick<RecordsReader, 'about'>): Promise<SyncThen> {
  const { sync, cluster, environment } = state;
  const name = { sync, cluster, ...(environment !== undefined && { environment }) };
  const own = await lastPulls(`pulls:${sync}`, time, records);
  // Records of an older Windlass are among all that happened to the sync.
  const { last, applied } = own.last === undefined ? await lastPulls(`sync:${sync}`, time, records) : own;
  return { ...name, ...(last && { pull: pullOf(last) }), ...(applied && { applied: appliedOf(applied) }) };
}

async function lastPulls(
  subject: string,
  time: string,
  records: Pick<RecordsReader, 'about'>,
): Promise<{ last?: AuditRecord; applied?: AuditRecord }> {
  let last: AuditRecord | undefined;
  let left = mostRecords;
  for await (const record of newestFirst(subject, { before: time, limit: pageSize }, records)) {
    if (kinds.includes(record.kind)) last ??= record;
    left -= 1;
    if (record.kind === 'synced') return { last, applied: record };
    if (left === 0) break;
  }
  return { last };
}

function pullOf({ at, revision, kind, details }: AuditRecord): SyncThen['pull'] {
  const said = details?.['result'];
  const result = typeof said === 'string' ? said : kind.replace(/^sync-/, '');
  return { at, ...(revision !== undefined && { revision }), result };
}

function appliedOf({ at, revision, details }: AuditRecord): SyncThen['applied'] {
  const images = details?.['images'];
  const isTold = Array.isArray(images) && images.every((one) => typeof one === 'string');
  return { at, ...(revision !== undefined && { revision }), ...(isTold && { images }) };
}
