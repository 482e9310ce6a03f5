import { createHash } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { RollbackWanted } from '../../model/messages.ts';
import { allowing, messageBody, type QueueOptions, sqsClient, sqsTrouble } from './sqs-client.ts';

const todo = allowing('allow the role sqs:SendMessage to the queue of pushes');

/**
 * The FIFO queue of pushes, for wishes to roll back. `group` is that of all its messages, so that there is one writer a branch:
 * `acme/shop-config@main`. The same wish within five minutes is delivered once. `send` throws `RetryableError` when SQS does not
 * answer, `UserError` when it refuses.
 */
export function openRollbackSender(options: QueueOptions & { group: string }): {
  send(wanted: RollbackWanted): Promise<void>;
  close(): void;
} {
  const client = sqsClient(options, 5_000);
  return {
    send: async (wanted) => {
      const request = new SendMessageCommand({
        QueueUrl: options.url,
        MessageBody: messageBody(wanted),
        MessageGroupId: options.group,
        MessageDeduplicationId: wishId(wanted),
      });
      try {
        await client.send(request);
      } catch (error) {
        throw sqsTrouble(error, 'ask for a rollback by', options.url, todo);
      }
    },
    close: () => client.destroy(),
  };
}

function wishId({ sync, revision, run }: RollbackWanted): string {
  return createHash('sha256')
    .update(JSON.stringify([sync, revision, run]))
    .digest('hex');
}
