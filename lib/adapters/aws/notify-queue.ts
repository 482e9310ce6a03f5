import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Notice } from '../../model/messages.ts';
import { noticeId, storyOf } from '../../model/notice.ts';
import type { Notices } from '../../report/ports.ts';
import { shorten } from './shorten.ts';
import { allowing, messageBody, type QueueOptions, sqsClient, sqsTrouble } from './sqs-client.ts';

/** Characters of JSON; SQS takes 1 MiB, and a character takes up to three bytes of it. */
const longest = 250_000;
const longestTitle = 10_000;

const todo = allowing('allow the role sqs:SendMessage to the notify queue');

/**
 * The SQS FIFO queue of notices. One group an incident keeps its notices in order; one that is sent twice within five minutes is delivered once.
 * `send` throws `RetryableError` when SQS does not answer, `UserError` when it refuses.
 */
export function openNotifyQueue(options: QueueOptions): Notices & { close(): void } {
  const client = sqsClient(options, 5_000);
  return {
    send: async (notice) => {
      const request = new SendMessageCommand({
        QueueUrl: options.url,
        MessageBody: messageBody(shortened(notice)),
        MessageGroupId: storyOf(notice)
          .replace(/[^\x21-\x7e]/g, '-')
          .slice(0, 128),
        MessageDeduplicationId: noticeId(notice),
      });
      try {
        await client.send(request);
      } catch (error) {
        throw sqsTrouble(error, 'send a notice to', options.url, todo);
      }
    },
    close: () => client.destroy(),
  };
}

function shortened(notice: Notice): Notice {
  const title = shorten(notice.title, longestTitle) as string;
  return { ...notice, title, lines: shorten(notice.lines, longest) as string[] };
}
