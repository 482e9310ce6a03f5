import { createHash } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { ReportMessage } from '../../model/messages.ts';
import type { ReportQueue } from '../../pull/ports.ts';
import { type QueueOptions, sqsClient, sqsTrouble } from './sqs-client.ts';

/** Milliseconds that one report may take with its second try: a pull waits for it. */
const longest = 5_000;

/**
 * The SQS FIFO queue of reports. One group a sync keeps its reports in order; a report that is sent twice within five minutes is delivered once.
 * `send` throws `RetryableError` when SQS does not answer in 5 s, `UserError` when it refuses.
 */
export function openReportQueue(options: QueueOptions): ReportQueue & { close(): void } {
  const client = sqsClient(options, 2_500);
  return {
    send: async (message) => {
      const request = new SendMessageCommand({
        QueueUrl: options.url,
        // SQS takes no message with these two, which JSON leaves as they are.
        MessageBody: JSON.stringify(message).replace(/[\uFFFE\uFFFF]/g, '\uFFFD'),
        MessageGroupId: groupOf(message),
        MessageDeduplicationId: deduplicationOf(message),
      });
      try {
        await client.send(request, { abortSignal: AbortSignal.timeout(longest) });
      } catch (error) {
        throw sqsTrouble(error, 'send a report to', options.url);
      }
    },
    close: () => client.destroy(),
  };
}

function groupOf(message: ReportMessage): string {
  if (message.type === 'CheckReported') return `cluster:${message.cluster}`;
  return message.type === 'ConfigReported' ? 'config' : message.sync;
}

/** SQS allows 128 characters. What is said of one head again and again, as by a puller that starts each minute, is one message. */
function deduplicationOf(message: ReportMessage): string {
  if ('run' in message) return message.run;
  const said = createHash('sha256')
    .update(JSON.stringify([message.revision, message.problems, message.left]))
    .digest('hex');
  return `config-${said}`;
}
