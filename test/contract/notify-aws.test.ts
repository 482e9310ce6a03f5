import { randomBytes } from 'node:crypto';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openNotifyQueue } from '../../lib/adapters/aws/notify-queue.ts';
import { openSecrets } from '../../lib/adapters/aws/notify-secret.ts';
import { openTopics } from '../../lib/adapters/aws/sns.ts';
import { noticeSchema } from '../../lib/model/messages-schema.ts';
import { noticeId } from '../../lib/model/notice.ts';
import { topicMessage } from '../../lib/notify/render-topic.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { notice } from '../notify/notices.ts';

await describeWithMiniStack('notices in AWS', () => {
  let aws: MiniStack;
  let sns: SNSClient;
  let sqs: SQSClient;
  let topics: ReturnType<typeof openTopics>;

  beforeAll(async () => {
    aws = await startMiniStack();
    const { endpoint, region, credentials, account } = aws;
    sns = new SNSClient({ endpoint, region, credentials });
    sqs = new SQSClient({ endpoint, region, credentials });
    topics = openTopics({ endpoint, region, credentials, account });
  });
  afterAll(async () => {
    for (const client of [sns, sqs]) client?.destroy();
    topics?.close();
    await aws?.stop();
  });

  const ownName = () => `windlass-${randomBytes(4).toString('hex')}`;
  const queueOf = async (fifo = false) => {
    const QueueName = ownName() + (fifo ? '.fifo' : '');
    const Attributes = fifo ? { FifoQueue: 'true' } : undefined;
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    return QueueUrl!;
  };
  const subscriberOf = async (topic: string, filter: object) => {
    const url = await queueOf();
    const asked = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }));
    const Attributes = { RawMessageDelivery: 'true', FilterPolicy: JSON.stringify(filter) };
    await sns.send(
      new SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint: asked.Attributes!['QueueArn'], Attributes }),
    );
    return url;
  };
  const receive = async (QueueUrl: string, WaitTimeSeconds = 20): Promise<string[]> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds, MaxNumberOfMessages: 10 }),
    );
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    return Messages.map(({ Body }) => Body!);
  };

  it('reach the subscribers of a topic in their own form, chosen by their attributes', async () => {
    const name = ownName();
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
    const drift = await subscriberOf(TopicArn!, { kind: ['drift'], namespaces: ['shop-prod'] });
    const bad = await subscriberOf(TopicArn!, { severity: ['error'] });
    const [one, other] = [
      notice('opened', 'drift', { namespaces: ['other', 'shop-prod'] }),
      notice('opened', 'unhealthy'),
    ];
    await topics.publish(name, topicMessage(one));
    await topics.publish(TopicArn!, topicMessage(other));
    expect((await receive(drift)).map((body) => JSON.parse(body))).toMatchObject([
      { version: 1, id: noticeId(one), kind: 'drift', state: 'opened', title: one.title, lines: one.lines },
    ]);
    expect((await receive(bad)).map((body) => JSON.parse(body).kind)).toEqual(['unhealthy']);
    expect(await receive(drift, 1)).toEqual([]);
  });

  it('go to a topic as large as they get', async () => {
    const name = ownName();
    await sns.send(new CreateTopicCommand({ Name: name }));
    const lines = Array.from({ length: 1_000 }, () => 'ü€😀'.repeat(2_000));
    await expect(topics.publish(name, topicMessage(notice('opened', 'drift', { lines })))).resolves.toBeUndefined();
  });

  it('are refused by a topic that there is not', async () => {
    const publishing = topics.publish(ownName(), topicMessage(notice('opened', 'drift')));
    await expect(publishing).rejects.toMatchObject({ name: 'UserError', code: 'topic-refused' });
  });

  it('go through their queue as they are, and once', async () => {
    const url = await queueOf(true);
    const queue = openNotifyQueue({ url, region: aws.region });
    const kept = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
    try {
      const one = notice('opened', 'drift');
      await queue.send(one);
      await queue.send(one);
      const long = Array.from({ length: 20 }, () => '\uffff€'.repeat(50_000));
      await queue.send(notice('changed', 'drift', { lines: long, incident: 'another' }));
      const found = (await receive(url)).map((body) => noticeSchema.parse(JSON.parse(body)));
      expect(found).toHaveLength(2);
      expect(found[0]).toEqual(one);
      expect(found[1]!.lines[0]).toMatch(/… \([\d,]+ characters\)$/);
    } finally {
      queue.close();
      process.env = kept;
    }
  });

  it('find the secret of their channel by its name', async () => {
    const { endpoint, region, credentials } = aws;
    const manager = new SecretsManagerClient({ endpoint, region, credentials });
    const secrets = openSecrets({ endpoint, region, credentials });
    try {
      await manager.send(new CreateSecretCommand({ Name: 'slack-bot', SecretString: 'xoxb-1-text' }));
      expect(await secrets.read('slack-bot')).toBe('xoxb-1-text');
      await expect(secrets.read('slack-not')).rejects.toMatchObject({ name: 'UserError', code: 'notify-secret' });
    } finally {
      secrets.close();
      manager.destroy();
    }
  });
});
