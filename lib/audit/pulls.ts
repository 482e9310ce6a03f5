import type { AuditRecord } from '../model/audit-record.ts';
import { nextRollout, type PullOutcome, type Rollout, type RolloutSoFar } from '../model/rollout.ts';

/** What is kept of the record of a pull. */
export interface Pull extends PullOutcome {
  id: string;
}

/** A roll-out of a sync. */
export interface SyncRollout extends Rollout {
  sync: string;
}

const results = ['synced', 'progressing', 'unhealthy', 'failed'] as const;

/** Reads the record of a pull; undefined for any other, and for one of a pull that did nothing. */
export function pullOf({ id, kind, at, revision, details = {} }: AuditRecord): Pull | undefined {
  if (kind !== 'synced' && kind !== 'sync-failed') return undefined;
  const result = results.find((one) => one === details['result']) ?? (kind === 'synced' ? 'synced' : 'failed');
  return { id, at, revision, result, brought: broughtIn(details) };
}

/** A record has the counts of all that was written, and how many of them were only put right. */
function broughtIn({ counts, putRight }: Record<string, unknown>): number {
  if (typeof counts !== 'object' || counts === null) return 0;
  const { created, configured, pruned } = counts as Record<string, unknown>;
  const written = [created, configured, pruned].reduce<number>((sum, count) => sum + numberOf(count), 0);
  return written - numberOf(putRight);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The roll-outs of one sync, the oldest first. The order of the pulls does not matter, nor whether one is there twice. */
export function rolloutsOf(sync: string, pulls: readonly Pull[]): SyncRollout[] {
  const known = new Map(pulls.map((pull) => [pull.id, pull]));
  const inOrder = [...known.values()].sort((a, b) => compare(a.at, b.at) || compare(a.id, b.id));
  const rollouts = new Map<string, SyncRollout>();
  let before: RolloutSoFar = {};
  for (const pull of inOrder) {
    const rollout = nextRollout(before, pull);
    if (rollout !== undefined) rollouts.set(`${rollout.at} ${rollout.revision}`, { ...rollout, sync });
    const settled = pull.result === 'synced' ? pull.revision : before.settled;
    before = { rollout, settled, result: pull.result };
  }
  return [...rollouts.values()];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
