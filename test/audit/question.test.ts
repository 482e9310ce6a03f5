import { describe, expect, it } from 'vitest';
import { inWords, readQuestion } from '../../lib/audit/question.ts';
import { readTime } from '../../lib/audit/times.ts';

const now = new Date('2026-11-22T12:00:00.000Z');
const digest = `sha256:${'A'.repeat(64)}`;

describe('a question to the audit trail', () => {
  it('is about one of the things that records are about', () => {
    const ask = 'subject';
    for (const [text, question] of [
      [undefined, { ask: 'all' }],
      ['object/apps/Deployment/shop/web', { ask, kind: 'object', name: 'apps/Deployment/shop/web' }],
      ['object/ConfigMap/shop/a', { ask, kind: 'object', name: 'ConfigMap/shop/a' }],
      ['image/ns:web', { ask, kind: 'image', name: 'ns:web' }],
      ['sync/shop-prod', { ask, kind: 'sync', name: 'shop-prod' }],
      [
        'incident/2026-11-22T12:01:40.123Z-drift-0a',
        { ask, kind: 'incident', name: '2026-11-22T12:01:40.123Z-drift-0a' },
      ],
      ['revision/ABCD', { ask: 'revision', revision: 'abcd' }],
      ['by/Ada <ada@acme.example>', { ask: 'by', who: 'Ada <ada@acme.example>', name: 'ada@acme.example' }],
      [`digest/${digest}`, { ask: 'running', image: { digest: digest.toLowerCase() } }],
      ['ref/localhost:5000/web:1.0', { ask: 'running', image: { ref: 'localhost:5000/web:1.0' } }],
      ['at/2h', { ask: 'at', time: '2026-11-22T10:00:00.000Z' }],
    ] as const) {
      const read = readQuestion(text, now);
      expect(read).toEqual(question);
      expect(inWords(read)).not.toBe('');
    }
  });

  it('that is none says which there are, and which is perhaps meant', () => {
    for (const [text, message] of [
      ['synk/shop', 'did you mean sync/NAME?'],
      ['xyz', 'ask for one of object/apps/Deployment/shop/web, image/NAME'],
      ['apps/Deployment/shop/web', 'is asked for as object/apps/Deployment/shop/web'],
      ['sync/', 'does not say which one: sync/NAME'],
      ['object/web', '"web" is no object'],
      ['object/Deployment/shop/web', 'lacks the group of Deployment: did you mean object/apps/Deployment/shop/web?'],
      ['revision/xyz', '"xyz" is no revision'],
      ['digest/sha256:12', '"sha256:12" is no digest'],
      ['ref/ghcr.io/acme/web', 'is no image with a tag'],
      ['at/noon', 'at/ "noon" is no time'],
      ['toString', 'is no question'],
    ])
      expect(() => readQuestion(text, now)).toThrow(message!);
  });
});

describe('a time as people write it', () => {
  it('is ago, a date, or a date and time', () => {
    for (const [text, time] of [
      ['90s', '2026-11-22T11:58:30.000Z'],
      ['1d12h', '2026-11-21T00:00:00.000Z'],
      ['now', '2026-11-22T12:00:00.000Z'],
      ['2026-11-01', '2026-11-01T00:00:00.000Z'],
      ['2026-11-01T10:30', '2026-11-01T10:30:00.000Z'],
      ['2026-11-01 10:30:15.5', '2026-11-01T10:30:15.500Z'],
      ['2026-11-01T10:30+01:00', '2026-11-01T09:30:00.000Z'],
      ['2026-11-01T10:30:00.000Z', '2026-11-01T10:30:00.000Z'],
    ])
      expect(readTime(text!, now, '--since')).toBe(time);
    expect(readTime('2026-10-31', now, '--until', 'end')).toBe('2026-11-01T00:00:00.000Z');
  });

  it('that is none is refused, a day that does not exist, too', () => {
    for (const text of ['', 'yesterday', '2026-02-30', '2026-02-30T10:00', '2026-11-22T25:00', '12:00', '0s', '-2h'])
      expect(() => readTime(text, now, '--since')).toThrow(`--since "${text}" is no time`);
  });
});
