import { describe, expect, it } from 'vitest';
import { UserError } from '../../lib/model/errors.ts';
import type { ReportMessage } from '../../lib/model/messages.ts';
import { sizeOf } from '../../lib/model/shorten.ts';
import { bounded, openOutbox, type PullerReport } from '../../lib/pull/outbox.ts';
import type { KeptText } from '../../lib/pull/ports.ts';
import { reportOf } from './reports.ts';

const limits = { messageBytes: 256 * 1024, keptBytes: 32 * 1024, allBytes: 600 * 1024, pause: 30_000 };
const report = (run: string, sync = 'shop') => reportOf({ run, sync });

function memory(): KeptText & { text: string | undefined; writes: number } {
  return {
    text: undefined,
    writes: 0,
    async read() {
      return this.text;
    },
    async write(text) {
      this.text = text;
      this.writes++;
    },
  };
}

function world(kept: KeptText = memory()) {
  const state = { up: true, now: 0, asked: 0 };
  const taken: string[] = [];
  const failures: string[] = [];
  const queue = {
    send: async (message: ReportMessage) => {
      state.asked++;
      if (!state.up) throw new Error('no route');
      taken.push('run' in message ? message.run : 'config');
    },
  };
  const failed = (what: string, error: unknown) => failures.push(`${what}: ${(error as Error).message}`);
  const open = () => openOutbox({ queue, kept, clock: () => state.now, limits, failed });
  return { state, taken, failures, open };
}

describe('the outbox', () => {
  it('sends at once, and keeps nothing', async () => {
    const kept = memory();
    const { open, taken } = world(kept);
    await open().send(report('a'));
    expect({ taken, writes: kept.writes }).toEqual({ taken: ['a'], writes: 0 });
  });

  it('keeps what cannot be sent, and sends it later, in order, before what is new', async () => {
    const { state, open, taken } = world();
    const outbox = open();
    state.up = false;
    await outbox.send(report('a'));
    await outbox.send(report('b', 'infra'));
    state.up = true;
    state.now = 30_000;
    await outbox.send(report('c'));
    expect(taken).toEqual(['a', 'b', 'c']);
    expect(await outbox.flush()).toBe(true);
    expect(taken).toEqual(['a', 'b', 'c']);
  });

  it('leaves it to the next process', async () => {
    const kept = memory();
    const { state, open, taken } = world(kept);
    state.up = false;
    await open().send(report('a'));
    state.up = true;
    await open().send(report('b'));
    expect(taken).toEqual(['a', 'b']);
    expect(kept.text).toBeUndefined();
  });

  it('asks a queue that is out of reach once in a while, not for each report', async () => {
    const { state, open, failures } = world();
    const outbox = open();
    state.up = false;
    for (const run of ['a', 'b', 'c']) await outbox.send(report(run));
    expect(state.asked).toBe(1);
    expect(failures).toEqual(['send a report, it is kept: no route']);
    state.now = 30_000;
    await outbox.send(report('d'));
    expect(state.asked).toBe(2);
  });

  it('never throws, also when nothing can be kept', async () => {
    const broken: KeptText = {
      read: () => Promise.reject(new UserError('forbidden', { code: 'forbidden' })),
      write: () => Promise.reject(new UserError('forbidden', { code: 'forbidden' })),
    };
    const { state, open, taken, failures } = world(broken);
    const outbox = open();
    await outbox.send(report('a'));
    expect(taken).toEqual(['a']);
    state.up = false;
    await outbox.send(report('b'));
    expect(failures).toContain('send a report, it is kept: no route');
  });

  it('says when what was kept cannot be understood, and goes on', async () => {
    const kept = memory();
    kept.text = '[{"type":"SyncReported"';
    const { open, taken, failures } = world(kept);
    await open().send(report('a'));
    expect(taken).toEqual(['a']);
    expect(failures[0]).toMatch(/they are lost/);
  });

  it('sends one after the other, however they come', async () => {
    const { open, taken } = world();
    const outbox = open();
    await Promise.all(['a', 'b', 'c', 'd'].map((run) => outbox.send(report(run))));
    expect(taken).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('what is kept', () => {
  const eventful = (run: string, sync: string) =>
    reportOf({ run, sync, result: 'failed', errors: [{ code: 'c', message: 'm'.repeat(900) }] });
  const runs = (messages: PullerReport[]) => messages.map((one) => ('run' in one ? one.run : 'config'));

  it('loses first what says nothing new, then the oldest; the last of each sync stays', () => {
    const all = [
      eventful('1', 'shop'),
      report('2', 'shop'),
      eventful('3', 'infra'),
      eventful('4', 'shop'),
      report('5', 'infra'),
    ];
    const bytes = all.reduce((sum, one) => sum + sizeOf(one) + 1, 2);
    expect(runs(bounded(all, { ...limits, allBytes: bytes }))).toEqual(['1', '2', '3', '4', '5']);
    expect(runs(bounded(all, { ...limits, allBytes: bytes - 1 }))).toEqual(['1', '3', '4', '5']);
    const some = bytes - sizeOf(all[1]!) - 2;
    expect(runs(bounded(all, { ...limits, allBytes: some }))).toEqual(['3', '4', '5']);
    expect(runs(bounded(all, { ...limits, allBytes: sizeOf(all[4]!) + 3 }))).toEqual(['5']);
  });
});
