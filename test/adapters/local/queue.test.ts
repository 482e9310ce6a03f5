import { describe, expect, it } from 'vitest';
import { createQueue } from '../../../lib/adapters/local/queue.ts';

const ok = { batchItemFailures: [] };

describe('the queue of local mode', () => {
  it('takes the same body again after five minutes', async () => {
    let time = 1_000_000;
    let received = 0;
    const queue = createQueue({
      name: 'pushes',
      handler: async (event) => {
        received += event.Records.length;
        return ok;
      },
      onDeadLetter: () => {},
      now: () => time,
    });
    await queue.send('a', { groupId: 'main' });
    await queue.drain();
    time += 5 * 60_000 - 1;
    await queue.send('a', { groupId: 'main' });
    await queue.drain();
    expect(received).toBe(1);
    time += 1;
    await queue.send('a', { groupId: 'main' });
    await queue.drain();
    expect(received).toBe(2);
  });

  it('gives what was sent in one go as one batch', async () => {
    const sizes: number[] = [];
    const queue = createQueue({
      name: 'pushes',
      handler: async (event) => {
        sizes.push(event.Records.length);
        return ok;
      },
      onDeadLetter: () => {},
    });
    await Promise.all(['a', 'b', 'c'].map((body) => queue.send(body, { groupId: 'main' })));
    await queue.drain();
    expect(sizes).toEqual([3]);
  });

  it('hands over the error with a dead letter, and keeps one that could not be handed over', async () => {
    const letters: unknown[] = [];
    let refusals = 0;
    const queue = createQueue({
      name: 'pushes',
      handler: () => Promise.reject(new Error('a bug')),
      backoff: 1,
      onDeadLetter: (letter) => {
        if (refusals++ === 0) throw new Error('the disk is full');
        letters.push(letter);
      },
    });
    const messageId = await queue.send('a', { groupId: 'main' });
    await queue.drain();
    expect(letters).toEqual([{ messageId, groupId: 'main', body: 'a', error: new Error('a bug') }]);
  });

  it('stops after the batch at hand, also while a group rests', async () => {
    let receives = 0;
    const queue = createQueue({
      name: 'pushes',
      handler: async () => {
        receives++;
        throw new Error('a bug');
      },
      backoff: 3_600_000,
      onDeadLetter: () => {},
    });
    await queue.send('a', { groupId: 'main' });
    while (receives === 0) await new Promise((done) => setTimeout(done, 5));
    await queue.stop();
    expect(receives).toBe(1);
    expect(queue.size()).toBe(1);
    await expect(queue.send('b', { groupId: 'main' })).rejects.toThrow('was stopped');
  });
});
