import { randomUUID } from 'node:crypto';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { allowing, type QueueOptions, signIn, sqsClient, sqsTrouble } from './sqs-client.ts';

/** Puts sweeps into the queue of pushes. */
export interface SweepSender {
  /** Asks bump to look at all images, at this time. */
  send(at: Date): Promise<void>;
  /** How many messages are in the queue or being worked on, about. */
  left(): Promise<number>;
  close(): void;
}

const todo = allowing('allow yourself sqs:SendMessage and sqs:GetQueueAttributes on the queue of pushes', signIn);

/**
 * The FIFO queue of pushes. `group` is that of all its messages, so that there is one writer a branch: `acme/shop-config@main`. Methods throw
 * `RetryableError` when SQS does not answer, `UserError` when it refuses.
 */
export function openSweepSender(options: QueueOptions & { group: string }): SweepSender {
  const client = sqsClient(options, 5_000);
  const { url, group } = options;
  const asked = async <T>(doing: string, request: Promise<T>): Promise<T> => {
    try {
      return await request;
    } catch (error) {
      throw sqsTrouble(error, doing, url, todo);
    }
  };
  return {
    send: async (at) => {
      const request = new SendMessageCommand({
        QueueUrl: url,
        MessageBody: JSON.stringify({ type: 'Sweep', at: at.toISOString() }),
        // Each wish to look is one of its own: a second one after the look is not the first one again.
        ...{ MessageGroupId: group, MessageDeduplicationId: randomUUID() },
      });
      await asked('ask for a sweep by', client.send(request));
    },
    left: async () => {
      const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const request = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] });
      const { Attributes: told = {} } = await asked('look at', client.send(request));
      return names.reduce((sum, name) => sum + Number(told[name] ?? 0), 0);
    },
    close: () => client.destroy(),
  };
}
