import type { AppliedRecord } from '../kube/record.ts';

/** All applied records of a cluster, read only. */
export interface AllRecords {
  /** The syncs that have a record. Throws where that cannot be told. */
  syncs(): Promise<string[]>;
  read(sync: string): Promise<AppliedRecord | undefined>;
}

/** What one sync has, or is about to have, in the cluster. */
export interface RecordedSync {
  sync: string;
  /** Written names, also of what a pull is just writing. */
  objects: string[];
  uids: string[];
}

const nothing: Pick<AppliedRecord, 'entries' | 'intent'> = { entries: [] };

/** What all syncs have applied in a cluster, also those that left windlass.yaml. Throws where one of the records cannot be read. */
export async function allRecorded(records: AllRecords): Promise<RecordedSync[]> {
  const syncs = await records.syncs();
  const read = await Promise.all(syncs.sort().map(async (sync) => ({ sync, record: await records.read(sync) })));
  return read.map(({ sync, record: { entries, intent } = nothing }) => ({
    sync,
    objects: [...new Set([...entries.map(({ object }) => object), ...(intent?.objects ?? [])])],
    uids: entries.map(({ uid }) => uid),
  }));
}
