import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaveOut } from '../../functions/bundling/leave-out.ts';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A program out of a folder of its own, as the bundle of a function has it. */
async function bundled<Exports>(folder: string, name: string, contents: string): Promise<Exports> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    stdin: { contents, resolveDir: root },
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', minify: true, logLevel: 'silent' },
    mainFields: ['module', 'main'],
    plugins: [leaveOut],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  return (await import(pathToFileURL(outfile).href)) as Exports;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-test-bundling-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an error of AWS in a bundle', () => {
  interface Clients {
    names: string[];
    ask(name: string, endpoint: string): Promise<unknown>;
  }
  let clients: Clients;
  let server: Server;
  let answer: { status: number; headers?: Record<string, string>; body: string };
  let endpoint: string;

  beforeAll(async () => {
    clients = await bundled(
      folder,
      'clients',
      `import { DescribeLogGroupsCommand, CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
      import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
      import { DescribeImageScanFindingsCommand, ECRClient } from '@aws-sdk/client-ecr';
      import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
      import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
      import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
      import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
      import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      const all = {
        logs: [CloudWatchLogsClient, new DescribeLogGroupsCommand({})],
        dynamodb: [DynamoDBClient, new PutItemCommand({ TableName: 't', Item: {} })],
        ecr: [ECRClient, new DescribeImageScanFindingsCommand({ repositoryName: 'r', imageId: {} })],
        eks: [EKSClient, new DescribeClusterCommand({ name: 'c' })],
        events: [EventBridgeClient, new PutEventsCommand({ Entries: [] })],
        secrets: [SecretsManagerClient, new GetSecretValueCommand({ SecretId: 's' })],
        sns: [SNSClient, new PublishCommand({ Message: 'm' })],
        sqs: [SQSClient, new SendMessageCommand({ QueueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/q', MessageBody: 'm' })],
      };
      export const ask = (name, endpoint) =>
        new all[name][0]({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 }).send(all[name][1]);`,
    );
    server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(answer.status, answer.headers).end(answer.body));
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  const json = (type: string) => JSON.stringify({ __type: type, message: 'so it is' });
  const xml =
    '<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>so it is</Message></Error></ErrorResponse>';
  it.each<[client: string, name: string, answer: Partial<typeof answer>]>([
    [
      'dynamodb',
      'ConditionalCheckFailedException',
      { body: json('com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException') },
    ],
    ['dynamodb', 'ProvisionedThroughputExceededException', { body: json('ProvisionedThroughputExceededException') }],
    ['ecr', 'ScanNotFoundException', { body: json('ScanNotFoundException') }],
    ['ecr', 'ServerException', { body: json('ServerException'), status: 500 }],
    [
      'eks',
      'ResourceNotFoundException',
      { body: '{"message":"so it is"}', status: 404, headers: { 'x-amzn-errortype': 'ResourceNotFoundException' } },
    ],
    ['events', 'InternalException', { body: json('InternalException'), status: 500 }],
    ['logs', 'ResourceNotFoundException', { body: json('ResourceNotFoundException') }],
    ['secrets', 'ResourceNotFoundException', { body: json('ResourceNotFoundException') }],
    // These two have another name on the wire than their class; the adapters know both.
    ['sns', 'NotFound', { body: xml, status: 404 }],
    [
      'sqs',
      'AWS.SimpleQueueService.NonExistentQueue',
      {
        body: json('com.amazonaws.sqs#QueueDoesNotExist'),
        headers: { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' },
      },
    ],
  ])('%s: %s has its name and its message', async (client, name, given) => {
    answer = { status: 400, body: '', ...given };
    const status = answer.status;
    await expect(clients.ask(client, endpoint)).rejects.toMatchObject({
      ...{ name, message: 'so it is' },
      ...{ $fault: status < 500 ? 'client' : 'server', $metadata: { httpStatusCode: status } },
    });
  });

  it('of which the class is asked for cannot be bundled', async () => {
    const asking = `import { ScanNotFoundException } from '@aws-sdk/client-ecr';\nexport const is = (error) => error instanceof ScanNotFoundException;`;
    await expect(bundled(folder, 'class', asking)).rejects.toThrow('No matching export');
  });

  it('is told by the tables of the records', async () => {
    const dynalite = await startDynalite();
    try {
      const { DynamoDBClient, DynamoTable } = await bundled<
        typeof import('@aws-sdk/client-dynamodb') & typeof import('../../lib/adapters/aws/dynamo-table.ts')
      >(
        folder,
        'table',
        `export { DynamoDBClient } from '@aws-sdk/client-dynamodb';\nexport { DynamoTable } from './lib/adapters/aws/dynamo-table.ts';`,
      );
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      const client = new DynamoDBClient({ endpoint: dynalite.endpoint, region: 'local', credentials });
      await createRecordsTable(client, 'state');
      const table = new DynamoTable(client, 'state');
      expect(await table.putOnce({ pk: 'a', sk: 'b' })).toBe(true);
      expect(await table.putOnce({ pk: 'a', sk: 'b' })).toBe(false);
      client.destroy();
    } finally {
      await dynalite.stop();
    }
  });
});
