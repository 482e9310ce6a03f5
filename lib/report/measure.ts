import type { MetricName } from '../config/metric-names.ts';
import { type Incident, isRestored } from '../model/incident.ts';
import type { SyncReported } from '../model/messages.ts';
import { isDeployed, nextRollout, outcomeOf, type Rollout } from '../model/rollout.ts';
import type { SyncState } from '../model/state.ts';
import { suspensionOf } from '../model/suspension.ts';
import type { Transitions } from './draft.ts';
import type { Measures, ReportRecords } from './ports.ts';
import { isLate } from './state.ts';

/** Measures what became of incidents. */
export function measureIncidents(transitions: Transitions, measures: Measures): void {
  measureDrift(transitions, measures);
  measureRestored(transitions.resolved, measures);
}

/**
 * Measures drift that opened and drift that is over. The time to detect is only there where the API server told when the change was made. One line of the log
 * says of which sync and object it was: as dimensions of the metrics these would cost one metric each.
 */
function measureDrift({ opened, resolved }: Transitions, measures: Measures): void {
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
 * What a report is measured by of roll-outs: that one became healthy, and how long it took since the commit of its bump, the push and the source's commit before that; and
 * that one failed. Each is there once. Throws `RetryableError` when the records cannot be reached.
 */
export async function rolloutValues(
  report: SyncReported,
  before: SyncState | undefined,
  records: Pick<ReportRecords, 'bump'>,
): Promise<[name: MetricName, value: number][]> {
  if (isLate(before, report) || suspensionOf(report) !== undefined) return [];
  const rollout = nextRollout(before ?? {}, outcomeOf(report));
  if (rollout === undefined) return [];
  const { at, revision, failedAt } = rollout;
  const known = before?.rollout?.at === at && before.rollout.revision === revision ? before.rollout : undefined;
  const isFailure = failedAt !== undefined && known?.failedAt === undefined;
  const isDeployment = isDeployed(rollout) && (known === undefined || !isDeployed(known));
  return [
    ...(isFailure ? [['ChangeFailures', 1] as [MetricName, number]] : []),
    ...(isDeployment
      ? [['Deployments', 1] as [MetricName, number], ...(await leadTimes(rollout, report.at, records))]
      : []),
  ];
}

async function leadTimes(
  { revision, first: isFirst }: Rollout,
  healthyAt: string,
  records: Pick<ReportRecords, 'bump'>,
): Promise<[name: MetricName, value: number][]> {
  const bump = isFirst ? undefined : await records.bump(revision);
  if (bump === undefined) return [];
  const times: [MetricName, string | undefined][] = [
    ['LeadTime', bump.bumpedAt],
    ['LeadTimeFromPush', bump.pushedAt],
    ['LeadTimeFromSource', bump.sourceAt],
  ];
  return times.flatMap(([name, from]) => (from === undefined ? [] : [[name, secondsBetween(from, healthyAt)]]));
}

/** How long a sync was not well, where that is over because it is well again. */
function measureRestored(resolved: readonly Incident[], measures: Measures): void {
  for (const incident of resolved)
    if (isRestored(incident) && incident.resolvedAt !== undefined)
      measures.add('TimeToRestore', secondsBetween(incident.openedAt, incident.resolvedAt));
}

function isDrift({ kind }: Incident): boolean {
  return kind === 'drift';
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
