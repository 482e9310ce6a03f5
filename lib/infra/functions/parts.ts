import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { type FunctionName, functionSettings, functionVariables, gitHubWriters } from '../../config/function-env.ts';
import type { GrantedCluster } from '../cluster-grants.ts';
import type { GuardedQueue } from '../guarded-queue.ts';
import type { Permission } from '../permission.ts';
import type { RecordsTables } from '../records-tables.ts';
import { grantableSecretArn } from '../secret-arn.ts';
import type { WindlassTopics } from '../topics.ts';
import { defaultGitHubSecret, type WindlassProps } from '../windlass-props.ts';

/** What functions are made of: the rest of the stack, as far as it is there before them. */
export interface Parts {
  props: WindlassProps;
  /** `acme/shop-config@main` */
  repoAndBranch: string;
  records: RecordsTables;
  pushes: GuardedQueue;
  reports: GuardedQueue;
  reportQueues: ReadonlyMap<string, Queue>;
  notices: GuardedQueue;
  questions: GuardedQueue;
  wakes: ReadonlyMap<string, Queue>;
  topics: WindlassTopics;
  clusters: readonly GrantedCluster[];
  key: IKey | undefined;
}

type Setting = keyof typeof functionVariables;

/** The settings that are the same for every function that has them. */
function commonSettings(scope: Construct, parts: Parts): Partial<Record<Setting, string | undefined>> {
  const { props, records } = parts;
  const json = (value: unknown) => Stack.of(scope).toJsonString(value);
  return {
    repo: props.repo,
    branch: props.branch ?? 'main',
    githubUrl: props.githubUrl,
    auditTable: records.audit.tableName,
    stateTable: records.state.tableName,
    reportsQueue: parts.reports.queue.queueUrl,
    // By names: Lambda takes 4 KB of an environment, and address or ARN would be the same words again for each cluster.
    reportQueues: json(Object.fromEntries([...parts.reportQueues].map(([arn, queue]) => [arn, queue.queueName]))),
    noticesQueue: parts.notices.queue.queueUrl,
    pushesQueue: parts.pushes.queue.queueUrl,
    questionsQueue: parts.questions.queue.queueUrl,
    wakeQueues: json(Object.fromEntries([...parts.wakes].map(([arn, queue]) => [arn, queue.queueUrl]))),
    eventBus: props.eventBus ?? 'default',
    notifySecrets: JSON.stringify(props.notifySecrets ?? []),
    topics: json(Object.fromEntries([...parts.topics.byName].map(([name, { topicArn }]) => [name, topicArn]))),
  };
}

/** The environment of a function: exactly what it reads. `own` are the settings that only this one has so. */
export function environmentOf(
  scope: Construct,
  name: FunctionName,
  parts: Parts,
  own: Partial<Record<Setting, string>> = {},
): Record<string, string> {
  const all = { ...commonSettings(scope, parts), githubSecret: githubSecretOf(parts.props, name), ...own };
  const set = functionSettings[name].flatMap((setting) => {
    const value = all[setting];
    return value === undefined ? [] : [[functionVariables[setting], value] as const];
  });
  return Object.fromEntries(set);
}

/** What is the same for every function. */
export function usual({ props, key }: Parts): { logRetention: number; encryptionKey: IKey | undefined } {
  return { logRetention: props.logRetentionDays ?? RetentionDays.THREE_MONTHS, encryptionKey: key };
}

/** The secret that opens the config repo to a function. */
export function githubSecretOf(
  { githubSecret = defaultGitHubSecret, githubReadSecret = githubSecret }: WindlassProps,
  name: FunctionName,
): string {
  return gitHubWriters.includes(name) ? githubSecret : githubReadSecret;
}

/** Reads secrets, by their names or ARNs. */
export function readsSecrets(scope: Construct, why: string, secrets: readonly string[]): Permission {
  const resources = secrets.map((secret) => secretArn(scope, secret));
  return { why, actions: ['secretsmanager:GetSecretValue'], resources };
}

function secretArn(scope: Construct, secret: string): string {
  if (secret.startsWith('arn:')) return grantableSecretArn(secret);
  const arn = Stack.of(scope).formatArn({
    ...{ service: 'secretsmanager', resource: 'secret', resourceName: secret },
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  // A name has no suffix, also where it looks so.
  return `${arn}-??????`;
}

/** Asks ECR about the repositories of the props, here and in the other registries. */
export function readsRegistries(scope: Construct, { props }: Parts, why: string, actions: string[]): Permission {
  const { partition, region, account } = Stack.of(scope);
  const resources = [{ region, account }, ...(props.registries ?? [])].flatMap((place) =>
    props.repositoryPrefixes.map(
      (prefix) => `arn:${partition}:ecr:${place.region}:${place.account}:repository/${prefix}*`,
    ),
  );
  return { why, actions, resources, wide: 'The prop repositoryPrefixes says how the names of repositories begin.' };
}

/** Sends messages to queues. */
export function sends(why: string, queues: readonly Queue[]): Permission {
  return { why, actions: ['sqs:SendMessage'], resources: queues.map(({ queueArn }) => queueArn) };
}

/** Adds to the audit: nothing of Windlass may change what is in it, or take it away. */
export function appends({ records }: Parts): Permission {
  return { why: 'adds records to the audit', actions: ['dynamodb:PutItem'], resources: [records.audit.tableArn] };
}

/**
 * What may be done to the table of states, in these partitions alone (`*` stands for the rest of a name): what one function wrote, another one trusts.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function usesState({ records }: Parts, why: string, partitions: readonly string[]): Permission {
  return {
    why,
    actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:Query'],
    resources: [records.state.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions } },
    only: `in the partitions ${partitions.map((one) => `\`${one}\``).join(' ')}`,
  };
}

/** Where the last valid windlass.yaml is. What bump knows of the branch is its own: a taken reader must not hide markers from it. */
export const windlassFiles = 'windlass-file#*';
