import type { Incident } from '../model/incident.ts';

const times = [
  { Name: 'TimeToDetect', Unit: 'Seconds' },
  { Name: 'TimeToRecover', Unit: 'Seconds' },
] as const;

/**
 * What the log says of drift that is over: metrics by cluster and sync in CloudWatch's embedded format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html). `TimeToDetect` is only there
 * where the API server told when the change was made. Undefined for an incident that is open, or about something else.
 */
export function resolvedFields(incident: Incident): Record<string, unknown> | undefined {
  const { key, kind, cluster, sync, object, madeAt, openedAt, resolvedAt, resolution } = incident;
  if (kind !== 'drift' || resolvedAt === undefined) return undefined;
  const metrics = times.filter(({ Name }) => Name !== 'TimeToDetect' || madeAt !== undefined);
  return {
    _aws: {
      Timestamp: Date.parse(resolvedAt),
      CloudWatchMetrics: [{ Namespace: 'Windlass', Dimensions: [['cluster', 'sync']], Metrics: metrics }],
    },
    ...{ cluster, sync, object, incident: key, resolution },
    ...(madeAt !== undefined && { TimeToDetect: secondsBetween(madeAt, openedAt) }),
    TimeToRecover: secondsBetween(openedAt, resolvedAt),
  };
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
