import { randomBytes } from 'node:crypto';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openWakeQueue } from '../../lib/adapters/aws/wake-queue.ts';
import { openWakeSender } from '../../lib/adapters/aws/wake-sender.ts';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import type { Wake } from '../../lib/model/messages.ts';
import { wakeSchema } from '../../lib/model/messages-schema.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { messagesIn } from '../helpers/sqs.ts';

const wake: Wake = { type: 'Wake', at: '2026-11-22T10:00:00.000Z', why: '1a2b3c was committed' };
const never = new AbortController().signal;

await describeWithMiniStack('the queue that wakes a puller', () => {
  let aws: MiniStack;
  let sqs: SQSClient;
  beforeAll(async () => {
    aws = await startMiniStack();
    sqs = new SQSClient({ endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
    vi.stubEnv('AWS_ACCESS_KEY_ID', aws.credentials.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', aws.credentials.secretAccessKey);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    sqs?.destroy();
    await aws?.stop();
  });
  const queue = async (fifo: boolean): Promise<string> => {
    const name = `wake-${randomBytes(4).toString('hex')}${fifo ? '.fifo' : ''}`;
    const attributes = fifo ? { Attributes: { FifoQueue: 'true' } } : {};
    return (await sqs.send(new CreateQueueCommand({ QueueName: name, ...attributes }))).QueueUrl!;
  };

  it.each([
    ['a plain queue', false],
    ['a FIFO queue', true],
  ])('is sent a message that says what it is, and wakes for the same wish again: %s', async (_, fifo) => {
    const url = await queue(fifo);
    const sender = openWakeSender({ url, region: aws.region });
    const receiver = openWakeQueue({ url, region: aws.region });
    for (const message of [wake, { ...wake, sync: 'shop' }]) {
      await sender.send(message);
      expect((await messagesIn(sqs, url)).map((body) => wakeSchema.parse(JSON.parse(body)))).toEqual([message]);
    }
    // The very same message a second time.
    for (let time = 1; time <= 2; time++) {
      await sender.send(wake);
      const woken = await receiver.receive(never);
      expect(woken).toBeDefined();
      await woken?.done();
    }
    expect(await messagesIn(sqs, url)).toEqual([]);
    sender.close();
    receiver.close();
  });

  it('says of a queue that is not there what to check, and of one that does not answer that it may pass', async () => {
    const absent = openWakeSender({ url: `${aws.endpoint}/${aws.account}/none`, region: aws.region });
    await expect(absent.send(wake)).rejects.toMatchObject({ name: 'UserError', code: 'queue-access' });
    absent.close();
    const gone = openWakeSender({
      url: `http://127.0.0.1:${await freePort()}/${aws.account}/wake`,
      region: aws.region,
    });
    await expect(gone.send(wake)).rejects.toMatchObject({ name: 'RetryableError', code: 'queue-unreachable' });
    gone.close();
  });
});
