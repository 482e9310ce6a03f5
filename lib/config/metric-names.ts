/** The namespace of Windlass's own metrics in CloudWatch. */
export const metricNamespace = 'Windlass';

/** The only dimension: which Windlass it is, `acme/shop-config@main`. Each value of another one would be a metric of its own, and be paid for. */
export const metricDimension = 'repo';

/** A metric: in which unit, and which function writes it. */
interface Metric {
  unit: 'Count' | 'Milliseconds' | 'Seconds';
  by: 'bump' | 'drift' | 'report';
}

/**
 * Windlass's own metrics. The functions write them, alarms and dashboard read them, both by these names. An hour in which one has no value costs
 * nothing, so that what happens rarely is written only when it happens.
 */
export const metrics = {
  /** From the event of a push to the commit that answers it. */
  BumpLatency: { unit: 'Milliseconds', by: 'bump' },
  /** Images that a sweep took although an event should have; written only where there are some. */
  SweepFound: { unit: 'Count', by: 'bump' },
  /** Clusters that a run of the check reached, also none: its heartbeat. */
  ClustersChecked: { unit: 'Count', by: 'drift' },
  /** Clusters that a run of the check could not look at. */
  ClustersUnreachable: { unit: 'Count', by: 'drift' },
  /** 1 when the puller of the cluster that was checked does not report, else 0. */
  PullersSilent: { unit: 'Count', by: 'report' },
  /** Syncs of the cluster that was checked whose last pull failed, or is not healthy. */
  SyncsUnhealthy: { unit: 'Count', by: 'report' },
  /** Drift incidents that are open, in all clusters, when a cluster was checked. */
  DriftOpen: { unit: 'Count', by: 'report' },
  /** Drift incidents that opened; written only where there are some. */
  DriftFound: { unit: 'Count', by: 'report' },
  /** From a hand edit to people being told, of drift that is over. */
  TimeToDetect: { unit: 'Seconds', by: 'report' },
  /** From people being told to the end, of drift that is over. */
  TimeToRecover: { unit: 'Seconds', by: 'report' },
  /** Roll-outs that became healthy, those that failed or became unhealthy: written only when there is one. */
  Deployments: { unit: 'Count', by: 'report' },
  ChangeFailures: { unit: 'Count', by: 'report' },
  /** From people being told that a sync is unhealthy, or cannot be synced, to its being well again. */
  TimeToRestore: { unit: 'Seconds', by: 'report' },
  /** From the commit that the image of a bump was built of to a sync that is healthy with it; written only where the image says when that was. */
  LeadTimeFromSource: { unit: 'Seconds', by: 'report' },
  /** From the push that a bump answers to a sync that is healthy with its commit. */
  LeadTimeFromPush: { unit: 'Seconds', by: 'report' },
  /** From the commit of a bump to a sync that is healthy with it. */
  LeadTime: { unit: 'Seconds', by: 'report' },
} as const satisfies Record<string, Metric>;

/** The name of one of Windlass's own metrics. */
export type MetricName = keyof typeof metrics;
