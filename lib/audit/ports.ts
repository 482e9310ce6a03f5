import type { AuditRecord } from '../model/audit-record.ts';
import type { Incident } from '../model/incident.ts';
import type { ClusterState, CommitSummary, ImageState, SyncState } from '../model/state.ts';

/** One page of records, newest first. */
export interface PageOfRecords {
  /**
   * Only records before this: an ISO 8601 time, or `cursorOf` the last record of the page before, which loses none of several
   * records of one millisecond.
   */
  before?: string;
  /** None from before this time (ISO 8601, UTC, milliseconds). */
  since?: string;
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
  /** Every cluster that was ever checked, by name. */
  clusters(): Promise<ClusterState[]>;
  /** What is wrong now, the oldest first. */
  openIncidents(): Promise<Incident[]>;
  /** Open and resolved ones, the newest first. */
  recentIncidents(limit: number): Promise<Incident[]>;
  /** Those that opened from a time on and before another one (ISO 8601, UTC, milliseconds), the newest first. */
  incidentsBetween(from: string, to: string): Promise<Incident[]>;
  /** One incident by its key; undefined when there never was one. */
  incident(key: string): Promise<Incident | undefined>;
}

/** A commit as the history of the branch tells it. */
export interface HistoryCommit extends Omit<CommitSummary, 'files'> {
  /** The author's mail address, where there is one. */
  mail?: string;
  /** ISO 8601, UTC: when it came to be as it is; `at` may be older, of a commit that was moved onto another. */
  committedAt: string;
}

/** Which commits are asked for. */
export interface HistoryQuery {
  /** The commit to go back from. */
  from: string;
  /** Only those that changed one of these files or directories, now there or not; all unless told. */
  paths?: readonly string[];
  /** None that was committed before (ISO 8601). */
  since?: string;
}

/** The pull request that brought a commit into the branch. */
export interface PullRequest {
  number: number;
  url?: string;
  title?: string;
}

/** The history of the config repo's branch. Methods throw `UserError` for what is not there, `RetryableError` when the host cannot be reached. */
export interface GitHistory {
  readonly branch: string;
  /** The head as it is now. */
  head(): Promise<string>;
  /** Newest first, with what merges brought in. Read as far as it is asked for. */
  commits(query: HistoryQuery): AsyncIterable<HistoryCommit>;
  /** The paths that a commit changed, against its first parent. */
  files(revision: string): Promise<string[]>;
  /** The former path of each file that a commit renamed, against its first parent, by its present one; what the host cannot tell is left out. */
  renames(revision: string): Promise<Map<string, string>>;
  /** True when `ancestor` is the revision, or part of its history. */
  contains(ancestor: string, revision: string): Promise<boolean>;
  /** The pull requests of commits, by revision. Absent where the host has none. */
  pullRequests?(revisions: readonly string[]): Promise<Map<string, PullRequest>>;
}

/** The records as a rebuild fills them. */
export interface RebuildRecords extends Pick<RecordsReader, 'about'> {
  /** Appends; a record that is there already is left as it is, and what lacks of one is added. */
  append(records: AuditRecord[]): Promise<void>;
}
