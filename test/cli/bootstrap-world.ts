import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@aws-lambda-powertools/logger';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { onTestFinished } from 'vitest';
import { MemoryRegistry } from '../../bench/parts/memory-registry.ts';
import { bumpOnPush } from '../../functions/handlers/bump-on-push.ts';
import { notifyOnNotice } from '../../functions/handlers/notify-on-notice.ts';
import { openDeliveries } from '../../lib/adapters/aws/delivery-store.ts';
import { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { openGitHub } from '../../lib/adapters/github/client.ts';
import { openGitHubConfigRepo } from '../../lib/adapters/github/config-repo.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import { openSlack } from '../../lib/adapters/slack/slack.ts';
import type { RegistryTag } from '../../lib/bump/ports.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { UserError } from '../../lib/model/errors.ts';
import { memoryStore } from '../adapters/github/world.ts';
import { type Ran, windlass } from '../helpers/io.ts';
import type { MiniStack } from '../helpers/ministack.ts';
import { waitMs } from '../helpers/patience.ts';
import { createGitHub, type GitHub } from '../standins/github.ts';
import { mirror } from '../standins/mirror.ts';
import type { SlackStandIn } from '../standins/slack.ts';

/** The token that the stack's secret holds: it must be seen nowhere. */
export const canary = 'ghp_canaryOfTheConfigRepo';

/** The cluster that the stack of the tests knows. */
export const clusterArn = 'arn:aws:eks:eu-west-1:000000000000:cluster/acme-prod';

/** A deployed stack with a config repo on GitHub, and a person with a clone of it. */
export interface BootstrapWorld {
  github: GitHub;
  /** The person's clone. */
  dir: string;
  stack: string;
  /** Runs `windlass bootstrap` as that person. */
  bootstrap(...argv: string[]): Promise<Ran>;
  /** Puts another text into the stack's secret. */
  secret(text: string): Promise<void>;
  /** Answers messages as the functions do, from now to the end of the test. */
  functions(...which: ('bump' | 'notify')[]): void;
  /** Pulls in the clone. */
  pull(): void;
  outputs: Record<string, string>;
}

/** Clients of the stand-in for AWS, and the environment that the CLI's own find it by. */
export function awsOf(aws: MiniStack) {
  const where = { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials };
  const clients = {
    cloudFormation: new CloudFormationClient(where),
    dynamo: new DynamoDBClient(where),
    secrets: new SecretsManagerClient(where),
    sqs: new SQSClient(where),
  };
  const environment = {
    ...{ AWS_ENDPOINT_URL: aws.endpoint, AWS_REGION: aws.region },
    ...{ AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey },
  };
  const before = Object.fromEntries(Object.keys(environment).map((name) => [name, process.env[name]]));
  Object.assign(process.env, environment);
  const close = () => {
    for (const client of Object.values(clients)) client.destroy();
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  return { ...clients, close };
}

export type Aws = ReturnType<typeof awsOf>;

let made = 0;

/** Makes a stack by CloudFormation, and takes it away after the test. */
export async function makeStack(
  { cloudFormation }: Aws,
  name: string,
  resources: Record<string, object>,
  outputs: Record<string, unknown>,
): Promise<void> {
  const Outputs = Object.fromEntries(Object.entries(outputs).map(([key, Value]) => [key, { Value }]));
  // A template without resources is none.
  const Resources = { Own: { Type: 'AWS::SQS::Queue' }, ...resources };
  await cloudFormation.send(
    new CreateStackCommand({ StackName: name, TemplateBody: JSON.stringify({ Resources, Outputs }) }),
  );
  await waitUntilStackCreateComplete(
    { client: cloudFormation, maxWaitTime: waitMs / 1000, minDelay: 1 },
    { StackName: name },
  );
  onTestFinished(async () => void (await cloudFormation.send(new DeleteStackCommand({ StackName: name }))));
}

const table = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  },
};
const fifo = (QueueName: string) => ({ Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true, QueueName } });

/** Deploys a stack with the outputs of Windlass for a config repo of these files. */
export async function bootstrapWorld(
  aws: Aws,
  slack: SlackStandIn,
  files: Record<string, string>,
  more: Record<string, unknown> = {},
): Promise<BootstrapWorld> {
  const id = `${process.pid}-${made++}`;
  const root = mkdtempSync(join(tmpdir(), 'windlass-bootstrap-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const github = await createGitHub({ files, access: { tokens: [canary] } });
  const { url, close } = await github.listen();
  onTestFinished(close);
  const bare = join(root, 'acme', 'config.git');
  const dir = join(root, 'clone');
  mirror(github, bare);
  execFileSync('git', ['clone', '--quiet', bare, dir], { stdio: 'pipe' });

  const SecretId = `windlass/github-${id}`;
  await aws.secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: JSON.stringify({ token: canary }) }));
  const stack = `Windlass-${id}`;
  const resources = {
    ...{ Audit: table, State: table, Wake: { Type: 'AWS::SQS::Queue' } },
    ...{ Pushes: fifo(`pushes-${id}.fifo`), Reports: fifo(`reports-${id}.fifo`), Notices: fifo(`notices-${id}.fifo`) },
  };
  const outputs = {
    ...{ Repo: 'acme/config', Branch: 'main', GithubSecret: SecretId, Topics: '{}' },
    ...{ AuditTable: { Ref: 'Audit' }, StateTable: { Ref: 'State' }, PushesQueueUrl: { Ref: 'Pushes' } },
    ...{ NoticesQueueUrl: { Ref: 'Notices' }, Dashboard: 'https://eu-west-1.console.aws.amazon.com/cloudwatch/' },
    Clusters: {
      'Fn::Sub': [
        `[{"arn":"${clusterArn}","wakeQueueUrl":"\${WakeUrl}","wakeQueueArn":"\${WakeArn}","reportsQueueUrl":"\${Url}","reportsQueueArn":"\${Arn}","checkerPrincipalArn":"arn:aws:iam::000000000000:role/windlass-drift"}]`,
        {
          ...{ WakeUrl: { Ref: 'Wake' }, WakeArn: { 'Fn::GetAtt': ['Wake', 'Arn'] } },
          ...{ Url: { Ref: 'Reports' }, Arn: { 'Fn::GetAtt': ['Reports', 'Arn'] } },
        },
      ],
    },
    ...more,
  };
  const told = Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== undefined));
  await makeStack(aws, stack, resources, told);
  const { readStack } = await import('../../lib/adapters/aws/stack-outputs.ts');
  const read = (await readStack(stack, {})).outputs!;

  const base = { PATH: process.env['PATH'], HOME: root, WINDLASS_CACHE: join(root, 'cache') };
  return {
    ...{ github, dir, stack, outputs: read },
    bootstrap: (...argv) => {
      const env = { ...base, WINDLASS_GITHUB_API_URL: url };
      return windlass(['bootstrap', '--stack', stack, '--wait', '60', ...argv], { cwd: dir, env });
    },
    secret: async (SecretString) =>
      void (await aws.secrets.send(new PutSecretValueCommand({ SecretId, SecretString }))),
    functions: (...which) => {
      if (which.includes('bump')) answer(aws, read['PushesQueueUrl']!, bumpFunction(aws, url, read));
      if (which.includes('notify')) answer(aws, read['NoticesQueueUrl']!, notifyFunction(aws, slack, github, read));
    },
    pull: () => {
      mirror(github, bare);
      execFileSync('git', ['-C', dir, 'pull', '--quiet'], { stdio: 'pipe' });
    },
  };
}

/** Below `closed/` nobody may read. */
class SomeClosed extends MemoryRegistry {
  override async tags(repository: string): Promise<RegistryTag[]> {
    if (!repository.includes('/closed/')) return super.tags(repository);
    throw new UserError(`${repository} may not be read`, { code: 'registry-not-allowed' });
  }
}

type Answer = (event: SQSEvent) => Promise<SQSBatchResponse>;

const silent = () => new Logger({ logLevel: 'SILENT' });

function recordsIn({ dynamo }: Aws, outputs: Record<string, string>): DynamoRecords {
  const tables = { audit: outputs['AuditTable']!, state: outputs['StateTable']! };
  const onUnreadable = (error: Error) => {
    throw error;
  };
  return new DynamoRecords(dynamo, { tables, onUnreadable });
}

function bumpFunction(aws: Aws, baseUrl: string, outputs: Record<string, string>): Answer {
  const client = openGitHub({ auth: { token: canary }, baseUrl, userAgent: 'windlass-test' });
  const place = { owner: 'acme', repo: 'config', branch: 'main', store: memoryStore() };
  const records = recordsIn(aws, outputs);
  const handler = bumpOnPush({
    repo: openGitHubConfigRepo({ client, ...place }),
    registry: new SomeClosed(),
    records: {
      append: (facts) => records.append(facts),
      recordedUpTo: (branch) => records.recordedUpTo(branch),
      saveRecordedUpTo: (branch, revision) => records.saveRecordedUpTo(branch, revision),
      saveImages: (images) => records.saveImages(images),
      announce: async () => undefined,
    },
    sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    ...{ random: Math.random, now: () => new Date(), logger: silent() },
  });
  return (event) => handler(event, lambdaContext('bump'));
}

function notifyFunction(aws: Aws, slack: SlackStandIn, github: GitHub, outputs: Record<string, string>): Answer {
  const read = async (name: string) => ({ 'slack-bot': slack.token, 'slack-old': 'xoxb-revoked' })[name] ?? '';
  const handler = notifyOnNotice({
    rules: async () => readConfig(new TextDecoder().decode(github.show('windlass.yaml'))).config!.notify,
    deliveries: openDeliveries(aws.dynamo, { table: outputs['StateTable']! }),
    records: recordsIn(aws, outputs),
    slack: openSlack({ readSecret: read, api: slack.api, hookHosts: [slack.host], patience: 0 }),
    topics: { publish: () => Promise.reject(new Error('there is no topic')) },
    ...{ now: () => new Date(), logger: silent() },
  });
  return (event) => handler(event, lambdaContext('notify'));
}

/** Takes messages off a queue and answers them, as Lambda does. */
function answer({ sqs }: Aws, QueueUrl: string, handler: Answer): void {
  const ended = new AbortController();
  const work = (async () => {
    while (!ended.signal.aborted) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.length === 0) await new Promise((done) => setTimeout(done, 100));
      for (const { MessageId, Body, ReceiptHandle } of Messages) {
        const message = { messageId: MessageId!, body: Body!, groupId: 'g', deduplicationId: MessageId!, receives: 1 };
        const { batchItemFailures } = await handler({
          Records: [sqsRecord('queue', { ...message, sentAt: Date.now() })],
        });
        if (batchItemFailures.length > 0) throw new Error(`the function sent ${Body} back`);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
  })();
  onTestFinished(async () => {
    ended.abort();
    await work;
  });
}
