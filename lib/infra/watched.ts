import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { parseEksArn } from '../config/eks-arn.ts';
import { type MetricName, metricDimension, metricNamespace } from '../config/metric-names.ts';

/** A function with its own role and log group. */
interface WatchedFunction {
  readonly fn: IFunction;
}

/** A queue with its dead letters. */
interface WatchedQueue {
  readonly queue: IQueue;
  readonly deadLetters: IQueue;
}

/** What alarms and dashboard look at: the `Windlass` construct has all of it. */
export interface Watched {
  readonly functions: {
    readonly bump: WatchedFunction;
    readonly report: WatchedFunction;
    readonly notify: WatchedFunction;
    readonly who: WatchedFunction;
    /** One for all public endpoints, and one more for each VPC. */
    readonly drift: readonly WatchedFunction[];
  };
  readonly pushEvents: { readonly pushes: WatchedQueue; readonly undelivered: IQueue };
  readonly reports: WatchedQueue;
  /** What pullers report, by the cluster's ARN; the dead letters are with those of `reports`. */
  readonly reportQueues: ReadonlyMap<string, IQueue>;
  readonly notices: WatchedQueue;
  readonly questions: WatchedQueue;
}

/** Over how long the values of a metric are taken together: the check runs as often. */
export const period = Duration.minutes(5);

/** All functions by a name for people; those of VPCs are numbered. */
export function functionsOf({ functions }: Watched): [name: string, fn: IFunction][] {
  const { bump, drift, report, notify, who } = functions;
  return [
    ['bump', bump.fn],
    ...drift.map(({ fn }, index): [string, IFunction] => [index === 0 ? 'drift' : `drift ${index + 1}`, fn]),
    ['report', report.fn],
    ['notify', notify.fn],
    ['who', who.fn],
  ];
}

/** The queues that functions read, by what is in them. */
export function queuesOf({ pushEvents, reports, notices, questions }: Watched): [name: QueueName, WatchedQueue][] {
  return [
    ['pushes', pushEvents.pushes],
    ['reports', reports],
    ['notices', notices],
    ['questions', questions],
  ];
}

/** The queues that pullers report to, by a name for people and one for identifiers: `prod in eu-west-1`, `prod-eu-west-1`. */
export function reportQueuesOf({ reportQueues }: Watched): { cluster: string; id: string; queue: IQueue }[] {
  return [...reportQueues].map(([arn, queue]) => {
    const { name = arn, region = '' } = parseEksArn(arn) ?? {};
    return { cluster: `${name} in ${region}`, id: `${name}-${region}`, queue };
  });
}

/** What is in a queue that a function reads. */
export type QueueName = 'pushes' | 'reports' | 'notices' | 'questions';

/** One of Windlass's own metrics. `repo` is the repo and branch of this Windlass: `acme/shop-config@main`. */
export function own(metricName: MetricName, repo: string, statistic: string, label?: string): Metric {
  return new Metric({
    ...{ namespace: metricNamespace, metricName, dimensionsMap: { [metricDimension]: repo } },
    ...{ statistic, period, ...(label !== undefined && { label }) },
  });
}
