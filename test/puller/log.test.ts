import { describe, expect, it } from 'vitest';
import { UserError } from '../../lib/model/errors.ts';
import { openLog } from '../../lib/puller/log.ts';
import { calmer } from '../../lib/puller/puller.ts';

function log() {
  const written: string[] = [];
  const state = { now: Date.parse('2026-11-23T12:00:00Z') };
  return {
    state,
    written,
    log: openLog(
      (line) => written.push(line),
      () => new Date(state.now),
    ),
  };
}

describe('the log of the puller', () => {
  it('is one line of JSON each', () => {
    const { log: open, written } = log();
    open.info('two\nlines', { sync: 'shop' });
    expect(written).toEqual([
      '{"time":"2026-11-23T12:00:00.000Z","level":"info","message":"two\\nlines","sync":"shop"}\n',
    ]);
  });

  it('tells the same failure once a minute, and another one at once', () => {
    const { log: open, written, state } = log();
    const fail = (message: string) => open.failed('look', new UserError(message, { code: 'c' }));
    fail('away');
    fail('away');
    fail('gone');
    state.now += 60_000;
    fail('gone');
    expect(written.map((line) => JSON.parse(line).message)).toEqual([
      'could not look: away',
      'could not look: gone',
      'could not look: gone',
    ]);
  });

  it('never shows what is to be hidden, whoever says it', () => {
    const { log: open, written } = log();
    const key = '-----BEGIN KEY-----\ncanaryLineOne\ncanaryLineTwo\n-----END KEY-----\n';
    open.hide([key, 'canary"quoted']);
    open.failed('read canaryLineOne', new Error(`it is ${key} and canary"quoted`));
    open.info('canaryLineTwo', { field: ['canary"quoted'] });
    expect(written.join('')).not.toContain('canary');
    expect(written.map((line) => JSON.parse(line).level)).toEqual(['error', 'info']);
  });
});

describe('a sync that is changed again and again', () => {
  it('is pulled at once ten times, then once a minute, and at once again after a while', () => {
    let now = 0;
    const calm = calmer(() => now);
    const delays = Array.from({ length: 12 }, () => {
      now += 1_000;
      return calm('shop');
    });
    expect(delays).toEqual([...Array.from({ length: 10 }, () => 500), 60_000, 60_000]);
    expect(calm('other')).toBe(500);
    now += 600_000;
    expect(calm('shop')).toBe(500);
  });
});
