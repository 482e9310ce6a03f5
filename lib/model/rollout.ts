import type { SyncReported } from './messages.ts';

/**
 * A revision that brought a sync something, or failed to: what deployments are counted by (docs/metrics.md). What only puts a cluster right again is
 * none. A sync has one at a time: it ends with the next one.
 */
export interface Rollout {
  revision: string;
  /** When a pull first wrote something of it, or failed with it (ISO 8601). */
  at: string;
  /** Objects were written. Absent: the revision could only be tried. */
  brought?: true;
  /** It is what the sync began with: no pull was before, so that nobody waited for it since its commit. */
  first?: true;
  /** When a pull first found everything healthy since then. */
  healthyAt?: string;
  /** When it first turned out to be bad: a pull failed with it before all was healthy, or ended unhealthy, also later. */
  failedAt?: string;
}

/** What a pull tells of roll-outs. */
export interface PullOutcome {
  /** ISO 8601: when it ended. */
  at: string;
  /** Absent when nothing could be read. */
  revision?: string | undefined;
  result: SyncReported['result'];
  /** Objects that it wrote, without those that it only put right. */
  brought: number;
}

/** What is known of a sync before a pull. */
export interface RolloutSoFar {
  rollout?: Rollout | undefined;
  /** The revision with which a pull last found everything healthy. */
  settled?: string | undefined;
  /** How the last pull ended; absent where none was. */
  result?: string | undefined;
}

/** The roll-out of a sync after a pull; undefined while there was none. Pulls must come in the order of their times. */
export function nextRollout(before: RolloutSoFar, pull: PullOutcome): Rollout | undefined {
  const { at, result } = pull;
  const rollout = rolloutOf(before, pull);
  if (rollout === undefined) return undefined;
  const isFailed = result === 'failed' && rollout.revision === pull.revision && rollout.healthyAt === undefined;
  return {
    ...rollout,
    ...(result === 'synced' && { healthyAt: rollout.healthyAt ?? at }),
    ...((result === 'unhealthy' || isFailed) && { failedAt: rollout.failedAt ?? at }),
  };
}

/** The one that the pull is about: it goes on, or begins with the pull. */
function rolloutOf({ rollout, settled, result }: RolloutSoFar, pull: PullOutcome): Rollout | undefined {
  const { at, revision, brought } = pull;
  if (revision === undefined) return rollout;
  const isNew = revision !== settled && revision !== rollout?.revision;
  const begun: Rollout = { revision, at, ...(result === undefined && { first: true }) };
  if (isNew && brought > 0) return { ...begun, brought: true };
  // What goes on failing is the fault of the revision that it began with.
  if (isNew && pull.result === 'failed' && result !== 'failed') return begun;
  const isMore = revision === rollout?.revision && rollout.healthyAt === undefined && brought > 0;
  return isMore ? { ...rollout, brought: true } : rollout;
}

/** True for a roll-out that brought the sync something and became healthy. */
export function isDeployed({ brought, healthyAt }: Rollout): boolean {
  return brought === true && healthyAt !== undefined;
}

/** What a report tells of roll-outs. */
export function outcomeOf(report: SyncReported): PullOutcome {
  const { at, revision, result } = report;
  return { at, revision, result, brought: broughtBy(report) };
}

/** Objects that a pull wrote, without those that had drifted and that it only put right. */
export function broughtBy({ changes, drift }: Pick<SyncReported, 'changes' | 'drift'>): number {
  const drifted = new Set(drift.map(({ object }) => object));
  return changes.filter(({ object, action, reason }) => {
    const isWritten = action === 'created' || action === 'configured' || action === 'pruned';
    return isWritten && (!drifted.has(object) || reason === 'changed in Git');
  }).length;
}
