import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient, UpdateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Context, SQSEvent } from 'aws-lambda';
import { vi } from 'vitest';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import { functionVariables } from '../../lib/config/function-env.ts';
import type { MiniStack } from '../helpers/ministack.ts';
import { messagesIn } from '../helpers/sqs.ts';

/** The queues that functions send to. */
const queues = { pushes: true, reports: true, notices: true, questions: false, wake: false } as const;

/** What the stack has for its functions, made anew: tables, queues, the secret for GitHub, and the environment that names them. */
export interface Surroundings {
  env: Record<string, string>;
  items(table: 'audit' | 'state'): Promise<Record<string, unknown>[]>;
  /** The messages of a queue, which are taken off it. */
  messages<Message>(queue: keyof typeof queues): Promise<Message[]>;
  /** How many messages of a queue are delayed. */
  delayed(queue: keyof typeof queues): Promise<number>;
  setSecret(text: string): Promise<void>;
  close(): void;
}

/** The name of the queue that the puller of `cluster` reports to. */
const clusterQueue = 'windlass-reports-acme-prod.fifo';

export const cluster = 'arn:aws:eks:eu-west-1:000000000000:cluster/acme-prod';

/** Makes them in MiniStack, under names of their own. */
export async function makeSurroundings(
  { endpoint, region, credentials }: MiniStack,
  { githubUrl, secret }: { githubUrl: string; secret: string },
): Promise<Surroundings> {
  const where = { endpoint, region, credentials };
  const name = (what: string) => `windlass-${what}-${randomBytes(4).toString('hex')}`;
  const [dynamo, sqs, secrets] = [new DynamoDBClient(where), new SQSClient(where), new SecretsManagerClient(where)];
  const tables = { audit: name('audit'), state: name('state') };
  for (const table of Object.values(tables)) await createRecordsTable(dynamo, table);
  const urls = {} as Record<keyof typeof queues, string>;
  for (const [queue, isFifo] of Object.entries(queues)) {
    const made = await sqs.send(
      new CreateQueueCommand({
        QueueName: name(queue) + (isFifo ? '.fifo' : ''),
        Attributes: isFifo ? { FifoQueue: 'true', ContentBasedDeduplication: 'true' } : undefined,
      }),
    );
    urls[queue as keyof typeof queues] = made.QueueUrl!;
  }
  const SecretId = name('github');
  await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: secret }));
  const variables = functionVariables;
  return {
    env: {
      ...{
        AWS_ENDPOINT_URL: endpoint,
        AWS_REGION: region,
        POWERTOOLS_DEV: 'false',
        AWS_LAMBDA_FUNCTION_NAME: name('fn'),
      },
      ...{ AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey },
      ...{ [variables.repo]: 'acme/config', [variables.branch]: 'main', [variables.githubUrl]: githubUrl },
      ...{
        [variables.githubSecret]: SecretId,
        [variables.auditTable]: tables.audit,
        [variables.stateTable]: tables.state,
      },
      ...{ [variables.reportsQueue]: urls.reports, [variables.noticesQueue]: urls.notices },
      [variables.reportQueues]: JSON.stringify({ [cluster]: clusterQueue }),
      [variables.questionsQueue]: urls.questions,
      [variables.pushesQueue]: urls.pushes,
      [variables.wakeQueues]: JSON.stringify({ [cluster]: urls.wake }),
      [variables.clusters]: JSON.stringify([{ arn: cluster }]),
      ...{ [variables.eventBus]: 'default', [variables.notifySecrets]: '[]', [variables.topics]: '{}' },
    },
    items: async (table) => {
      const client = DynamoDBDocumentClient.from(dynamo);
      const items: Record<string, unknown>[] = [];
      for await (const page of paginateScan({ client }, { TableName: tables[table], ConsistentRead: true }))
        items.push(...(page.Items ?? []));
      return items;
    },
    messages: async (queue) => (await messagesIn(sqs, urls[queue])).map((body) => JSON.parse(body)),
    delayed: async (queue) => {
      const command = new GetQueueAttributesCommand({ QueueUrl: urls[queue], AttributeNames: ['All'] });
      return Number((await sqs.send(command)).Attributes?.['ApproximateNumberOfMessagesDelayed']);
    },
    setSecret: async (text) => void (await secrets.send(new UpdateSecretCommand({ SecretId, SecretString: text }))),
    close: () => {
      for (const client of [dynamo, sqs, secrets]) client.destroy();
    },
  };
}

/** A function in a sandbox of its own: nothing is known from before. */
export async function sandbox<Answer>(file: string, env: Record<string, string | undefined>) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.resetModules();
  const loaded = (await import(`../../functions/${file}.ts`)) as {
    handler(event: unknown, context: Context): Promise<Answer>;
  };
  return (event: unknown) => loaded.handler(event, lambdaContext(file));
}

let messages = 0;

/** An event of a queue with these bodies; what is no text is sent as JSON. The ids of the messages are `m0`, `m1` ... of this event. */
export function sqsEvent(...bodies: unknown[]): SQSEvent {
  messages += 1;
  const Records = bodies.map((body, index) =>
    sqsRecord('queue', {
      messageId: `m${index}`,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...{ groupId: 'group', deduplicationId: `${messages}-${index}`, sentAt: Date.now(), receives: 1 },
    }),
  );
  return { Records };
}

/** The same messages, as the cluster's puller sent them. */
export function fromPuller({ Records }: SQSEvent): SQSEvent {
  return { Records: Records.map((record) => ({ ...record, eventSourceARN: arnOf(clusterQueue) })) };
}

/** The same messages, as functions sent them. */
export function fromFunctions({ Records }: SQSEvent, { env }: Pick<Surroundings, 'env'>): SQSEvent {
  const name = env[functionVariables.reportsQueue]!.split('/').at(-1)!;
  return { Records: Records.map((record) => ({ ...record, eventSourceARN: arnOf(name) })) };
}

function arnOf(queue: string): string {
  return `arn:aws:sqs:eu-west-1:000000000000:${queue}`;
}

/** The lines that are written from now on, as Lambda would log them. */
export function listen(): string[] {
  const lines: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  return lines;
}
