import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Deployment, deployStack } from '../helpers/deploy.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { waitMs } from '../helpers/patience.ts';

const patient = { timeout: waitMs, interval: 500 };

/** One alarm, as CloudWatch describes it. */
interface AlarmThere {
  AlarmName: string;
  Namespace: string;
  MetricName: string;
  Dimensions: { Name: string; Value: string }[];
  AlarmActions: string[];
  OKActions: string[];
}

/**
 * What is proven here: that the alarms of the template are taken, and that the topic that they name lets one through. MiniStack goes by the name of the metric and the values of all
 * periods together; dimensions, periods and missing data are held by assertions on the template.
 */
await describeWithMiniStack('the alarms of the stack in AWS', () => {
  let aws: MiniStack;
  let deployed: Deployment;
  let sqs: SQSClient;
  let sns: SNSClient;
  let heard: string;
  let alarms: AlarmThere[];
  const topics = () => new Set(alarms.flatMap(({ AlarmActions, OKActions }) => [...AlarmActions, ...OKActions]));

  beforeAll(async () => {
    aws = await startMiniStack();
    const { endpoint, region, credentials, account } = aws;
    sqs = new SQSClient({ endpoint, region, credentials });
    sns = new SNSClient({ endpoint, region, credentials });
    const clusters = [`arn:aws:eks:${region}:${account}:cluster/prod`];
    deployed = await deployStack(aws, { repo: 'acme/config', repositoryPrefixes: ['shop/'], clusters });
    ({ MetricAlarms: alarms } = await cloudWatch<{ MetricAlarms: AlarmThere[] }>('DescribeAlarms', {
      MaxRecords: 100,
    }));
    heard = (await sqs.send(new CreateQueueCommand({ QueueName: 'heard' }))).QueueUrl!;
    const queue = { Protocol: 'sqs', Endpoint: `arn:aws:sqs:${region}:${account}:heard` };
    for (const TopicArn of topics()) await sns.send(new SubscribeCommand({ TopicArn, ...queue }));
  });
  afterAll(async () => {
    sqs?.destroy();
    sns?.destroy();
    await deployed?.clean();
    await aws?.stop();
  });

  /** One call of CloudWatch's API, of which there is no client here. MiniStack goes by the scope of the signature, and does not check it. */
  async function cloudWatch<Answer>(action: string, parameters: object): Promise<Answer> {
    const scope = `${aws.credentials.accessKeyId}/20261122/${aws.region}/monitoring/aws4_request`;
    const answer = await fetch(aws.endpoint, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`,
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `GraniteServiceVersion20100801.${action}`,
      },
      body: JSON.stringify(parameters),
    });
    const text = await answer.text();
    expect(answer.status, text).toBe(200);
    return (text === '' ? {} : JSON.parse(text)) as Answer;
  }

  const put = ({ Namespace, MetricName, Dimensions }: AlarmThere, Value: number) =>
    cloudWatch('PutMetricData', { Namespace, MetricData: [{ MetricName, Dimensions, Value }] });

  /** What the topic was told since the last time: `NAME is STATE`. */
  async function told(): Promise<string[]> {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: heard, MaxNumberOfMessages: 10 }));
    for (const { ReceiptHandle } of Messages)
      await sqs.send(new DeleteMessageCommand({ QueueUrl: heard, ReceiptHandle }));
    return Messages.map(({ Body }) => {
      const { AlarmName, NewStateValue } = JSON.parse(JSON.parse(Body!).Message);
      return `${AlarmName} is ${NewStateValue}`;
    });
  }

  it('all tell one topic, when they ring and when it is over', () => {
    expect(alarms).toHaveLength(23);
    expect(topics().size).toBe(1);
    for (const { AlarmActions, OKActions } of alarms)
      expect([AlarmActions.length, OKActions]).toEqual([1, AlarmActions]);
  });

  it.each([
    ['PullerSilent', 1],
    ['ClusterUnreachable', 1],
    ['SweepFound', 2],
    ['BumpSlow', 200_000],
    ['DeadLettersPushes', 1],
    ['PushesWait', 1_500],
    ['BumpFails', 1],
    ['WhoThrottled', 1],
  ])('%s rings when its metric says so, and not before', async (id, value) => {
    const alarm = alarms.find(({ AlarmName }) => AlarmName.includes(id))!;
    const all: string[] = [];
    const hears = (state: string) =>
      vi.waitFor(async () => {
        all.push(...(await told()));
        expect(all).toContain(`${alarm.AlarmName} is ${state}`);
      }, patient);
    await put(alarm, 0);
    await hears('OK');
    expect(all).not.toContain(`${alarm.AlarmName} is ALARM`);
    // More often than not: nine of ten pushes.
    for (let count = 0; count < 12; count++) await put(alarm, value);
    await hears('ALARM');
  });
});
