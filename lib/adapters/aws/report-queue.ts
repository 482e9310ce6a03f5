import { createHash } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { ReportMessage } from '../../model/messages.ts';
import type { ReportQueue } from '../../pull/ports.ts';
import { allowing, messageBody, type QueueOptions, sqsClient, sqsTrouble } from './sqs-client.ts';

/** Milliseconds that one report may take with its second try: a pull waits for it. */
const longest = 5_000;

/** Who sends reports: what a refusal says to do goes by it. */
interface ReportSender {
  /** The function whose role sends; a puller unless told. */
  sender?: 'drift' | 'who';
}

/**
 * The SQS FIFO queue of reports. One group a sync keeps its reports in order; a report that is sent twice within five minutes is delivered once.
 * `send` throws `RetryableError` when SQS does not answer in 5 s, `UserError` when it refuses.
 */
export function openReportQueue(options: QueueOptions & ReportSender): ReportQueue & { close(): void } {
  const client = sqsClient(options, 2_500);
  const { sender } = options;
  const todo = sender && allowing(`allow the role of ${sender} sqs:SendMessage to the queue of reports`);
  return {
    send: async (message) => {
      const request = new SendMessageCommand({
        QueueUrl: options.url,
        MessageBody: messageBody(message),
        MessageGroupId: groupOf(message),
        MessageDeduplicationId: deduplicationOf(message),
      });
      try {
        await client.send(request, { abortSignal: AbortSignal.timeout(longest) });
      } catch (error) {
        throw sqsTrouble(error, 'send a report to', options.url, todo);
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
