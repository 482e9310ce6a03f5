import { randomBytes } from 'node:crypto';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAuditLog } from '../../lib/adapters/aws/audit-logs.ts';
import { openEksAccess } from '../../lib/adapters/aws/eks-access.ts';
import { openReportQueue } from '../../lib/adapters/aws/report-queue.ts';
import { openWhoQueue } from '../../lib/adapters/aws/who-queue.ts';
import type { Attributed, ConfigReported, WhoWanted } from '../../lib/model/messages.ts';
import { reportSchema, whoWantedSchema } from '../../lib/model/messages-schema.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { messagesIn } from '../helpers/sqs.ts';

await describeWithMiniStack('EKS, its audit log and the queue of questions in AWS', () => {
  let aws: MiniStack;
  let sqs: SQSClient;
  const clients: { destroy(): void }[] = [];
  const where = () => ({ endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
  const ownName = () => `windlass-${randomBytes(4).toString('hex')}`;

  beforeAll(async () => {
    aws = await startMiniStack();
    sqs = new SQSClient(where());
    clients.push(sqs);
    // The queues take keys from where a function has them.
    process.env['AWS_ACCESS_KEY_ID'] = aws.credentials.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = aws.credentials.secretAccessKey;
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await aws?.stop();
  });

  const queueOf = async (fifo: boolean) => {
    const Attributes = fifo ? { FifoQueue: 'true' } : undefined;
    const QueueName = ownName() + (fifo ? '.fifo' : '');
    return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
  };
  const question: WhoWanted = {
    type: 'WhoWanted',
    cluster: 'prod',
    sync: 'shop',
    incident: 'incident-1',
    until: '2026-11-22T12:05:00.000Z',
    objects: [{ object: 'ConfigMap/shop/settings', gone: true, untold: true, tools: [] }],
  };

  it('tells of a cluster that nobody can get into yet, and of none', async () => {
    const eks = new EKSClient(where());
    clients.push(eks);
    const name = ownName();
    const roleArn = 'arn:aws:iam::000000000000:role/eks';
    await eks.send(new CreateClusterCommand({ name, roleArn, resourcesVpcConfig: { subnetIds: ['subnet-1'] } }));
    const { endpoint, region, credentials } = where();
    // MiniStack's clusters have no authority where there is no Docker: nothing could be trusted.
    await expect(openEksAccess({ name, region }, { endpoint, credentials })).rejects.toMatchObject({
      name: 'RetryableError',
      message: `the EKS cluster ${name} has no address or authority yet (its status is ACTIVE)`,
    });
    const none = openEksAccess({ name: 'no-such-cluster', region }, { endpoint, credentials });
    await expect(none).rejects.toMatchObject({ name: 'UserError', code: 'eks-access' });
    await expect(none).rejects.toThrow(`there is none of that name in ${region}`);
  });

  // MiniStack finds no fields inside of JSON, so that every row is empty: what is in them is tested by events of a real API server.
  it('takes the query, and says that there is no log', async () => {
    const logs = new CloudWatchLogsClient(where());
    clients.push(logs);
    const name = ownName();
    const { endpoint, region, credentials } = where();
    const log = openAuditLog({ name, region }, { endpoint, credentials, pause: 10 });
    const from = new Date(Date.now() - 60_000).toISOString();
    const asked = () => log.writes({ from, to: new Date().toISOString(), names: ['settings'] });
    await expect(asked()).rejects.toMatchObject({ name: 'UserError', code: 'audit-log' });
    const logGroupName = `/aws/eks/${name}/cluster`;
    const logStreamName = 'kube-apiserver-audit-0a1b2c';
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
    const logEvents = [{ timestamp: Date.now(), message: '{}' }];
    await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
    expect(await asked()).toEqual({ writes: [], complete: true });
    log.close();
  });

  it('delays a question, and no other message of the queue', async () => {
    const url = await queueOf(false);
    const later = openWhoQueue({ url, region: aws.region });
    const soon = openWhoQueue({ url, region: aws.region, delay: 0 });
    await later.send(question);
    await soon.send({ ...question, sync: 'other' });
    const read = (await messagesIn(sqs, url)).map((body) => whoWantedSchema.parse(JSON.parse(body)));
    expect(read).toEqual([{ ...question, sync: 'other' }]);
    const names = ['ApproximateNumberOfMessagesDelayed' as const];
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: names }));
    expect(Attributes).toEqual({ ApproximateNumberOfMessagesDelayed: '1' });
    for (const one of [later, soon]) one.close();
  });

  it('takes an answer into the report queue, in the group of its sync, once', async () => {
    const url = await queueOf(true);
    const queue = openReportQueue({ url, region: aws.region });
    const { cluster, sync, incident } = question;
    const objects = [{ object: 'ConfigMap/shop/settings', requests: [], note: 'the audit log has no such request' }];
    const at = '2026-11-22T12:15:00.000Z';
    const answer: Attributed = { type: 'Attributed', run: 'run-1', at, cluster, sync, incident, objects };
    await queue.send(answer);
    await queue.send(answer);
    expect((await messagesIn(sqs, url)).map((body) => reportSchema.parse(JSON.parse(body)))).toEqual([answer]);
    queue.close();
  });

  it('takes what is said of one head once into the report queue, from each cluster what it has left', async () => {
    const url = await queueOf(true);
    const queue = openReportQueue({ url, region: aws.region });
    const at = '2026-11-22T12:15:00.000Z';
    const said: ConfigReported = { type: 'ConfigReported', at, revision: 'aaaa', problems: [] };
    const left = ['dev', 'prod'].map((cluster) => ({ ...said, left: { cluster, syncs: [] } }));
    for (const message of [said, said, ...left, ...left]) await queue.send(message);
    expect((await messagesIn(sqs, url)).map((body) => reportSchema.parse(JSON.parse(body)))).toEqual([said, ...left]);
    queue.close();
  });
});
