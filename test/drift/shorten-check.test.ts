import { describe, expect, it } from 'vitest';
import { shortenCheck } from '../../lib/drift/shorten-check.ts';
import { messageBytes } from '../../lib/drift/shorten-finding.ts';
import type { CheckReported, Stopped } from '../../lib/model/messages.ts';
import { checkReportedSchema } from '../../lib/model/messages-schema.ts';
import { sizeOf } from '../../lib/model/shorten.ts';

const at = '2026-11-22T12:00:00.000Z';
const report = (more: Partial<CheckReported>): CheckReported => ({
  ...{ type: 'CheckReported', run: 'r', startedAt: at, at, cluster: 'prod', revision: 'aaaa', clusters: ['prod'] },
  ...{ syncs: ['shop'], objects: 1, failed: [], stopped: [], limits: { puller: 1, checker: 1, held: 1 } },
  ...more,
});
const failed = (count: number, reason: string) =>
  Array.from({ length: count }, (_, index) => ({ sync: `shop-${index}`, reason }));
const stopped = (count: number, why: string): Stopped[] =>
  Array.from({ length: count }, (_, index) => ({
    file: `holds/web.${index}.yaml`,
    what: 'image web',
    who: 'ada',
    why,
  }));

describe('a heartbeat', () => {
  it('that can be sent is sent as it is', () => {
    const small = report({ failed: failed(100, 'r'.repeat(600)), stopped: stopped(10, 'w'.repeat(2_000)) });
    expect(shortenCheck(small)).toBe(small);
  });

  it('names all syncs that could not be checked where shorter reasons are enough', () => {
    const short = shortenCheck(report({ failed: failed(700, 'ü'.repeat(600)) }));
    expect(sizeOf(short)).toBeLessThanOrEqual(messageBytes);
    expect(short.failed.length + (short.cut?.failed ?? 0)).toBe(700);
    expect(shortenCheck(report({ failed: failed(500, 'ü'.repeat(600)) }))).toMatchObject({ failed: { length: 500 } });
    expect(shortenCheck(report({ failed: failed(500, 'ü'.repeat(600)) }))).not.toHaveProperty('cut');
  });

  it('counts those that it has no room for, and keeps all else', () => {
    const held = stopped(10, 'w'.repeat(2_000));
    const short = shortenCheck(report({ failed: failed(3_000, '€'.repeat(600)), stopped: held }));
    expect(sizeOf(short)).toBeLessThanOrEqual(messageBytes);
    expect(checkReportedSchema.parse(short)).toEqual(short);
    expect(short.failed.length).toBeGreaterThan(50);
    expect(short.cut).toEqual({ failed: 3_000 - short.failed.length });
    expect(short.stopped?.map(({ file }) => file)).toEqual(held.map(({ file }) => file));
  });

  it('does not let what is stopped look released where there is no room for all of it', () => {
    const short = shortenCheck(report({ failed: failed(3, 'r'), stopped: stopped(3_000, 'w'.repeat(2_000)) }));
    expect(sizeOf(short)).toBeLessThanOrEqual(messageBytes);
    expect(short).not.toHaveProperty('stopped');
    expect(short).toMatchObject({ cut: { stopped: 3_000 }, failed: { length: 3 } });
    expect(short.cut).not.toHaveProperty('failed');
  });
});
