import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Deployment, deployStack } from '../helpers/deploy.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';

const cluster = 'arn:aws:eks:eu-west-1:000000000000:cluster/acme-dev';
const props = { repo: 'acme/config', repositoryPrefixes: ['shop/'], clusters: [cluster], topics: ['deploys'] };

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
    deployed = await deployStack(aws, props);
  });
  afterAll(async () => {
    dynamo?.destroy();
    sqs?.destroy();
    await deployed?.clean();
    await aws?.stop();
  });

  const tables = async () => (await dynamo.send(new ListTablesCommand({}))).TableNames ?? [];
  const queues = async () => (await sqs.send(new ListQueuesCommand({}))).QueueUrls ?? [];

  it('tells whoever sets up the rest what is where', async () => {
    const { outputs } = deployed;
    expect(outputs).toMatchObject({ Repo: 'acme/config', Branch: 'main', GithubSecret: 'windlass/github' });
    expect(await tables()).toEqual([outputs['AuditTable'], outputs['StateTable']].toSorted());
    const [known] = JSON.parse(outputs['Clusters']!) as Record<string, string>[];
    expect(known).toMatchObject({ arn: cluster, wakeQueueArn: expect.stringMatching(/^arn:aws:sqs:/) });
    const named = ['PushesQueueUrl', 'NoticesQueueUrl'].map((name) => outputs[name]);
    const ofCluster = ['wakeQueueUrl', 'reportsQueueUrl'].map((name) => known![name]);
    expect(await queues()).toEqual(expect.arrayContaining([...named, ...ofCluster]));
    expect(known!['reportsQueueArn']).toMatch(/^arn:aws:sqs:eu-west-1:000000000000:.*\.fifo$/);
    expect(JSON.parse(outputs['Topics']!)).toEqual({ deploys: expect.stringMatching(/^arn:aws:sns:/) });
    expect(JSON.parse(outputs['CheckerPrincipals']!)).toEqual([expect.stringMatching(/:role\/windlass-drift-/)]);
    expect(outputs['Dashboard']).toMatch(/^https:/);
  });

  it('changes nothing when it is deployed again', async () => {
    expect(await deployed.update()).toContain('Windlass (no changes)');
  });

  it('takes other props, and keeps its records', async () => {
    const before = await tables();
    expect(await deployed.update({ ...props, branch: 'release' })).not.toContain('(no changes)');
    expect(deployed.outputs['Branch']).toBe('release');
    expect(await tables()).toEqual(before);
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
