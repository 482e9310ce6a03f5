import type { SyncReported } from './messages.ts';

/** A condition of a Sync, as Kubernetes has them everywhere. */
export interface Condition {
  type: 'Ready' | 'Reconciling' | 'Stalled';
  status: 'True' | 'False';
  observedGeneration: number;
  /** ISO 8601, UTC, to the second: when `status` was last another one. */
  lastTransitionTime: string;
  reason: 'Synced' | 'Progressing' | 'Unhealthy' | 'Failed' | 'Suspended' | 'Waiting';
  message: string;
}

/** How a sync is, as `kubectl get syncs` shows it: what lib/install/sync-crd.ts declares. */
export interface SyncStatus {
  observedGeneration: number;
  /** The commit whose objects were applied last. */
  revision?: string;
  /** The commit that could not be applied; absent when the last pull could. */
  failedRevision?: string;
  result: SyncReported['result'] | 'suspended' | 'waiting';
  /** ISO 8601, UTC, to the second: when a pull last wrote something, or came to another commit. */
  appliedAt?: string;
  /** Objects that the sync has, and how many of these are healthy. */
  objects: number;
  healthy: number;
  errors: number;
  /** Objects that still differ from what was applied. */
  drifted: number;
  /** Objects that were not dealt with: they wait, or stay although they left Git. */
  skipped: number;
  conditions: Condition[];
}
