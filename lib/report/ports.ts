import type { AuditRecord } from '../model/audit-record.ts';
import type { Incident } from '../model/incident.ts';
import type { Notice } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';

export type { SyncState } from '../model/state.ts';

/** The tables behind the report flow. Every method throws `RetryableError` when they cannot be reached. */
export interface ReportRecords {
  append(records: AuditRecord[]): Promise<void>;
  syncState(sync: string): Promise<SyncState | undefined>;
  /** Throws `RetryableError` when the table has the state of a newer pull or check than this one was made from. */
  saveSyncState(state: SyncState): Promise<void>;
  /** Of one sync, or of all. */
  openIncidents(sync?: string): Promise<Incident[]>;
  /** The incident of the same kind, sync and object that was resolved last; undefined when there was none. */
  lastIncident(of: Pick<Incident, 'kind' | 'sync' | 'object'>): Promise<Incident | undefined>;
  /**
   * Writes an incident as it is now; a resolved one leaves the list of open ones. Throws `RetryableError` when another one was opened for
   * the same thing meanwhile.
   */
  saveIncident(incident: Incident): Promise<void>;
}

/** Puts a message for people on the notify queue. */
export interface Notices {
  send(notice: Notice): Promise<void>;
}
