import { Stack } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { WindlassAlarms } from './alarms.ts';
import { checkProps } from './check-props.ts';
import { grantedClusters } from './cluster-grants.ts';
import { WindlassDashboard } from './dashboard.ts';
import { customerKey } from './encryption.ts';
import { addBump } from './functions/bump.ts';
import { addDrift } from './functions/drift.ts';
import { addNotify, notifyTimeout } from './functions/notify.ts';
import type { Parts } from './functions/parts.ts';
import { addReport, reportTimeout } from './functions/report.ts';
import { addWho, whoTimeout } from './functions/who.ts';
import { GuardedQueue, type GuardedQueueProps } from './guarded-queue.ts';
import { knownNow } from './known-now.ts';
import { admitPuller } from './puller-access.ts';
import { PushEvents } from './push-events.ts';
import { RecordsTables } from './records-tables.ts';
import { Schedules } from './schedules.ts';
import { WindlassTopics } from './topics.ts';
import { wakeQueues } from './wake-queues.ts';
import type { WindlassFunction } from './windlass-function.ts';
import { messageGroupOf, type WindlassProps } from './windlass-props.ts';

/** The functions of a Windlass. */
export interface WindlassFunctions {
  bump: WindlassFunction;
  report: WindlassFunction;
  notify: WindlassFunction;
  who: WindlassFunction;
  /** The first checks clusters whose endpoints can be reached from anywhere, each other one those of a VPC. */
  drift: WindlassFunction[];
}

/**
 * A whole Windlass for one config repo and branch, in your own app: the functions that bump, record, notify and check for drift, with their queues,
 * tables, rules and schedules. It makes no cluster, no network, no repository of images and no secret.
 *
 * @example
 * import { App, Stack } from 'aws-cdk-lib';
 * import { Windlass } from 'windlass/cdk';
 *
 * const app = new App();
 * const stack = new Stack(app, 'Delivery', { env: { account: '123456789012', region: 'eu-west-1' } });
 * const windlass = new Windlass(stack, 'Windlass', {
 *   repo: 'acme/shop-config',
 *   repositoryPrefixes: ['shop/'],
 *   clusters: ['arn:aws:eks:eu-west-1:123456789012:cluster/prod'],
 * });
 * windlass.reports.deadLetters.metricApproximateNumberOfMessagesVisible();
 */
export class Windlass extends Construct {
  readonly records: RecordsTables;
  readonly pushEvents: PushEvents;
  /** The one place that a puller may send to. */
  readonly reports: GuardedQueue;
  readonly notices: GuardedQueue;
  /** Who is behind a drift? Asked minutes later: an audit log takes its time. */
  readonly questions: GuardedQueue;
  /** By the cluster's ARN. */
  readonly wakes: ReadonlyMap<string, Queue>;
  readonly topics: WindlassTopics;
  readonly functions: WindlassFunctions;
  readonly schedules: Schedules;
  readonly dashboard: WindlassDashboard;
  /** ARNs of the roles that check clusters: what WindlassClusterAccess lets into a cluster. */
  readonly checkerPrincipalArns: string[];
  /** ARNs of the roles that ask audit logs: what WindlassClusterAccess lets at the audit log of a cluster in another account. */
  readonly auditorPrincipalArns: string[];

  /** Throws `UserError` that names each wrong prop, or a function that is not bundled. */
  constructor(scope: Construct, id: string, props: WindlassProps) {
    super(scope, id);
    const { account, region } = Stack.of(this);
    checkProps(props, { account: knownNow(account), region: knownNow(region) });
    const repoAndBranch = messageGroupOf(props);
    const clusters = grantedClusters(props, account);
    const encryptionKey = customerKey(this, props.encryptionKey);

    this.records = new RecordsTables(this, 'Records', { encryptionKey });
    this.pushEvents = new PushEvents(this, 'PushEvents', {
      ...{ repositoryPrefixes: props.repositoryPrefixes, registries: props.registries ?? [] },
      ...{ messageGroupId: repoAndBranch, encryptionKey },
    });
    const queue = (name: string, of: Omit<GuardedQueueProps, 'encryptionKey'>) =>
      new GuardedQueue(this, name, { ...of, encryptionKey });
    this.reports = queue('Reports', { fifo: true, maxReceiveCount: 5, functionTimeout: reportTimeout });
    for (const cluster of clusters) admitPuller(this.reports.queue, cluster, ['sqs:SendMessage']);
    // Slack may be away for half an hour, and people want to hear of it nevertheless.
    this.notices = queue('Notices', { fifo: true, maxReceiveCount: 10, functionTimeout: notifyTimeout });
    this.questions = queue('Questions', { fifo: false, maxReceiveCount: 5, functionTimeout: whoTimeout });
    this.wakes = wakeQueues(this, clusters, encryptionKey);
    this.topics = new WindlassTopics(this, 'Topics', props, encryptionKey);

    this.functions = this.#addFunctions({ ...this.#parts(), props, repoAndBranch, clusters, key: encryptionKey });
    this.checkerPrincipalArns = this.functions.drift.map(({ roleArn }) => roleArn);
    this.auditorPrincipalArns = [this.functions.who.roleArn];
    this.schedules = new Schedules(this, 'Schedules', {
      ...{ pushes: this.pushEvents.pushes.queue, messageGroupId: repoAndBranch, encryptionKey },
      ...{ undelivered: this.pushEvents.undelivered, drift: this.functions.drift },
    });
    const watching = { repo: repoAndBranch, watched: this };
    const { alarms } = new WindlassAlarms(this, 'Alarms', {
      ...watching,
      ...{ clusters: clusters.length, topic: this.topics.alarms },
    });
    this.dashboard = new WindlassDashboard(this, 'Dashboard', { ...watching, alarms });
  }

  #parts(): Omit<Parts, 'props' | 'repoAndBranch' | 'clusters' | 'key'> {
    const { records, reports, notices, questions, wakes, topics } = this;
    return { records, pushes: this.pushEvents.pushes, reports, notices, questions, wakes, topics };
  }

  #addFunctions(parts: Parts): WindlassFunctions {
    return {
      bump: addBump(this, parts),
      report: addReport(this, parts),
      notify: addNotify(this, parts),
      who: addWho(this, parts),
      drift: addDrift(this, parts),
    };
  }
}
