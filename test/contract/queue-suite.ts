import { randomUUID } from 'node:crypto';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';

/** What an adapter gives the suite. */
export interface QueueUnderTest {
  send(body: string, options: { groupId: string; deduplicationId?: string }): Promise<string>;
  /** Resolves when nothing is left, neither waiting nor in work. */
  drain(): Promise<void>;
  /** Bodies of the messages that were given up. */
  deadLetters(): Promise<string[]>;
}

type Handler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse | undefined>;

/** What every FIFO queue in front of a handler does. `make` starts one with batches of 10 and 3 receives. */
export function queueSuite(name: string, make: (handler: Handler) => Promise<QueueUnderTest>): void {
  const failing = (event: SQSEvent, from: number): SQSBatchResponse => ({
    batchItemFailures: event.Records.slice(from).map(({ messageId }) => ({ itemIdentifier: messageId })),
  });
  const bodies = (event: SQSEvent): string[] => event.Records.map((record) => record.body);

  describe(`${name} as a FIFO queue before a handler`, () => {
    it('delivers in order, at most ten at a time, never two batches of a group at once', async () => {
      const received: string[] = [];
      const sizes: number[] = [];
      let inWork = 0;
      const queue = await make(async (event) => {
        expect(++inWork).toBe(1);
        sizes.push(event.Records.length);
        received.push(...bodies(event));
        await new Promise((done) => setTimeout(done, 5));
        inWork--;
        return { batchItemFailures: [] };
      });
      const sent = Array.from({ length: 25 }, (_, index) => `message ${index}`);
      for (const body of sent) await queue.send(body, { groupId: 'main' });
      await queue.drain();
      expect(received).toEqual(sent);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
      expect(await queue.deadLetters()).toEqual([]);
    });

    it('gives a record as Lambda gets it', async () => {
      let seen: SQSEvent | undefined;
      const queue = await make(async (event, context) => {
        seen = event;
        expect(context.awsRequestId).not.toBe('');
        return { batchItemFailures: [] };
      });
      const messageId = await queue.send('{"a":1}', { groupId: 'main' });
      await queue.drain();
      expect(seen?.Records[0]).toMatchObject({
        messageId,
        body: '{"a":1}',
        eventSource: 'aws:sqs',
        attributes: { ApproximateReceiveCount: '1', MessageGroupId: 'main' },
      });
      expect(Number(seen?.Records[0]?.attributes.SentTimestamp)).toBeGreaterThan(1_600_000_000_000);
    });

    it('drops the same body sent again, and takes it under another deduplication id', async () => {
      const received: string[] = [];
      const queue = await make(async (event) => {
        received.push(...bodies(event));
        return { batchItemFailures: [] };
      });
      await queue.send('a', { groupId: 'main' });
      await queue.send('a', { groupId: 'main' });
      await queue.drain();
      await queue.send('a', { groupId: 'main' });
      await queue.send('a', { groupId: 'main', deduplicationId: randomUUID() });
      await queue.drain();
      expect(received).toEqual(['a', 'a']);
    });

    it('delivers what failed again, in order, and not what succeeded', async () => {
      const done: string[] = [];
      let calls = 0;
      const queue = await make(async (event) => {
        const from = ++calls === 1 ? Math.min(1, event.Records.length - 1) : event.Records.length;
        done.push(...bodies(event).slice(0, from));
        return failing(event, from);
      });
      await Promise.all(['a', 'b', 'c'].map((body) => queue.send(body, { groupId: 'main' })));
      await queue.drain();
      expect(calls).toBeGreaterThan(1);
      expect(done).toEqual(['a', 'b', 'c']);
      expect(await queue.deadLetters()).toEqual([]);
    });

    it.each([
      ['throws', () => Promise.reject(new Error('a bug'))],
      ['names a record that there is not', async () => ({ batchItemFailures: [{ itemIdentifier: 'unknown' }] })],
      ['names no record', async () => ({ batchItemFailures: [{ itemIdentifier: '' }] })],
    ])('takes the whole batch for failed when the handler %s', async (_, answer: () => Promise<SQSBatchResponse>) => {
      let receives = 0;
      const queue = await make(async () => {
        receives++;
        return answer();
      });
      await queue.send('poison', { groupId: 'main' });
      await queue.drain();
      expect(receives).toBe(3);
      expect(await queue.deadLetters()).toEqual(['poison']);
    });

    it('takes a missing answer for success, as Lambda does', async () => {
      let receives = 0;
      const queue = await make(async () => {
        receives++;
        return undefined;
      });
      await queue.send('a', { groupId: 'main' });
      await queue.drain();
      expect(receives).toBe(1);
      expect(await queue.deadLetters()).toEqual([]);
    });

    it('gives a poisoned message up, and goes on with those behind it', async () => {
      const done: string[] = [];
      const queue = await make(async (event) => {
        const at = event.Records.findIndex((record) => record.body === 'poison');
        done.push(...bodies(event).slice(0, at < 0 ? undefined : at));
        return failing(event, at < 0 ? event.Records.length : at);
      });
      for (const body of ['before', 'poison', 'after 1', 'after 2']) await queue.send(body, { groupId: 'main' });
      await queue.drain();
      expect(done).toEqual(['before', 'after 1', 'after 2']);
      expect(await queue.deadLetters()).toEqual(['poison']);
    });

    it('keeps a failing group from stopping another', async () => {
      const done: string[] = [];
      const queue = await make(async (event) => {
        if (event.Records.some((record) => record.attributes.MessageGroupId === 'bad')) throw new Error('a bug');
        done.push(...bodies(event));
        return { batchItemFailures: [] };
      });
      await queue.send('poison', { groupId: 'bad' });
      await queue.send('fine', { groupId: 'good' });
      await queue.drain();
      expect(done).toEqual(['fine']);
      expect(await queue.deadLetters()).toEqual(['poison']);
    });
  });
}
