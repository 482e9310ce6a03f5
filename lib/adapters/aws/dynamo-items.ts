import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type AuditRecord, auditKinds } from '../../model/audit-record.ts';
import { UserError } from '../../model/errors.ts';
import type { Incident } from '../../model/incident.ts';
import type { ClusterState, ImageState, SyncState } from '../../model/state.ts';
import type { Item } from './dynamo-table.ts';
import { shorten } from './shorten.ts';

/** Written into every item; a reader refuses what it does not know. */
const format = 1;

/** Bytes of JSON that the details of a record may take: an item is written once for each subject. */
const longestDetails = 24_000;
/** The content of an incident has the names of hundreds of objects: one whose name is lost would be told as new. At three bytes a character it fits into an item. */
const longestContent = 120_000;
const longestSummary = 1_000;
/** Bytes of JSON that the state of a sync may take: DynamoDB allows 400 KB for an item. */
const longestState = 360_000;
/** DynamoDB allows 2,048 bytes for a partition key and 1,024 for a sort key. */
const longestKey = 900;

/** The partitions of the two tables. */
export const partitions = {
  // Of the audit table, whose items are never changed or deleted:
  /** Records of one UTC day; no day's partition is written to after it, save by late facts. */
  day: (day: string) => `timeline#${day}`,
  about: (subject: string) => `about#${keyText(subject)}`,
  /** The days that have records, so that a reader never probes empty ones. */
  days: 'days',
  // Of the state table:
  syncs: 'state#sync',
  clusters: 'state#cluster',
  images: 'state#image',
  recorded: 'state#recorded',
  incidents: 'incident',
  openIncidents: 'incident-open',
  lastIncidents: 'incident-last',
} as const;

/** Whether a partition is one of the audit table. */
export function isAudit(pk: string): boolean {
  return pk === partitions.days || [partitions.day(''), partitions.about('')].some((begin) => pk.startsWith(begin));
}

/** The UTC day of a time or cursor: its first ten characters. */
export function dayOf(at: string): string {
  return at.slice(0, 10);
}

/** A text as (part of) a key: a long one is cut and ends with its hash. */
export function keyText(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= longestKey) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return `${bytes
    .subarray(0, longestKey - 40)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}~${hash}`;
}

/** Every item that one record becomes: its place in the timeline first, then one for each subject. */
export function itemsOf(record: AuditRecord): Item[] {
  const at = timeOf(record.at);
  const attributes = {
    sk: `${at}#${record.id}`,
    format,
    id: record.id,
    at,
    kind: record.kind,
    actor: record.actor,
    subjects: record.subjects,
    revision: record.revision,
    result: record.result,
    summary: shorten(record.summary, longestSummary) as string,
    details: record.details === undefined ? undefined : JSON.stringify(shorten(record.details, longestDetails)),
  };
  const keys = [partitions.day(dayOf(at)), ...new Set(record.subjects.map(partitions.about))];
  return keys.map((pk) => ({ pk, ...attributes }));
}

function timeOf(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) throw new TypeError(`a record's time is none: ${JSON.stringify(at)}`);
  return time.toISOString();
}

const recordShape = z.object({
  format: z.literal(format),
  id: z.string(),
  at: z.string(),
  kind: z.enum(auditKinds),
  actor: z.string(),
  subjects: z.array(z.string()),
  revision: z.string().optional(),
  result: z.enum(['ok', 'failed', 'skipped']),
  summary: z.string(),
  details: z.string().optional(),
});

/** Reads a record back. Throws `UserError` for an item of another format. */
export function recordOf(item: Item): AuditRecord {
  return understood(item, () => {
    const { format: _, details, ...record } = recordShape.parse(item);
    if (details === undefined) return record;
    return { ...record, details: z.record(z.string(), z.unknown()).parse(JSON.parse(details)) };
  });
}

/** The item of a sync's state. `pulledAt` and `checkedAt` are what a stale writer is known by. */
export function syncItem(state: SyncState): Item {
  return {
    pk: partitions.syncs,
    sk: keyText(state.sync),
    format,
    pulledAt: state.pulledAt ?? '0',
    checkedAt: state.checkedAt ?? '0',
    body: syncBody(state),
  };
}

// An item that DynamoDB refuses would keep all reports of the sync back.
function syncBody(state: SyncState): string {
  const body = JSON.stringify(state);
  // A character takes at most three bytes.
  return Buffer.byteLength(body) <= longestState ? body : JSON.stringify(shorten(state, longestState / 3));
}

/** The item of a cluster's state. */
export function clusterItem(state: ClusterState): Item {
  const key = { pk: partitions.clusters, sk: keyText(state.cluster) };
  return { ...key, format, checkedAt: state.checkedAt, body: JSON.stringify(state) };
}

/** The item of an image policy's state. */
export function imageItem(state: ImageState): Item {
  return { pk: partitions.images, sk: keyText(state.policy), format, at: state.at, body: JSON.stringify(state) };
}

/** The item that keeps an incident for good. */
export function incidentItem(incident: Incident): Item {
  return { pk: partitions.incidents, sk: keyText(incident.key), ...incidentAttributes(incident) };
}

/** The item that is there while the incident is open: one place for each thing that it may be about. */
export function openIncidentItem(incident: Incident): Item {
  return { pk: partitions.openIncidents, sk: placeOf(incident), ...incidentAttributes(incident) };
}

/** The item that keeps the incident about a thing that was resolved last. */
export function lastIncidentItem(incident: Incident): Item {
  return { pk: partitions.lastIncidents, sk: placeOf(incident), ...incidentAttributes(incident) };
}

/** Where the open incidents of a sync begin. */
export function openPlaces(sync: string): string {
  return `${keyText(sync)}#`;
}

/**
 * The sort key of what an incident is about: without a sync `@` and its cluster, without both `-`, which no sync is named. A sync may have left
 * several clusters, and each tells of its own.
 */
export function placeOf(incident: Pick<Incident, 'kind' | 'sync' | 'object' | 'cluster'>): string {
  const { kind, sync, cluster, object = kind === 'sync-left' ? cluster : undefined } = incident;
  const where = sync ?? (cluster === undefined ? '-' : `@${cluster}`);
  return keyText(`${openPlaces(where)}${kind}#${object ?? ''}`);
}

function incidentAttributes(incident: Incident) {
  const { many, drift, details, who, ...rest } = incident;
  const content = shorten({ many, drift, details, who }, longestContent) as Pick<
    Incident,
    'many' | 'drift' | 'details' | 'who'
  >;
  return {
    format,
    key: incident.key,
    kind: incident.kind,
    title: incident.title,
    openedAt: incident.openedAt,
    changedAt: incident.changedAt,
    resolvedAt: incident.resolvedAt,
    body: JSON.stringify({ ...rest, ...content }),
  };
}

const syncShape = z.looseObject({
  sync: z.string(),
  cluster: z.string(),
  health: z.array(z.looseObject({ object: z.string(), status: z.string() })),
  errors: z.array(z.looseObject({ message: z.string() })),
  drifted: z.number(),
  unknown: z.array(z.looseObject({ object: z.string(), reason: z.string() })),
});

const clusterShape = z.object({
  cluster: z.string(),
  checkedAt: z.string(),
  left: z.boolean().optional(),
  clusters: z.array(z.string()).optional(),
  syncs: z.array(z.string()),
  objects: z.number(),
  limits: z.object({ puller: z.number(), checker: z.number(), held: z.number() }),
  blindChecks: z.number(),
  stopped: z.array(z.object({ file: z.string(), since: z.string() })),
}) satisfies z.ZodType<ClusterState>;

const imageShape = z.looseObject({
  policy: z.string(),
  repository: z.string(),
  current: z.array(z.string()),
  holds: z.array(z.looseObject({ tag: z.string() })),
  at: z.string(),
});

const incidentShape = z.looseObject({
  key: z.string(),
  kind: z.string(),
  title: z.string(),
  openedAt: z.string(),
  changedAt: z.string(),
  contentHash: z.string(),
});

/** Reads a sync's state back. Throws `UserError` for an item of another format. */
export const syncStateOf = (item: Item): SyncState => bodyOf(item, syncShape) as unknown as SyncState;

/** Reads a cluster's state back. Throws `UserError` for an item of another format. */
export const clusterStateOf = (item: Item): ClusterState => bodyOf(item, clusterShape);

/** Reads an image policy's state back. Throws `UserError` for an item of another format. */
export const imageStateOf = (item: Item): ImageState => bodyOf(item, imageShape) as unknown as ImageState;

/** Reads an incident back. Throws `UserError` for an item of another format. */
export const incidentOf = (item: Item): Incident => bodyOf(item, incidentShape) as unknown as Incident;

function bodyOf<T>(item: Item, shape: z.ZodType<T>): T {
  return understood(item, () => {
    const { body } = z.object({ format: z.literal(format), body: z.string() }).parse(item);
    return shape.parse(JSON.parse(body));
  });
}

function understood<T>(item: Item, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const written = item['format'] === format ? 'broken' : `of format ${JSON.stringify(item['format'])}`;
    throw new UserError(
      `the item pk="${item.pk}" sk="${item.sk}" of the records is ${written}, this Windlass reads format ${format}: ` +
        'update Windlass if a newer one wrote it, else look at the item and delete it',
      { code: 'record-not-understood', subject: `${item.pk} ${item.sk}`, cause },
    );
  }
}
