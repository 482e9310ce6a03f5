import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Deployment, deployStack } from '../helpers/deploy.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';

await describeWithMiniStack('the stack in AWS', () => {
  let aws: MiniStack;
  let deployed: Deployment;
  let dynamo: DynamoDBClient;
  let sqs: SQSClient;
  beforeAll(async () => {
    aws = await startMiniStack({ auth: true, tls: true });
    const { endpoint, region, credentials } = aws;
    dynamo = new DynamoDBClient({ endpoint, region, credentials });
    sqs = new SQSClient({ endpoint, region, credentials });
    deployed = await deployStack(aws, { repo: 'acme/config', repositoryPrefixes: ['shop/'] });
  });
  afterAll(async () => {
    dynamo?.destroy();
    sqs?.destroy();
    await deployed?.clean();
    await aws?.stop();
  });

  const tables = async () => (await dynamo.send(new ListTablesCommand({}))).TableNames ?? [];
  const queues = async () => (await sqs.send(new ListQueuesCommand({}))).QueueUrls ?? [];

  it('changes nothing when it is deployed again', async () => {
    expect(await deployed.update()).toContain('Windlass (no changes)');
  });

  it('leaves its records when it is destroyed, and nothing else', async () => {
    const before = await tables();
    expect(before).not.toEqual([]);
    expect(await queues()).not.toEqual([]);
    const item = { pk: { S: 'about#web' }, sk: { S: '2026' } };
    for (const TableName of before) await dynamo.send(new PutItemCommand({ TableName, Item: item }));
    await deployed.destroy();
    expect(await tables()).toEqual(before);
    for (const TableName of before)
      expect(await dynamo.send(new GetItemCommand({ TableName, Key: item }))).toMatchObject({ Item: item });
    expect(await queues()).toEqual([]);
  });
});
