import type { MetricName } from '../config/metric-names.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { Incident } from '../model/incident.ts';
import type { IncidentEvent } from '../model/incident-event.ts';
import type { Notice, RollbackWanted, WhoWanted } from '../model/messages.ts';
import type { ClusterState, SyncState } from '../model/state.ts';

export type { SyncState } from '../model/state.ts';

/** The times of a bump (ISO 8601). */
export interface BumpTimes {
  bumpedAt: string;
  /** When the first push was that it answers; absent where it answers none that is on record. */
  pushedAt?: string;
  /** When the first of the commits was made that its images were built of; absent where none of them says it. */
  sourceAt?: string;
}

/** The tables behind the report flow. Every method throws `RetryableError` when they cannot be reached. */
export interface ReportRecords {
  append(records: AuditRecord[]): Promise<void>;
  syncState(sync: string): Promise<SyncState | undefined>;
  /** The states of all syncs that ever reported. */
  syncs(): Promise<SyncState[]>;
  /** Throws `RetryableError` when the table has the state of a newer pull or check than this one was made from. */
  saveSyncState(state: SyncState): Promise<void>;
  /** Undefined before the first check of the cluster. */
  clusterState(cluster: string): Promise<ClusterState | undefined>;
  /** Saves the state; one of a later check stays. */
  saveClusterState(state: ClusterState): Promise<void>;
  /** Of one sync, or of all. */
  openIncidents(sync?: string): Promise<Incident[]>;
  /** What is on record of a commit of bump; undefined for one of somebody else. */
  bump(revision: string): Promise<BumpTimes | undefined>;
  /** What bumps that moved an image to this said, by its subject (`ref:...`, `digest:...`): the policies, and the digest that the tag had at the last one. */
  bumpedImage(subject: string): Promise<{ policies: string[]; digest?: string } | undefined>;
  /** The incident of the same kind, sync (or, without one, cluster) and object that was resolved last; undefined when there was none. */
  lastIncident(of: Pick<Incident, 'kind' | 'sync' | 'object' | 'cluster'>): Promise<Incident | undefined>;
  /**
   * Writes an incident as it is now; a resolved one leaves the list of open ones. Throws `RetryableError` when another one was opened for
   * the same thing meanwhile.
   */
  saveIncident(incident: Incident): Promise<void>;
}

/** The tables behind the attribution of a drift. Every method throws `RetryableError` when they cannot be reached. */
export interface AttributionRecords {
  append(records: AuditRecord[]): Promise<void>;
  /** An incident by its key, whether it is open or not; undefined where there never was one. */
  incident(key: string): Promise<Incident | undefined>;
  /** Saves `who` of an incident, which is otherwise as it was read. Throws `RetryableError` when it changed meanwhile. */
  saveWho(incident: Incident): Promise<void>;
}

/** Asks some minutes later who is behind a drift: by then the API server's audit log can be read. */
export interface WhoAsks {
  /** False where windlass.yaml does not switch it on for the cluster. */
  isWanted(cluster: string): Promise<boolean>;
  send(wanted: WhoWanted): Promise<void>;
}

/**
 * Asks for rollbacks, through the one queue of what writes to the branch. Methods throw `RetryableError` where that cannot be done now, `UserError` where
 * somebody must mend it.
 */
export interface Rollbacks {
  /** False where windlass.yaml asks for none in the sync. */
  isWanted(of: { cluster: string; sync: string }): Promise<boolean>;
  send(wanted: RollbackWanted): Promise<void>;
}

/** Puts a message for people on the notify queue. */
export interface Notices {
  send(notice: Notice): Promise<void>;
}

/** Puts the steps of incidents on a bus, for programs; each may come twice, with the same id. */
export interface Events {
  send(events: readonly IncidentEvent[]): Promise<void>;
}

/** Where it is measured. */
export interface Measures {
  /** Notes a value of a metric. */
  add(name: MetricName, value: number): void;
  /** Writes a line of the log about drift that is over, for whoever asks by cluster, sync or object. */
  over(fields: Record<string, unknown>): void;
}

/** How a sync, or a whole environment, stands with a commit. `failure`: it is not healthy; `error`: it could not be applied. */
export interface CommitStatus {
  state: 'pending' | 'success' | 'failure' | 'error';
  /** One line of at most 140 characters. */
  description: string;
}

/**
 * What the host of the config repo shows on its commits. Every method throws `RetryableError` for what may pass, and `UserError` when the host
 * refuses, as for a missing permission. The same status twice does no harm.
 */
export interface CommitStatuses {
  /** Sets the status of a context (`windlass/shop-prod`) on a commit. False when the host does not have the commit. */
  setStatus(revision: string, context: string, status: CommitStatus): Promise<boolean>;
  /** The deployment of a commit to an environment: the one that is there, else a new one. Undefined when the host does not have the commit. */
  openDeployment(wanted: { environment: string; revision: string; description: string }): Promise<number | undefined>;
  /** `inactive`: another one took its place. */
  setDeploymentStatus(id: number, status: CommitStatus | { state: 'inactive'; description: string }): Promise<void>;
}

/** A status as it was told, with the key of the reason that it gives. */
export interface ToldStatus extends CommitStatus {
  reason?: string;
}

/** What the host was told last about a sync. */
export interface ToldSync {
  sync: string;
  /** ISO 8601: of the report that said so. */
  at: string;
  revision: string;
  /** Absent when an answer got lost: what the host shows is not known. */
  status?: ToldStatus;
  /** An earlier commit that was left `pending`: later ones brought the sync nothing, so its roll-out goes on. */
  unfinished?: string;
}

/** The deployment that an environment has now, and what the host was told about it. */
export interface ToldEnvironment {
  environment: string;
  /** The commit that last brought the environment something. */
  revision: string;
  /** ISO 8601: of the report that brought it. */
  openedAt: string;
  /** The sync that brought it; its reports alone open the deployment. */
  opener: string;
  /** The host's; absent until it is open. */
  id?: number;
  /** The host does not have the commit, or refuses: it is not asked again. */
  leftOut?: boolean;
  syncs: Record<string, ToldStatus>;
  /** Absent when nothing was told yet, or an answer got lost. */
  told?: ToldStatus;
  /** Deployments that this one took the place of before they were done; they are to become inactive. */
  superseded: number[];
  /** Commits that the environment had before, newest first. */
  past: string[];
}

/** Keeps what the host was told. Methods throw `RetryableError` for a table that is throttled or away, `UserError` for an item that is broken. */
export interface ToldStore {
  sync(sync: string): Promise<ToldSync | undefined>;
  /** What is newer stays. */
  saveSync(told: ToldSync): Promise<void>;
  environment(environment: string): Promise<{ told: ToldEnvironment; version: number } | undefined>;
  /** Saves as `version + 1`; `version` is 0 where there was none. False when there is another version by now. */
  saveEnvironment(told: ToldEnvironment, version: number): Promise<boolean>;
}

/** What was done in one hour because of the reports of one cluster. */
export interface HourCount {
  /** What is counted, and of whom. */
  of: string;
  /** The hour of the clock: `2026-11-22T12`, UTC. */
  hour: string;
  /** Ids of what was done: what comes a second time is counted once. */
  ids: string[];
  /** When there was too much of it for the first time (ISO 8601); absent while there was room for all. */
  fullAt?: string;
  /** People know that. */
  isKnown?: boolean;
}

/** Keeps the last such hour of each. Methods throw `RetryableError` for a table that is throttled or away, `UserError` for an item that is broken. */
export interface HourCounts {
  count(of: string): Promise<{ count: HourCount; version: number } | undefined>;
  /** Saves as `version + 1`; `version` is 0 where there was none. False when there is another version by now. */
  saveCount(count: HourCount, version: number): Promise<boolean>;
}
