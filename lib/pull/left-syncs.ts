import { installationSync } from '../install/names.ts';
import type { LeftSync } from '../model/messages.ts';
import type { AppliedRecords } from './ports.ts';

/** The applied records of a cluster, of which one can ask whose they are. */
export interface RecordedSyncs extends Pick<AppliedRecords, 'read'> {
  /** The syncs that have a record. Throws where that cannot be told. */
  syncs(): Promise<string[]>;
}

/**
 * The syncs that the cluster has a record with objects of, and windlass.yaml does not have any more. Throws where the records cannot be read.
 * What `windlass install` applied is none of them. Give it records of its own: what it reads must not count as seen by a pull.
 */
export async function leftSyncs(known: readonly string[], records: RecordedSyncs): Promise<LeftSync[]> {
  const left = (await records.syncs()).filter((sync) => !known.includes(sync) && sync !== installationSync);
  const counted = await Promise.all(
    left.map(async (sync) => {
      const record = await records.read(sync);
      const objects = new Set([
        ...(record?.entries ?? []).map(({ object }) => object),
        ...(record?.intent?.objects ?? []),
      ]);
      return { sync, objects: objects.size };
    }),
  );
  return counted.filter(({ objects }) => objects > 0);
}
