import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  paginateDescribeLogGroups,
} from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DeleteCommand, DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { findHelm } from '../../lib/adapters/renderers/helm-program.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import type { WindlassProps } from '../../lib/infra/windlass-props.ts';
import { createGitHub, type GitHub } from '../standins/github.ts';
import { type SlackStandIn, startSlack } from '../standins/slack.ts';
import { waitFor } from './cluster.ts';
import { type Deployment, deployStack } from './deploy.ts';
import { type MiniStack, type MiniStackOptions, startMiniStack } from './ministack.ts';
import { pushTo } from './push-image.ts';

/** Windlass in AWS without AWS: the stack deployed to MiniStack, under IAM and TLS, with a GitHub and a Slack on this machine. */
export interface AwsWorld {
  aws: MiniStack;
  github: GitHub;
  slack: SlackStandIn;
  deployed: Deployment;
  sqs: SQSClient;
  /** For clients of the SDK. */
  where: { endpoint: string; region: string; credentials: MiniStack['credentials'] };
  /** Pushes an image to a repository of its ECR and gives its digest. */
  push(repository: string, tag: string): Promise<string>;
  /** All items of a table. */
  items(table: 'AuditTable' | 'StateTable'): Promise<Record<string, unknown>[]>;
  /** Takes the items away from the table of states whose partition begins so. */
  forget(partitions: string): Promise<void>;
  /** The lines that functions have logged: all, or those of the function with this in its id (`Bump`). */
  logs(of?: string): Promise<string[]>;
  /** Messages that wait in a queue or are at work, by the URL. */
  waiting(queue: string): Promise<number>;
  /** Waits for a message in Slack that has all these texts, and gives it as JSON. */
  posted(...texts: string[]): Promise<string>;
  /** URLs of all queues with this in their name. */
  queues(part: string): Promise<string[]>;
  /** Texts that must be seen nowhere but where they are kept. */
  secrets: string[];
  close(): Promise<void>;
}

/** What the world is made of. */
export interface AwsWorldOptions {
  /** Of the config repo `acme/config`. */
  files: Record<string, string>;
  repositories?: string[];
  props?: Partial<WindlassProps>;
  ministack?: MiniStackOptions;
}

export const registry = '000000000000.dkr.ecr.eu-west-1.amazonaws.com';

/** Deploys it all. Whoever starts it closes it. */
export async function startAwsWorld(options: AwsWorldOptions): Promise<AwsWorld> {
  const { files, repositories = ['shop/web'], props = {}, ministack = {} } = options;
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closing.reverse()) await end();
  };
  try {
    const { publicKey, privateKey } = appKey();
    const access = { app: { id: 7, installationId: 42, publicKey } };
    const github = await createGitHub({ files, access, limit: Number.POSITIVE_INFINITY });
    const api = await github.listen();
    closing.push(api.close);
    const slack = await startSlack();
    closing.push(slack.close);
    const opt = await layerFiles();
    closing.push(opt.remove);
    const aws = await startMiniStack({
      ...{ auth: true, tls: true, opt: opt.dir },
      ...ministack,
      env: { WINDLASS_SLACK_API: slack.api, ...ministack.env },
    });
    closing.push(aws.stop);
    const where = { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials };
    const [sqs, dynamo, logs] = [new SQSClient(where), new DynamoDBClient(where), new CloudWatchLogsClient(where)];
    closing.push(
      () => sqs.destroy(),
      () => dynamo.destroy(),
      () => logs.destroy(),
    );
    await createSecret(where, 'windlass/github', JSON.stringify({ appId: 7, privateKey }));
    await createSecret(where, 'slack-bot', slack.token);
    await createRepositories(where, repositories);
    const deployed = await deployStack(aws, {
      repo: 'acme/config',
      githubUrl: `${api.url}/api/v3`,
      repositoryPrefixes: ['shop/'],
      ...props,
    });
    closing.push(deployed.clean);
    return {
      ...{ aws, github, slack, deployed, sqs, where, close },
      // A line of the key: it is never written in one piece where line breaks are escaped.
      secrets: [privateKey.split('\n')[5]!, slack.token],
      push: (repository, tag) => pushTo(aws.endpoint, repository, tag, { labels: { tag } }),
      items: (table) => itemsOf(dynamo, deployed.outputs[table]!),
      forget: async (partitions) => {
        const TableName = deployed.outputs['StateTable']!;
        for (const { pk, sk } of await itemsOf(dynamo, TableName))
          if (String(pk).startsWith(partitions))
            await DynamoDBDocumentClient.from(dynamo).send(new DeleteCommand({ TableName, Key: { pk, sk } }));
      },
      logs: (of = '') => linesOf(logs, of),
      posted: (...texts) => postedIn(slack, texts),
      waiting: (queue) => waitingIn(sqs, queue),
      queues: async (part) =>
        ((await sqs.send(new ListQueuesCommand({}))).QueueUrls ?? []).filter((url) => url.includes(part)),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Where = AwsWorld['where'];

/** What the layer of kubectl and helm has, where it is on this machine. */
async function layerFiles(): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'windlass-test-opt-'));
  const programs = { kubectl: await findKubectl({ env: process.env }), helm: await findHelm({ env: process.env }) };
  for (const [name, { path }] of Object.entries(programs)) {
    await mkdir(join(dir, name));
    await symlink(path, join(dir, name, name));
  }
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

function appKey(): { publicKey: string; privateKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
}

async function createSecret(where: Where, Name: string, SecretString: string): Promise<void> {
  const client = new SecretsManagerClient(where);
  await client.send(new CreateSecretCommand({ Name, SecretString }));
  client.destroy();
}

async function createRepositories(where: Where, names: string[]): Promise<void> {
  const client = new ECRClient(where);
  for (const repositoryName of names) await client.send(new CreateRepositoryCommand({ repositoryName }));
  client.destroy();
}

async function itemsOf(dynamo: DynamoDBClient, TableName: string): Promise<Record<string, unknown>[]> {
  const client = DynamoDBDocumentClient.from(dynamo);
  const items: Record<string, unknown>[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName, ConsistentRead: true }))
    items.push(...Items);
  return items;
}

async function linesOf(client: CloudWatchLogsClient, of: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, {})) {
    for (const { logGroupName } of logGroups) {
      if (!logGroupName?.includes(of)) continue;
      let nextToken: string | undefined;
      do {
        const page = await client.send(new FilterLogEventsCommand({ logGroupName, nextToken, limit: 1000 }));
        lines.push(...(page.events ?? []).map(({ message = '' }) => message));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
    }
  }
  return lines;
}

async function postedIn({ posts }: SlackStandIn, texts: string[]): Promise<string> {
  const all = () => posts.map(({ body }) => JSON.stringify(body));
  const found = () => all().find((post) => texts.every((text) => post.includes(text)));
  return waitFor(found, { what: `${texts.join(' and ')} in Slack` }).catch((cause: unknown) => {
    throw new Error(`${texts.join(' and ')} is not in Slack:\n${all().join('\n')}`, { cause });
  });
}

async function waitingIn(client: SQSClient, QueueUrl: string): Promise<number> {
  const { Attributes = {} } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  const { ApproximateNumberOfMessages = '0', ApproximateNumberOfMessagesNotVisible = '0' } = Attributes;
  return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesNotVisible);
}
