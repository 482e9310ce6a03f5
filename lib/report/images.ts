import { type AuditRecord, recordId } from '../model/audit-record.ts';
import { imageSubjects } from '../model/audit-subjects.ts';
import { each } from '../model/each.ts';
import { type ImageRef, parseImageRef, shortImageRef } from '../model/image-ref.ts';
import type { Report, SyncReported } from '../model/messages.ts';
import { mostImages, type RunningImage } from '../model/running-images.ts';
import type { SyncState } from '../model/state.ts';
import type { ReportRecords } from './ports.ts';
import { imagesBefore, isLate } from './state.ts';

/** Lookups under way at a time. */
const width = 10;

/** What changed of the images that a sync runs. */
interface ImageChanges {
  begun: string[];
  left: RunningImage[];
}

/** A record for each image reference that a sync began or ceased to run. The records are asked what bump knew of those. */
export async function imageRecords(
  report: Report,
  state: SyncState | undefined,
  records: Pick<ReportRecords, 'bumpedImage'>,
): Promise<AuditRecord[]> {
  if (report.type !== 'SyncReported' || report.images === undefined || isLate(state, report)) return [];
  const before = imagesBefore(state, report);
  const { begun, left } = changesOf(before ?? [], report.images);
  // Of a sync that ran before anybody told what, it is not known since when.
  const unknownSince = before === undefined && state?.revision !== undefined;
  const changes = [...begun.map((ref) => ({ ref, since: undefined })), ...left];
  return await each(changes, width, async ({ ref, since }) => {
    const image = await knownImage(ref, records);
    return since === undefined
      ? runningRecord(report, ref, image, unknownSince)
      : leftRecord(report, ref, image, since);
  });
}

function changesOf(before: readonly RunningImage[], now: readonly string[]): ImageChanges {
  const known = new Set(before.map(({ ref }) => ref));
  const last = now.length >= mostImages ? now.at(-1)! : undefined;
  // Beyond the end of a list that may be cut nothing is known.
  const isUnknown = (ref: string) => last !== undefined && ref > last;
  return {
    begun: now.filter((ref) => !known.has(ref)),
    left: before.filter(({ ref }) => !now.includes(ref) && !isUnknown(ref)),
  };
}

/** A reference with what is known beside it. */
type Known = Partial<ImageRef> & { policies: string[] };

async function knownImage(ref: string, records: Pick<ReportRecords, 'bumpedImage'>): Promise<Known> {
  const parsed = parseImageRef(ref);
  const [subject] = parsed === undefined ? [] : imageSubjects(parsed);
  const bumped = subject === undefined ? undefined : await records.bumpedImage(subject);
  return { ...parsed, digest: parsed?.digest ?? bumped?.digest, policies: bumped?.policies ?? [] };
}

/** The record is of the pull that brought the image: how it went on is told by those of the sync. */
const wordOf: Record<Exclude<SyncReported['result'], 'synced'>, string> = {
  progressing: 'rolling out',
  unhealthy: 'unhealthy',
  failed: 'failed',
};

function runningRecord(report: SyncReported, ref: string, image: Known, unknownSince: boolean): AuditRecord {
  const how = report.result === 'synced' ? '' : ` (then ${wordOf[report.result]})`;
  const since = unknownSince ? ', since when is not known' : '';
  return {
    ...base('image-running', report, ref, image),
    summary: `${report.sync} runs ${shortImageRef(ref)}${how}${since}`,
    details: { ...details(report, ref, image), result: report.result, ...(unknownSince && { unknownSince }) },
  };
}

function leftRecord(report: SyncReported, ref: string, image: Known, since: string): AuditRecord {
  return {
    ...base('image-left', report, ref, image),
    summary: `${report.sync} no longer runs ${shortImageRef(ref)}`,
    details: { ...details(report, ref, image), since },
  };
}

function base(kind: 'image-running' | 'image-left', report: SyncReported, ref: string, image: Known) {
  const { cluster, sync, run, revision, at } = report;
  const { repository, tag, digest, policies } = image;
  return {
    id: recordId(kind, cluster, sync, ref, run),
    at,
    kind,
    actor: 'windlass pull',
    subjects: [
      `sync:${sync}`,
      `run:${run}`,
      ...(revision === undefined ? [] : [`revision:${revision}`]),
      ...policies.map((policy) => `image:${policy}`),
      ...(repository === undefined ? [] : imageSubjects({ repository, tag, digest })),
    ],
    ...(revision !== undefined && { revision }),
    result: 'ok' as const,
  };
}

function details({ sync, cluster, environment }: SyncReported, ref: string, { digest }: Known) {
  return { sync, cluster, ...(environment !== undefined && { environment }), ref, ...(digest && { digest }) };
}
