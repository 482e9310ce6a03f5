import { randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { WakeSender } from '../../bump/ports.ts';
import { allowing, messageBody, type QueueOptions, signIn, sqsClient, sqsTrouble } from './sqs-client.ts';

/** Milliseconds that one message may take with its second try: what wakes has other things to do. */
const longest = 5_000;

const todo = allowing('allow sqs:SendMessage on the queue to whoever sends', signIn);

/**
 * The SQS queue that a puller which watches is woken by; a plain one, or a FIFO one. `send` throws `RetryableError` when SQS does not
 * answer in 5 s, `UserError` when it refuses.
 */
export function openWakeSender(options: QueueOptions): WakeSender & { close(): void } {
  const client = sqsClient(options, 2_500);
  const isFifo = options.url.endsWith('.fifo');
  return {
    send: async (message) => {
      const request = new SendMessageCommand({
        QueueUrl: options.url,
        MessageBody: messageBody(message),
        // Each wish to look is one of its own: a second one after the look is not the first one again.
        ...(isFifo && { MessageGroupId: 'wake', MessageDeduplicationId: randomUUID() }),
      });
      try {
        await client.send(request, { abortSignal: AbortSignal.timeout(longest) });
      } catch (error) {
        throw sqsTrouble(error, 'wake the puller by', options.url, todo);
      }
    },
    close: () => client.destroy(),
  };
}
