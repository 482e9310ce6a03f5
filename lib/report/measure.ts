import type { Incident } from '../model/incident.ts';
import type { SyncReported } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';
import type { Transitions } from './draft.ts';
import type { Measures, ReportRecords } from './ports.ts';

/**
 * Measures drift that opened and drift that is over. The time to detect is only there where the API server told when the change was made. One line of the log
 * says of which sync and object it was: as dimensions of the metrics these would cost one metric each.
 */
export function measureDrift({ opened, resolved }: Transitions, measures: Measures): void {
  const found = opened.filter(isDrift).length;
  if (found > 0) measures.add('DriftFound', found);
  for (const { key, cluster, sync, object, madeAt, openedAt, resolvedAt, resolution } of resolved.filter(isDrift)) {
    if (resolvedAt === undefined) continue;
    const times = {
      ...(madeAt !== undefined && { TimeToDetect: secondsBetween(madeAt, openedAt) }),
      TimeToRecover: secondsBetween(openedAt, resolvedAt),
    };
    for (const [name, seconds] of Object.entries(times)) measures.add(name as keyof typeof times, seconds);
    measures.over({ cluster, sync, object, incident: key, resolution, ...times });
  }
}

/** What was known when a cluster was checked: the states of its syncs, what is open anywhere, and whether its puller is silent. */
export interface Checked {
  syncs: readonly SyncState[];
  open: readonly Incident[];
  silent: boolean;
}

/** Measures how a cluster stands at a check of it. */
export function measureCheck({ syncs, open, silent }: Checked, measures: Measures): void {
  const bad = syncs.filter(({ result }) => result === 'failed' || result === 'unhealthy');
  measures.add('PullersSilent', silent ? 1 : 0);
  measures.add('SyncsUnhealthy', bad.length);
  measures.add('DriftOpen', open.filter(isDrift).length);
}

/**
 * Measures how long the commit of a bump took until a sync is healthy with it: once, and only where it brought the sync something. Throws `RetryableError`
 * when the records cannot be reached.
 */
export async function measureRollout(
  report: SyncReported,
  before: SyncState | undefined,
  { records, measures }: { records: Pick<ReportRecords, 'bumpedAt'>; measures: Measures },
): Promise<void> {
  const { revision, at } = report;
  if (revision === undefined || !isRolledOut(report, before)) return;
  const bumpedAt = await records.bumpedAt(revision);
  if (bumpedAt !== undefined) measures.add('LeadTime', secondsBetween(bumpedAt, at));
}

/** True for the first pull that finds everything healthy with a commit which changed something: then, or in a pull before that was not healthy yet. */
function isRolledOut({ result, revision, at, changes }: SyncReported, before: SyncState | undefined): boolean {
  if (result !== 'synced' || before === undefined || before.settled === revision) return false;
  if (at <= (before.pulledAt ?? '')) return false;
  const isWritten = changes.some(
    ({ action }) => action === 'created' || action === 'configured' || action === 'pruned',
  );
  return isWritten || before.revision === revision;
}

function isDrift({ kind }: Incident): boolean {
  return kind === 'drift';
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
