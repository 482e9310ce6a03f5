import type { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj } from '@middy/core';
import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import { RetryableError } from '../../lib/model/errors.ts';

/** One record of a batch, understood. */
export interface Message<Value> {
  messageId: string;
  /** Of a FIFO queue: its messages have an order among themselves, and none with those of other groups. */
  group: string;
  value: Value;
  /** Set by the handler as soon as the record needs nothing more: it is not sent again, whatever happens to the others. */
  done: boolean;
}

/** What SQS says of a message: none of it is in the sender's hands. */
export interface Envelope {
  id: string;
  /** ISO 8601: when it was sent. */
  at: string;
  /** ARN of the queue that it came by. */
  queue: string;
  /** The principal that sent it: the id of a user, or that of a role and its session. Absent where SQS does not tell. */
  sender?: string;
}

/** What the handler gets instead of the SQS event. */
export interface Batch<Value> {
  messages: Message<Value>[];
}

const sqsEvent = z.object({
  Records: z.array(
    z.object({
      messageId: z.string().min(1),
      body: z.string(),
      eventSourceARN: z.string().min(1),
      attributes: z.object({
        SentTimestamp: z.string().regex(/^\d+$/),
        ...{ MessageGroupId: z.string().optional(), SenderId: z.string().optional() },
      }),
    }),
  ),
});

/**
 * Reads each record alone, so that a bad one spoils no other, and puts the ids of the messages on each line of the log. Throws when the event is none of
 * SQS: the function is wired wrongly.
 */
export function readBatch<Value>(
  read: (body: string, envelope: Envelope) => Value,
  logger: Pick<Logger, 'appendKeys'>,
): MiddlewareObj<Batch<Value>, SQSBatchResponse> {
  return {
    name: 'read-batch',
    before: (request) => {
      const { Records } = sqsEvent.parse(request.event);
      const messages = Records.map(({ messageId, body, attributes, eventSourceARN: queue }) => {
        const at = new Date(Number(attributes.SentTimestamp)).toISOString();
        const { SenderId: sender, MessageGroupId: group = messageId } = attributes;
        return { messageId, group, value: read(body, { id: messageId, at, queue, sender }), done: false };
      });
      logger.appendKeys({ messages: messages.map(({ messageId }) => messageId) });
      request.event = { messages };
    },
  };
}

/**
 * Turns a `RetryableError` into the batch's failed records; every other error is the function's own failure. An answer is always given:
 * Lambda takes a missing one for success of all.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export function sendAgain<Value>(
  onRetry: (error: RetryableError) => void,
): MiddlewareObj<Batch<Value>, SQSBatchResponse> {
  return {
    name: 'send-again',
    after: (request) => {
      request.response ??= { batchItemFailures: [] };
    },
    onError: (request) => {
      if (!(request.error instanceof RetryableError)) return;
      onRetry(request.error);
      request.response = failuresOf(request.event);
    },
  };
}

/**
 * Works the records of a FIFO queue one after the other. One that fails comes again, with what follows it in its group: other groups are not held up by it,
 * and do not become dead letters with it. `failed` is told, and ends the whole batch by throwing.
 */
export async function workEach<Value>(
  batch: Batch<Value>,
  work: (value: Value) => Promise<void>,
  failed: (error: unknown) => void,
): Promise<SQSBatchResponse> {
  const waiting = new Set<string>();
  for (const message of batch.messages) {
    if (waiting.has(message.group)) continue;
    try {
      await work(message.value);
      message.done = true;
    } catch (error) {
      waiting.add(message.group);
      failed(error);
    }
  }
  return failuresOf(batch);
}

/**
 * The records that are not done. On a FIFO queue a handler stops at the first failure, so that none after it is done; one that is done out of
 * turn, because nothing can be done about it, does not come back with the others and become a dead letter with them.
 */
export function failuresOf<Value>({ messages }: Batch<Value>): SQSBatchResponse {
  const failed = messages.filter((message) => !message.done);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
