import type { AuditRecord } from '../model/audit-record.ts';
import type { Incident } from '../model/incident.ts';
import type { Notice } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';

export type { SyncState } from '../model/state.ts';

/** The tables behind the report flow. */
export interface ReportRecords {
  append(records: AuditRecord[]): Promise<void>;
  syncState(sync: string): Promise<SyncState | undefined>;
  saveSyncState(state: SyncState): Promise<void>;
  openIncidents(sync: string): Promise<Incident[]>;
  /** Writes an incident as it is now; a resolved one leaves the list of open ones. */
  saveIncident(incident: Incident): Promise<void>;
}

/** Puts a message for people on the notify queue. */
export interface Notices {
  send(notice: Notice): Promise<void>;
}
