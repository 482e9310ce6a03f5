import { Stack } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import packageJson from '../../package.json' with { type: 'json' };
import { githubSecretOf } from './functions/parts.ts';
import type { GuardedQueue } from './guarded-queue.ts';
import type { Output } from './outputs.ts';
import type { PushEvents } from './push-events.ts';
import type { RecordsTables } from './records-tables.ts';
import type { WindlassTopics } from './topics.ts';
import type { WindlassProps } from './windlass-props.ts';

/** Of a Windlass what its outputs tell. */
interface Told extends Construct {
  readonly records: RecordsTables;
  readonly pushEvents: PushEvents;
  readonly reportQueues: ReadonlyMap<string, Queue>;
  readonly notices: GuardedQueue;
  readonly wakes: ReadonlyMap<string, Queue>;
  readonly topics: WindlassTopics;
  readonly dashboard: { url: string };
  readonly checkerPrincipalArns: string[];
  readonly checkers: ReadonlyMap<string, string>;
  readonly auditorPrincipalArns: string[];
}

/** What the stack of a Windlass tells of it. */
export function windlassOutputs(windlass: Told, props: WindlassProps): Record<string, Output> {
  const stack = Stack.of(windlass);
  const { records, pushEvents, reportQueues, notices, wakes, topics } = windlass;
  const clusters = [...wakes].map(([arn, { queueUrl, queueArn }]) => {
    const reports = reportQueues.get(arn);
    const reporting = { reportsQueueUrl: reports?.queueUrl, reportsQueueArn: reports?.queueArn };
    const checkerPrincipalArn = windlass.checkers.get(arn);
    return { arn, wakeQueueUrl: queueUrl, wakeQueueArn: queueArn, ...reporting, checkerPrincipalArn };
  });
  const values: Record<string, string> = {
    Repo: props.repo,
    Branch: props.branch ?? 'main',
    // Of the functions: they are bundled with this.
    Version: packageJson.version,
    AuditTable: records.audit.tableName,
    StateTable: records.state.tableName,
    PushesQueueUrl: pushEvents.pushes.queue.queueUrl,
    NoticesQueueUrl: notices.queue.queueUrl,
    Clusters: stack.toJsonString(clusters),
    Topics: stack.toJsonString(Object.fromEntries([...topics.byName].map(([name, one]) => [name, one.topicArn]))),
    Dashboard: windlass.dashboard.url,
    GithubSecret: githubSecretOf(props, 'bump'),
    CheckerPrincipals: stack.toJsonString(windlass.checkerPrincipalArns),
    AuditorPrincipals: stack.toJsonString(windlass.auditorPrincipalArns),
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}
