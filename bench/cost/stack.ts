import { metrics } from '../../lib/config/metric-names.ts';

/** What the costs of a stack hang on; test/infra/cost.test.ts holds each of these numbers to the template that the stack makes. */
export interface StackShape {
  /** Minutes between two sweeps, and between two checks. */
  sweepMinutes: number;
  driftMinutes: number;
  /** Queues that Lambda polls, day and night. */
  polled: { fifo: number; standard: number };
  /** GB of memory by function. Those of the check run on x86, which the layer with kubectl is for. */
  memory: { bump: number; drift: number; report: number; notify: number; who: number };
  /** One for all public endpoints, and one more for each VPC. */
  driftFunctions: number;
  alarms: number;
  dashboards: number;
  metrics: { always: number; rare: number };
  /** Days. */
  logRetention: number;
}

/** Metrics that have a value in most hours; the others are paid for in the hours in which they have one. */
const always = ['ClustersChecked', 'ClustersUnreachable', 'PullersSilent', 'SyncsUnhealthy', 'DriftOpen'];

/** The shape of a stack that checks so many clusters, some of them from so many VPCs. */
export function shapeOf({ clusters, vpcs }: { clusters: number; vpcs: number }): StackShape {
  const checked = clusters > 0;
  return {
    ...{ sweepMinutes: 15, driftMinutes: 5 },
    // Pushes, notices, what functions report, and what the puller of each cluster does.
    polled: { fifo: 3 + clusters, standard: 1 },
    memory: { bump: 0.5, drift: 1769 / 1024, report: 0.5, notify: 0.25, who: 0.25 },
    driftFunctions: 1 + vpcs,
    alarms: (checked ? 22 : 19) + clusters + 2 * vpcs,
    dashboards: 1,
    metrics: {
      always: checked ? always.length : 0,
      rare: Object.keys(metrics).length - always.length,
    },
    logRetention: 90,
  };
}
