import type { AppliedRecord } from '../kube/record.ts';
import { each } from '../model/each.ts';

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

/** Records that are read at once. */
const recordsAtOnce = 4;

const nothing: Pick<AppliedRecord, 'entries' | 'intent'> = { entries: [] };

/** What all syncs have applied in a cluster, also those that left windlass.yaml. Throws where one of the records cannot be read. */
export async function allRecorded(records: AllRecords): Promise<RecordedSync[]> {
  const syncs = await records.syncs();
  // Not all records are held at once: each may have thousands of entries.
  return await each(syncs.sort(), recordsAtOnce, async (sync) => {
    const { entries, intent } = (await records.read(sync)) ?? nothing;
    return {
      sync,
      objects: [...new Set([...entries.map(({ object }) => object), ...(intent?.objects ?? [])])],
      uids: entries.map(({ uid }) => uid),
    };
  });
}
