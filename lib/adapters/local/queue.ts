import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { lambdaContext, sqsRecord } from './sqs-record.ts';

/** What a Lambda function behind an SQS queue looks like from the event source mapping. */
export type QueueHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse | undefined>;

/** A message that was received `maxReceives` times and failed each time. */
export interface DeadLetter {
  messageId: string;
  groupId: string;
  body: string;
  /** What the handler threw the last time; absent when it only named the message as failed. */
  error?: unknown;
}

/** A queue and its event source mapping in one. Times are in milliseconds. */
export interface QueueOptions {
  name: string;
  handler: QueueHandler;
  /** 10 unless told, which is SQS's largest for a FIFO queue. */
  batchSize?: number;
  /** 3 unless told. */
  maxReceives?: number;
  /** How long a group rests after a failure (SQS: the visibility timeout). 1,000 unless told. */
  backoff?: number;
  onDeadLetter: (message: DeadLetter) => void | Promise<void>;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** A FIFO queue in this process. What it holds ends with the process: the sweep finds what was lost. */
export interface LocalQueue {
  /** Answers the message's id. The same body in the same group again within 5 minutes (or the same `deduplicationId`) is accepted and dropped. */
  send(body: string, options: { groupId: string; deduplicationId?: string }): Promise<string>;
  /** Messages that are waiting or being handled. */
  size(): number;
  /** Resolves when there is none left. */
  drain(): Promise<void>;
  /** Takes no more messages and resolves when the batches at hand are done. */
  stop(): Promise<void>;
}

interface Message {
  messageId: string;
  groupId: string;
  deduplicationId: string;
  body: string;
  sentAt: number;
  firstReceivedAt?: number;
  receives: number;
}

const deduplicationInterval = 5 * 60_000;

/**
 * Makes a FIFO queue with content-based deduplication whose messages go to a handler as Lambda gets them: in order within a group, one batch
 * of a group at a time, failed messages again after `backoff`, and to the dead letters after `maxReceives`. Before that a message is delivered
 * alone once, so that it cannot take its neighbours with it.
 */
export function createQueue(options: QueueOptions): LocalQueue {
  const { batchSize = 10, maxReceives = 3, backoff = 1000, now = Date.now } = options;
  const groups = new Map<string, Message[]>();
  const running = new Map<string, Promise<void>>();
  const seen = new Map<string, { messageId: string; at: number }>();
  const stopping = new AbortController();

  const work = async (groupId: string, messages: Message[]): Promise<void> => {
    // The sender goes on first: a queue never runs its reader within `send`.
    await wait(0);
    while (messages.length > 0 && !stopping.signal.aborted) {
      const batch = nextBatch(messages, batchSize, maxReceives);
      const outcome = await deliver(options, batch, now());
      for (const message of batch) {
        if (!outcome.failed.has(message.messageId)) remove(messages, message);
        else if (message.receives >= maxReceives && (await buried(options, message, outcome.error))) {
          remove(messages, message);
        }
      }
      if (outcome.failed.size > 0) await wait(backoff, undefined, { signal: stopping.signal }).catch(() => {});
    }
    running.delete(groupId);
    if (messages.length === 0) groups.delete(groupId);
  };

  return {
    send: async (body, { groupId, deduplicationId = sha256(body) }) => {
      if (stopping.signal.aborted) throw new Error(`the queue ${options.name} was stopped`);
      for (const [id, entry] of seen) if (now() - entry.at >= deduplicationInterval) seen.delete(id);
      const known = seen.get(deduplicationId);
      if (known !== undefined) return known.messageId;
      const messageId = randomUUID();
      seen.set(deduplicationId, { messageId, at: now() });
      const messages = groups.get(groupId) ?? [];
      groups.set(groupId, messages);
      messages.push({ messageId, groupId, deduplicationId, body, sentAt: now(), receives: 0 });
      if (!running.has(groupId)) running.set(groupId, work(groupId, messages));
      return messageId;
    },
    size: () => [...groups.values()].reduce((sum, messages) => sum + messages.length, 0),
    drain: async () => {
      while (running.size > 0) await Promise.all(running.values());
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(running.values());
    },
  };
}

/** The first messages of a group; one that has its last chance comes alone. */
function nextBatch(messages: readonly Message[], batchSize: number, maxReceives: number): Message[] {
  const lastChance = messages.findIndex((message) => maxReceives > 1 && message.receives >= maxReceives - 1);
  if (lastChance === 0) return messages.slice(0, 1);
  return messages.slice(0, lastChance < 0 ? batchSize : Math.min(batchSize, lastChance));
}

/** By Lambda's rules for partial batches: no answer, or an empty list, is success; an error, an empty id or an unknown one is failure of all. */
async function deliver(
  { name, handler }: QueueOptions,
  batch: readonly Message[],
  at: number,
): Promise<{ failed: Set<string>; error?: unknown }> {
  const all = new Set(batch.map((message) => message.messageId));
  for (const message of batch) {
    message.receives++;
    message.firstReceivedAt ??= at;
  }
  try {
    const answer = await handler({ Records: batch.map((message) => sqsRecord(name, message)) }, lambdaContext(name));
    const ids = (answer?.batchItemFailures ?? []).map((failure) => failure.itemIdentifier);
    return { failed: ids.every((id) => all.has(id)) ? new Set(ids) : all };
  } catch (error) {
    return { failed: all, error };
  }
}

/** False when the dead letter could not be handed over: the message stays, and is tried again. */
async function buried(options: QueueOptions, message: Message, error: unknown): Promise<boolean> {
  const { messageId, groupId, body } = message;
  try {
    await options.onDeadLetter({ messageId, groupId, body, ...(error === undefined ? {} : { error }) });
    return true;
  } catch {
    return false;
  }
}

function remove(messages: Message[], message: Message): void {
  messages.splice(messages.indexOf(message), 1);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
