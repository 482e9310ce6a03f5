import type { SyncReported } from '../model/messages.ts';

/** The objects that a pull dealt with, what went wrong, and how long it took. */
const metrics = [
  { Name: 'PullDuration', Unit: 'Milliseconds' },
  { Name: 'Objects', Unit: 'Count' },
  { Name: 'Changes', Unit: 'Count' },
  { Name: 'Drift', Unit: 'Count' },
  { Name: 'Errors', Unit: 'Count' },
  { Name: 'Healthy', Unit: 'Count' },
] as const;

/**
 * What the log says of one pull: its report in short, and metrics by cluster and sync in CloudWatch's embedded format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html), so that nothing listens and
 * nothing is pushed.
 */
export function pullFields(report: SyncReported): Record<string, unknown> {
  const { cluster, sync, revision, run, result, counts, drift, errors, notices = [] } = report;
  const objects = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    _aws: {
      Timestamp: Date.parse(report.at),
      CloudWatchMetrics: [{ Namespace: 'Windlass', Dimensions: [['cluster', 'sync']], Metrics: metrics }],
    },
    ...{ cluster, sync, revision, run, result, counts },
    PullDuration: Date.parse(report.at) - Date.parse(report.startedAt),
    Objects: objects,
    Changes: counts.created + counts.configured + counts.pruned,
    Drift: drift.length,
    Errors: errors.length,
    Healthy: result === 'synced' ? 1 : 0,
    ...(errors.length > 0 && { errors: errors.slice(0, 20) }),
    ...(notices.length > 0 && { notices: notices.slice(0, 20) }),
    ...(drift.length > 0 && { drifting: drift.slice(0, 20).map(({ object }) => object) }),
  };
}
