import type { ObjectDrift } from './drift.ts';
import type { ObjectWho } from './who.ts';

/** Every kind of incident. */
export const incidentKinds = [
  'drift',
  'sync-failed',
  'unhealthy',
  'unknown',
  'config-invalid',
  'bump-failed',
  'prune-waits',
  'history-rewritten',
  'fight',
  'sync-left',
  'behind',
  'puller-silent',
  'checker-stale',
  'held-long',
] as const;

/** One drift or failure from its opening to its resolving. One message when it opens, one when it changes, one when it resolves. */
export interface Incident {
  /** Stable while it is open and unique over time: kind, cluster, sync, object and when it opened. */
  key: string;
  kind: (typeof incidentKinds)[number];
  cluster?: string;
  sync?: string;
  /** The written name of the object, where the incident is about one; of `held-long` the path of the file that stops something. */
  object?: string;
  /** One line: `apps/Deployment/shop-prod/web was changed by kubectl-set`. */
  title: string;
  /** ISO 8601, UTC: when people were told. */
  openedAt: string;
  /** When it was first seen, where a grace period lay between that and its opening. */
  firstSeenAt?: string;
  /** Of drift, when the change was made, as far as the API server tells it; known only where it was so when it opened. */
  madeAt?: string;
  changedAt: string;
  /** How often its content changed since it opened. Absent: never, or an older Windlass opened it. */
  changes?: number;
  resolvedAt?: string;
  /** How it ended, as far as that is known. */
  resolution?:
    | 'converged by pull'
    | 'changed in Git'
    | 'undone by hand'
    | 'in line with Git again'
    | 'deleted, or allowed in Git'
    | 'healthy again'
    | 'synced again'
    | 'mended in Git'
    | 'readable again'
    | 'nothing waits any more'
    | 'the other writer stopped'
    | 'it is back, or its record is gone'
    | 'applied'
    | 'the sync was suspended'
    | 'the puller reports again'
    | 'the check runs again'
    | 'released';
  /** The last content, for drift. */
  drift?: ObjectDrift;
  /** What the cluster's audit log says of it, where that was asked. Later than the rest, and never part of the content. */
  who?: ObjectWho[];
  /** The last content, for everything else: lines for people. */
  details?: string[];
  /** Of drift about many objects: those that it names, each with its state (`ConfigMap/shop/a missing`), and how many more it counts. */
  many?: { objects: string[]; more: number };
  /** The namespaces of the objects that it is about, or was since it opened, sorted; absent where there are none. */
  namespaces?: string[];
  /** What people were not told, as there was too much of the cluster in that hour: that it opened, or its last change. Absent: nothing. */
  untold?: 'opening' | 'change';
  /** A hash of the content: an update is made only when it changes. */
  contentHash: string;
}

/** True where a sync was not well: it was unhealthy, or could not be synced. */
export function isOutage({ kind }: Incident): boolean {
  return kind === 'unhealthy' || kind === 'sync-failed';
}

/** True where that is over because the sync is well again. What ended because it went away, or was suspended, was not restored. */
export function isRestored(incident: Incident): boolean {
  const { resolution } = incident;
  return isOutage(incident) && (resolution === 'healthy again' || resolution === 'synced again');
}
