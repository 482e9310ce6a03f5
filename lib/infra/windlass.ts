import { Stack } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { WindlassAlarms } from './alarms.ts';
import { checkProps } from './check-props.ts';
import { grantedClusters } from './cluster-grants.ts';
import { WindlassDashboard } from './dashboard.ts';
import { customerKey } from './encryption.ts';
import { addBump } from './functions/bump.ts';
import { addDrift, checkersOf } from './functions/drift.ts';
import { addNotify, notifyTimeout } from './functions/notify.ts';
import type { Parts } from './functions/parts.ts';
import { addReport, reportTimeout } from './functions/report.ts';
import { addWho, whoTimeout } from './functions/who.ts';
import { GuardedQueue, type GuardedQueueProps } from './guarded-queue.ts';
import { knownNow } from './known-now.ts';
import { addOutputsOf } from './outputs.ts';
import { propProblem, wrongProps } from './prop-problem.ts';
import { PushEvents } from './push-events.ts';
import { RecordsTables } from './records-tables.ts';
import { reportQueues } from './report-queues.ts';
import { Schedules } from './schedules.ts';
import { WindlassTopics } from './topics.ts';
import { wakeQueues } from './wake-queues.ts';
import type { WindlassFunction } from './windlass-function.ts';
import { windlassOutputs } from './windlass-outputs.ts';
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
 * windlass.addOutputs();
 * windlass.reports.deadLetters.metricApproximateNumberOfMessagesVisible();
 */
export class Windlass extends Construct {
  readonly records: RecordsTables;
  readonly pushEvents: PushEvents;
  /** What the functions that look at clusters report; its dead letters are those of all reports. */
  readonly reports: GuardedQueue;
  /** What pullers report, by the cluster's ARN: the one place that a puller may send to is the queue of its cluster. */
  readonly reportQueues: ReadonlyMap<string, Queue>;
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
  /** ARN of the one role that checks a cluster, by the cluster's ARN: of the function of its VPC, where the grant names one. */
  readonly checkers: ReadonlyMap<string, string>;
  /** ARNs of the roles that ask audit logs: what WindlassClusterAccess lets at the audit log of a cluster in another account. */
  readonly auditorPrincipalArns: string[];
  readonly #props: WindlassProps;

  /** Throws `UserError` that names each wrong prop, or a function that is not bundled. */
  constructor(scope: Construct, id: string, props: WindlassProps) {
    super(scope, id);
    this.#props = props;
    const { account, region } = Stack.of(this);
    checkProps(props, { account: knownNow(account), region: knownNow(region) });
    const repoAndBranch = messageGroupOf(props);
    this.#mustBeAlone();
    const clusters = grantedClusters(props, account);
    const encryptionKey = customerKey(this, props.encryptionKey);

    this.records = new RecordsTables(this, 'Records', { encryptionKey });
    this.pushEvents = new PushEvents(this, 'PushEvents', {
      ...{ repositoryPrefixes: props.repositoryPrefixes, registries: props.registries ?? [] },
      ...{ messageGroupId: repoAndBranch, encryptionKey },
    });
    const queue = (name: string, of: Omit<GuardedQueueProps, 'encryptionKey'>) =>
      new GuardedQueue(this, name, { ...of, encryptionKey });
    const patience = { maxReceiveCount: 5, functionTimeout: reportTimeout };
    this.reports = queue('Reports', { fifo: true, ...patience });
    const { deadLetters } = this.reports;
    this.reportQueues = reportQueues(this, clusters, { ...patience, deadLetters, encryptionKey });
    // Slack may be away for half an hour, and people want to hear of it nevertheless.
    this.notices = queue('Notices', { fifo: true, maxReceiveCount: 10, functionTimeout: notifyTimeout });
    this.questions = queue('Questions', { fifo: false, maxReceiveCount: 5, functionTimeout: whoTimeout });
    this.wakes = wakeQueues(this, clusters, encryptionKey);
    this.topics = new WindlassTopics(this, 'Topics', props, encryptionKey);

    this.functions = this.#addFunctions({ ...this.#parts(), props, repoAndBranch, clusters, key: encryptionKey });
    this.checkerPrincipalArns = this.functions.drift.map(({ roleArn }) => roleArn);
    this.checkers = checkersOf(clusters, this.functions.drift);
    this.auditorPrincipalArns = [this.functions.who.roleArn];
    this.schedules = new Schedules(this, 'Schedules', {
      ...{ pushes: this.pushEvents.pushes.queue, messageGroupId: repoAndBranch, encryptionKey },
      ...{ undelivered: this.pushEvents.undelivered, drift: this.functions.drift },
    });
    const watching = { repo: repoAndBranch, watched: this, runbookUrl: props.runbookUrl };
    const { alarms } = new WindlassAlarms(this, 'Alarms', {
      ...watching,
      ...{ clusters: clusters.length, topic: this.topics.alarms },
    });
    this.dashboard = new WindlassDashboard(this, 'Dashboard', { ...watching, alarms });
  }

  /** Two of them would write to one branch, and their roles have one name. Where accounts are known at the deployment alone, that tells. */
  #mustBeAlone(): void {
    const place = placeOf(this);
    if (place === undefined) return;
    const others = this.node.root.node.findAll().filter((one) => one instanceof Windlass && one !== this) as Windlass[];
    const same = others.find((one) => isSameBranch(one.#props, this.#props) && placeOf(one) === place);
    if (same === undefined) return;
    const message = `${same.node.path} is a Windlass of ${messageGroupOf(same.#props)} in ${place} already`;
    throw wrongProps(this.node.path, [propProblem('repo', message, 'one repo and branch has one: leave this one out')]);
  }

  /**
   * Gives the stack the outputs by which the CLI finds this Windlass: `windlass bootstrap --stack NAME`, doctor, audit and the others. WindlassStack has them; in
   * a stack of your own they are yours to add, as their names (`Repo`, `Branch`, `Clusters` ...) are the stack's. Throws `UserError` where one of the names is taken.
   */
  addOutputs(): void {
    addOutputsOf(this, windlassOutputs(this, this.#props));
  }

  #parts(): Omit<Parts, 'props' | 'repoAndBranch' | 'clusters' | 'key'> {
    const { records, reports, reportQueues, notices, questions, wakes, topics } = this;
    return { records, pushes: this.pushEvents.pushes, reports, reportQueues, notices, questions, wakes, topics };
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

/** GitHub takes `Acme/shop` and `acme/shop` for one repo, and `Main` and `main` for two branches. */
function isSameBranch(one: WindlassProps, other: WindlassProps): boolean {
  return one.repo.toLowerCase() === other.repo.toLowerCase() && (one.branch ?? 'main') === (other.branch ?? 'main');
}

/** Undefined where account or Region are known at the deployment alone. */
function placeOf(construct: Construct): string | undefined {
  const [account, region] = [knownNow(Stack.of(construct).account), knownNow(Stack.of(construct).region)];
  return account === undefined || region === undefined ? undefined : `${region} of account ${account}`;
}
