import type { Problem } from '../model/errors.ts';
import type { SyncReported } from '../model/messages.ts';

/**
 * Characters of JSON that each list of a line may have. Container runtimes cut a line of the log at 16 KiB, and what is cut is no JSON any more: the metrics
 * would be lost (https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md).
 */
const longestList = 3000;
const longestText = 500;

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
    ...(errors.length > 0 && { errors: first(errors.map(shortened)) }),
    ...(notices.length > 0 && { notices: first(notices.map(shortened)) }),
    ...(drift.length > 0 && { drifting: first(drift.map(({ object }) => object)) }),
  };
}

/** As many of the first ones as there is room for. */
function first<T>(items: readonly T[]): T[] {
  let room = longestList;
  return items.slice(0, 20).filter((item) => {
    room -= JSON.stringify(item).length;
    return room > 0;
  });
}

/** Without the line of the source, which the place leads to. */
function shortened({ source: _, ...problem }: Problem): Problem {
  const { message, hint } = problem;
  return { ...problem, message: cut(message), ...(hint !== undefined && { hint: cut(hint) }) };
}

function cut(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`;
}
