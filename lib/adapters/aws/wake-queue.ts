import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { WakeQueue } from '../../pull/ports.ts';
import { type QueueOptions, sqsClient, sqsTrouble } from './sqs-client.ts';

/** Seconds that SQS waits for a message before it answers that there is none: the longest it knows. */
const longPoll = 20;

/**
 * The SQS queue whose messages say "look". What is in them is never read. Throws `RetryableError` when SQS does not answer, `UserError` when it refuses.
 */
export function openWakeQueue(options: QueueOptions): WakeQueue & { close(): void } {
  const client = sqsClient(options, (longPoll + 10) * 1000);
  const receive = async (signal: AbortSignal) => {
    const request = new ReceiveMessageCommand({
      QueueUrl: options.url,
      WaitTimeSeconds: longPoll,
      MaxNumberOfMessages: 10,
    });
    try {
      const { Messages: messages = [] } = await client.send(request, { abortSignal: signal });
      return messages.map(({ ReceiptHandle: handle = '' }) => handle);
    } catch (error) {
      if (signal.aborted) return [];
      throw sqsTrouble(error, 'be woken by', options.url);
    }
  };
  const remove = async (handles: string[]) => {
    const entries = handles.map((handle, index) => ({ Id: String(index), ReceiptHandle: handle }));
    try {
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: options.url, Entries: entries }));
    } catch (error) {
      throw sqsTrouble(error, 'delete messages of', options.url);
    }
  };
  return {
    receive: async (signal) => {
      const handles = await receive(signal);
      return handles.length === 0 ? undefined : { done: () => remove(handles) };
    },
    close: () => client.destroy(),
  };
}
