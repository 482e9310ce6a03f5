import type { AuditRecord } from '../model/audit-record.ts';
import type { Incident } from '../model/incident.ts';
import type { Notice, SyncReported, DriftFound } from '../model/messages.ts';

/** The last known state of one sync: what the page and `status` show. */
export interface SyncState {
  sync: string;
  cluster: string;
  environment?: string;
  /** What the cluster has, and when a pull last ended and a drift check last ran (ISO 8601). */
  revision?: string;
  /** When `revision` was first reported as applied. */
  appliedAt?: string;
  pulledAt?: string;
  checkedAt?: string;
  result?: SyncReported['result'];
  counts?: SyncReported['counts'];
  health: SyncReported['health'];
  errors: SyncReported['errors'];
  /** Number of objects that differ now. */
  drifted: number;
  unknown: DriftFound['unknown'];
}

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
