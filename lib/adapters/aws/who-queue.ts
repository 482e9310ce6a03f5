import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { WhoWanted } from '../../model/messages.ts';
import { allowing, messageBody, type QueueOptions, sqsClient, sqsTrouble } from './sqs-client.ts';

/** Seconds until a question is asked: an audit log is in CloudWatch after some minutes. SQS takes up to 900. */
export const usualDelay = 600;

const todo = allowing('allow the role sqs:SendMessage to the queue of questions');

/**
 * The SQS queue of questions who is behind a drift: a standard one, as a FIFO queue cannot delay one message. `send` throws `RetryableError` when
 * SQS does not answer, `UserError` when it refuses.
 */
export function openWhoQueue(options: QueueOptions & { delay?: number }): {
  send(wanted: WhoWanted): Promise<void>;
  close(): void;
} {
  const client = sqsClient(options, 2_500);
  return {
    send: async (wanted) => {
      const request = new SendMessageCommand({
        QueueUrl: options.url,
        MessageBody: messageBody(wanted),
        DelaySeconds: options.delay ?? usualDelay,
      });
      try {
        await client.send(request);
      } catch (error) {
        throw sqsTrouble(error, 'ask who is behind a drift by', options.url, todo);
      }
    },
    close: () => client.destroy(),
  };
}
