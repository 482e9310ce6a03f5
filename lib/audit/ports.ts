import type { AuditRecord } from '../model/audit-record.ts';
import type { Incident } from '../model/incident.ts';
import type { ImageState, SyncState } from '../model/state.ts';

/** One page of records, newest first. */
export interface PageOfRecords {
  /**
   * Only records before this: an ISO 8601 time, or `cursorOf` the last record of the page before, which loses none of several
   * records of one millisecond.
   */
  before?: string;
  /** At most so many; a shorter page is the last one. */
  limit: number;
}

/** The cursor that the next page starts from. */
export function cursorOf(record: Pick<AuditRecord, 'at' | 'id'>): string {
  return `${record.at}#${record.id}`;
}

/**
 * What the page and the CLI ask. Each answer is a query (or a few, where a page goes over midnight), never a scan.
 * Throws `RetryableError` when the table cannot be read now. An item that cannot be understood is left out of a list, and told to whoever
 * opened the reader.
 */
export interface RecordsReader {
  /** Everything that happened. */
  timeline(page: PageOfRecords): Promise<AuditRecord[]>;
  /** What happened to one subject, written as in `AuditRecord.subjects`: `object:apps/Deployment/shop/web`. */
  about(subject: string, page: PageOfRecords): Promise<AuditRecord[]>;
  /** Every sync that ever reported, by name. */
  syncs(): Promise<SyncState[]>;
  /** Every image policy that bump has looked at, by name. */
  images(): Promise<ImageState[]>;
  /** What is wrong now, the oldest first. */
  openIncidents(): Promise<Incident[]>;
  /** Open and resolved ones, the newest first. */
  recentIncidents(limit: number): Promise<Incident[]>;
  /** Those that opened from a time on and before another one (ISO 8601, UTC, milliseconds), the newest first. */
  incidentsBetween(from: string, to: string): Promise<Incident[]>;
  /** One incident by its key; undefined when there never was one. */
  incident(key: string): Promise<Incident | undefined>;
}
