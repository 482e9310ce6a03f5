import type { AuditRecord } from '../model/audit-record.ts';
import type { Metrics } from '../model/delivery-figures.ts';
import type { Incident } from '../model/incident.ts';
import type { CommitSummary, ImageState, SyncState } from '../model/state.ts';

/** Everything that the page shows, in one value. */
export interface DashboardState {
  /** ISO 8601: when this was read. */
  at: string;
  /** Where Git is, and what the head of its branch is; `problem` says why the file at the head is not in use, `readOnly` that nothing is bumped. */
  repo: { url: string; branch: string; head?: string; problem?: string; readOnly?: boolean };
  /** What a person needs to look into the cluster; `existing` is set for one that is not the embedded one: its context, and its name in windlass.yaml. */
  cluster: { kubeconfig: string; server: string; existing?: { context: string; name: string } };
  images: ImageState[];
  /** Newest first. */
  commits: CommitSummary[];
  /** In the order in which they are pulled. */
  syncs: SyncState[];
  /** Open ones first, then those resolved lately. */
  incidents: Incident[];
  /** Newest first. */
  timeline: AuditRecord[];
  /** How changes were delivered, and drift found and put right, in the last 30 days. */
  metrics?: Metrics;
}

/** What the page reads and does. */
export interface DashboardPorts {
  state(): Promise<DashboardState>;
  /** How changes were delivered, and drift found and put right, in the last days. */
  metrics(days: number): Promise<Metrics>;
  /** Yields after each change of the state, until the signal aborts. */
  changes(signal: AbortSignal): AsyncIterable<void>;
  /** Stands for an image push; absent where real pushes are the only ones. Throws `UserError` for an unknown repository or a bad tag. */
  push?(repository: string, tag: string): Promise<void>;
  /** True for a repository in a registry of its own, where `push` puts nothing: there is no form for it. */
  isElsewhere?(repository: string): boolean;
  /** One file of `assets/`. */
  asset(name: string): Promise<Uint8Array>;
}
