import { Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type RunbookSection, runbookPlace } from './runbook.ts';
import { functionsOf, own, period, queuesOf, reportQueuesOf, type Watched } from './watched.ts';

/** Seconds: longer than any message is tried again before it is a dead letter, which has an alarm of its own. */
const longestWait = 20 * 60;

/** Milliseconds: a push is answered within seconds; one whose function had to try again needs three minutes. */
const slowBump = 2 * 60_000;

/** What the alarms are about, and who hears of them. */
export interface WindlassAlarmsProps {
  /** Of this Windlass: `acme/shop-config@main`. */
  repo: string;
  watched: Watched;
  /** Where the team has the runbook, when not in Windlass's own files. */
  runbookUrl?: string;
  /** How many clusters it may read: without one there is nothing to check. */
  clusters: number;
  /** Hears of each alarm, and of its end. One of another stack must itself admit CloudWatch. */
  topic: ITopic;
}

/** One alarm. Unless told otherwise it rings when one period has a value of at least `threshold`. */
interface Wish {
  section: RunbookSection;
  /** For people: what is so when it rings. */
  says: string;
  metric: IMetric;
  threshold: number;
  /** Rings when the value is below the threshold. */
  below?: true;
  /** So many of the last so many periods. Default: one of one. */
  periods?: [bad: number, of: number];
  /** What periods without a value say. Default: that all is well. */
  missing?: TreatMissingData;
}

/**
 * One alarm for each thing that a person must mend, each of which names its section of the runbook. No composite ones: each costs as much as
 * five, and says no more.
 */
export class WindlassAlarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: WindlassAlarmsProps) {
    super(scope, id);
    const wishes = { ...queueWishes(props.watched), ...functionWishes(props.watched), ...ownWishes(props) };
    this.alarms = Object.entries(wishes).map(([name, wish]) => this.#ring(name, wish, props));
    admitCloudWatch(props.topic);
  }

  #ring(id: string, wish: Wish, { repo, topic, runbookUrl }: WindlassAlarmsProps): Alarm {
    const [bad, of] = wish.periods ?? [1, 1];
    const alarm = new Alarm(this, id, {
      alarmDescription: `Windlass of ${repo}: ${wish.says}. What to do: ${runbookPlace(wish.section, runbookUrl)}`,
      metric: wish.metric,
      threshold: wish.threshold,
      comparisonOperator: wish.below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      ...{ evaluationPeriods: of, datapointsToAlarm: bad },
      treatMissingData: wish.missing ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
    return alarm;
  }
}

function queueWishes(watched: Watched): Record<string, Wish> {
  // SQS tells nothing of a queue in which nothing happened for six hours, and dead letters may lie in it.
  const lying = { threshold: 1, missing: TreatMissingData.IGNORE } as const;
  const visible = { period, statistic: Stats.MAXIMUM };
  const deadLetters = queuesOf(watched).map(([name, { deadLetters }]): [string, Wish] => [
    `DeadLetters${capital(name)}`,
    {
      section: `${name}-in-the-dead-letter-queue`,
      says: `${name} could not be worked on and lie in the dead-letter queue`,
      metric: deadLetters.metricApproximateNumberOfMessagesVisible(visible),
      ...lying,
    },
  ]);
  const wait = (section: 'pushes-wait' | 'reports-wait', what: string, queue: IQueue): Wish => ({
    section,
    says: `the oldest of the ${what} waits for more than ${longestWait / 60} minutes`,
    metric: queue.metricApproximateAgeOfOldestMessage(visible),
    threshold: longestWait,
  });
  const waiting = {
    PushesWait: wait('pushes-wait', 'pushes', watched.pushEvents.pushes.queue),
    ReportsWait: wait('reports-wait', 'reports', watched.reports.queue),
  };
  // One for each cluster: an alarm can be about ten metrics together, and would not say which cluster it is.
  const ofClusters = reportQueuesOf(watched).map(({ cluster, id, queue }): [string, Wish] => [
    `ReportsWait-${id}`,
    wait('reports-wait', `reports of ${cluster}`, queue),
  ]);
  const undelivered: Wish = {
    section: 'events-that-were-not-delivered',
    says: 'EventBridge could not put events on the queue of pushes, or start the drift check',
    metric: watched.pushEvents.undelivered.metricApproximateNumberOfMessagesVisible(visible),
    ...lying,
  };
  return { ...Object.fromEntries([...deadLetters, ...ofClusters]), ...waiting, Undelivered: undelivered };
}

function functionWishes(watched: Watched): Record<string, Wish> {
  const sum = { period, statistic: Stats.SUM };
  const wishes = functionsOf(watched).flatMap(([name, fn]): [string, Wish][] => {
    const id = name.split(' ').map(capital).join('');
    const errors: Wish = {
      section: 'a-function-fails',
      says: `the function ${name} fails`,
      metric: fn.metricErrors(sum),
      threshold: 1,
      // A check that fails is made good by the next one.
      ...(name.startsWith('drift') && { periods: [2, 3] }),
    };
    const throttles: Wish = {
      section: 'a-function-is-throttled',
      says: `the function ${name} may not run as often as it is to`,
      metric: fn.metricThrottles(sum),
      threshold: 1,
      // Lambda's own pollers are throttled for a moment now and then, and try again.
      periods: [3, 3],
    };
    return [
      [`${id}Fails`, errors],
      [`${id}Throttled`, throttles],
    ];
  });
  return Object.fromEntries(wishes);
}

function ownWishes({ repo, watched, clusters }: WindlassAlarmsProps): Record<string, Wish> {
  const checks = watched.functions.drift.length;
  const wishes: Record<string, Wish> = {
    SweepFound: {
      section: 'the-sweep-found-lost-events',
      says: 'the sweep took images of which no event told',
      metric: own('SweepFound', repo, Stats.SUM),
      threshold: 1,
    },
    BumpSlow: {
      section: 'bumps-are-slow',
      says: `one of ten pushes waited for more than ${slowBump / 60_000} minutes for its commit`,
      metric: own('BumpLatency', repo, Stats.percentile(90)),
      threshold: slowBump,
    },
  };
  if (clusters === 0) return wishes;
  return {
    ...wishes,
    DriftStale: {
      section: 'the-drift-check-is-stale',
      says: 'clusters are not checked for drift any more',
      // Each run of each function writes it once, so that one that stopped among several is seen, too.
      metric: own('ClustersChecked', repo, Stats.SAMPLE_COUNT),
      ...{ threshold: checks, below: true, periods: [3, 3], missing: TreatMissingData.BREACHING },
    },
    ClusterUnreachable: {
      section: 'a-cluster-is-unreachable',
      says: 'a cluster cannot be looked at by the drift check',
      metric: own('ClustersUnreachable', repo, Stats.MAXIMUM),
      ...{ threshold: 1, periods: [3, 3], missing: TreatMissingData.IGNORE },
    },
    PullerSilent: {
      section: 'a-puller-is-silent',
      says: 'the puller of a cluster does not report: nothing new gets there',
      metric: own('PullersSilent', repo, Stats.MAXIMUM),
      ...{ threshold: 1, missing: TreatMissingData.IGNORE },
    },
  };
}

/** A topic with a policy, as for TLS, admits nobody but whom it names: not even the alarms of its own account. */
function admitCloudWatch(topic: ITopic): void {
  const { account, region, partition } = Stack.of(topic);
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AllowAlarms',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: {
        StringEquals: { 'aws:SourceAccount': account },
        ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` },
      },
    }),
  );
}

function capital(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
