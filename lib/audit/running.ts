import type { AuditRecord } from '../model/audit-record.ts';
import { formatImageRef, parseImageRef } from '../model/image-ref.ts';
import type { RunningImage } from '../model/running-images.ts';
import type { SyncState } from '../model/state.ts';
import { newestFirst } from './newest-first.ts';
import type { RecordsReader } from './ports.ts';

/** A sync that runs an image now. */
export interface RunningSync {
  sync: string;
  cluster: string;
  environment?: string;
  /** As its workloads have it. */
  ref: string;
  /** ISO 8601: when a pull first said so. */
  since: string;
  /** `tag`: the reference has no digest, and its tag was at the one asked for when it was last heard of. */
  by: 'digest' | 'tag';
  /** True where windlass.yaml has the sync no more: what it applied stays. */
  left?: boolean;
}

/** Where an image runs. */
export interface Running {
  syncs: RunningSync[];
  /** Syncs whose puller does not tell what they run. */
  untold: string[];
}

/** Records that are looked at to learn of which tag a digest was, and the other way round. */
const known = 100;
/** Of a tag whose last bump is further back, each sync having told since that it runs it or did, it is not known. */
const mostSince = 1_000;

/** Where a digest or `repository:tag` runs now, by the states of the syncs. Throws `RetryableError` when the tables cannot be read now. */
export async function whereRunning(
  image: { digest: string } | { ref: string },
  records: Pick<RecordsReader, 'syncs' | 'about'>,
): Promise<Running> {
  const states = await records.syncs();
  const tags = 'ref' in image ? new Set([image.ref]) : await tagsOf(image.digest, states, records);
  return {
    syncs: states.flatMap((state) => runningIn(state, image, tags)),
    untold: states
      .filter(({ images, revision }) => images === undefined && revision !== undefined)
      .map(({ sync }) => sync),
  };
}

function runningIn(
  { sync, cluster, environment, images = [], left }: SyncState,
  image: { digest: string } | { ref: string },
  tags: ReadonlySet<string>,
): RunningSync[] {
  return images.flatMap(({ ref, since }): RunningSync[] => {
    const by = howItIs(ref, image, tags);
    if (by === undefined) return [];
    return [
      { sync, cluster, ...(environment !== undefined && { environment }), ref, since, by, ...(left && { left: true }) },
    ];
  });
}

function howItIs(
  ref: string,
  image: { digest: string } | { ref: string },
  tags: ReadonlySet<string>,
): 'digest' | 'tag' | undefined {
  const parsed = parseImageRef(ref);
  if (parsed === undefined) return undefined;
  if ('digest' in image && parsed.digest !== undefined) return parsed.digest === image.digest ? 'digest' : undefined;
  if (!tags.has(formatImageRef({ ...parsed, digest: undefined }))) return undefined;
  return 'tag';
}

/** Of the tags that syncs run without a digest, those that were at the digest when they were last heard of. */
async function tagsOf(
  digest: string,
  states: readonly SyncState[],
  records: Pick<RecordsReader, 'about'>,
): Promise<Set<string>> {
  const heard = await records.about(`digest:${digest}`, { limit: known });
  const running = new Set(states.flatMap(({ images = [] }) => images.map(({ ref }: RunningImage) => ref)));
  const tags = new Set(heard.flatMap(refsOf).filter((ref) => running.has(ref)));
  const last = await Promise.all([...tags].map(async (ref) => ({ ref, digest: await lastDigest(ref, records) })));
  return new Set(last.filter((one) => one.digest === digest).map(({ ref }) => ref));
}

function refsOf({ subjects }: AuditRecord): string[] {
  return subjects.filter((one) => one.startsWith('ref:')).map((one) => one.slice('ref:'.length));
}

/** Only what came from a registry says where a tag points: a record that a sync runs it has it from there. */
async function lastDigest(ref: string, records: Pick<RecordsReader, 'about'>): Promise<string | undefined> {
  let left = mostSince;
  for await (const { kind, details } of newestFirst(`ref:${ref}`, { limit: known }, records)) {
    const digest = details?.['digest'];
    if (!kind.startsWith('image-') && typeof digest === 'string') return digest;
    left -= 1;
    if (left === 0) break;
  }
  return undefined;
}
