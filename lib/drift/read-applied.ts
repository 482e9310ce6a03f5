import { isSecret } from '../kube/hash.ts';
import type { AppliedEntry, AppliedRecord } from '../kube/record.ts';
import type { Unknown } from '../model/drift.ts';
import type { RecordReader } from './ports.ts';
import { whyNot } from './reason.ts';
import { whileTime } from './time-left.ts';

/** What was applied of a sync, as far as it can be compared. */
export interface Applied {
  sync: string;
  /** True where there is no record at all. */
  isNone?: true;
  /** The revision of the record; absent without one. */
  revision?: string;
  /** When an object was applied last (ISO 8601). */
  appliedAt?: string;
  /** What can be compared. */
  entries: AppliedEntry[];
  /** What cannot, and why. */
  unknown: Unknown[];
  /** For the hashes of Secrets; empty where there is no Secret among the entries. */
  hashKey: Uint8Array;
}

/** Why nothing is known of a sync that has no record. */
export const neverPulled = 'never pulled';

/** How the record is read. */
export interface ReadOptions {
  /** `left`: as if the record had none. */
  secrets?: 'left' | undefined;
  signal?: AbortSignal | undefined;
}

/** Reads the applied record and sorts out what a comparison could only guess at: no record, an interrupted pull, Secrets without their key. */
export async function readApplied(
  sync: string,
  records: RecordReader,
  { secrets, signal }: ReadOptions = {},
): Promise<Applied> {
  const nothing: Applied = { sync, entries: [], unknown: [], hashKey: new Uint8Array() };
  let record: AppliedRecord | undefined;
  try {
    record = await whileTime(records.read(sync, { sparing: true }), signal);
  } catch (error) {
    return { ...nothing, unknown: [{ object: '*', reason: whyNot(error, signal) }] };
  }
  if (record === undefined) return { ...nothing, isNone: true, unknown: [{ object: '*', reason: neverPulled }] };
  const { settled, interrupted } = splitByIntent(secrets === 'left' ? withoutSecrets(record) : record);
  const keyed = await withHashKey(settled, records, signal);
  const appliedAt = record.entries
    .map((entry) => entry.appliedAt)
    .sort()
    .at(-1);
  return {
    sync,
    revision: record.revision,
    ...(appliedAt !== undefined && { appliedAt }),
    entries: keyed.entries,
    unknown: [...interrupted.map(writing), ...keyed.unknown],
    hashKey: keyed.hashKey,
  };
}

/** Says that an object of the record's intent is not compared. */
export function writing(object: string): Unknown {
  return { object, reason: 'a pull is writing it, or was cut off while it did', beingWritten: true };
}

/** The entries that a pull is not just writing, and the names of the objects that it is. */
export function splitByIntent(record: AppliedRecord): { settled: AppliedEntry[]; interrupted: string[] } {
  const interrupted = record.intent?.objects ?? [];
  const writing = new Set(interrupted);
  return { settled: record.entries.filter((entry) => !writing.has(entry.object)), interrupted };
}

function withoutSecrets({ intent, ...record }: AppliedRecord): AppliedRecord {
  const objects = intent?.objects.filter((object) => !object.startsWith('Secret/'));
  return {
    ...record,
    entries: record.entries.filter((entry) => !isSecret(entry)),
    ...(intent && objects && { intent: { ...intent, objects } }),
  };
}

async function withHashKey(
  entries: AppliedEntry[],
  records: RecordReader,
  signal: AbortSignal | undefined,
): Promise<Pick<Applied, 'entries' | 'unknown' | 'hashKey'>> {
  const secrets = entries.filter((entry) => isSecret(entry));
  if (secrets.length === 0) return { entries, unknown: [], hashKey: new Uint8Array() };
  let reason = 'the key of the hashes of Secrets is gone from the cluster';
  try {
    const hashKey = await whileTime(records.savedHashKey(), signal);
    if (hashKey !== undefined) return { entries, unknown: [], hashKey };
  } catch (error) {
    reason = whyNot(error, signal);
  }
  const unknown = secrets.map(({ object }) => ({ object, reason }));
  return { entries: entries.filter((entry) => !isSecret(entry)), unknown, hashKey: new Uint8Array() };
}
