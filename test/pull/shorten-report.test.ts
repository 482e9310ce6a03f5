import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countActions, type ObjectChange } from '../../lib/model/change-set.ts';
import type { ConfigReported, SyncReported } from '../../lib/model/messages.ts';
import { reportSchema } from '../../lib/model/messages-schema.ts';
import { sizeOf } from '../../lib/model/shorten.ts';
import { shortenReport } from '../../lib/pull/shorten-report.ts';
import { reportOf } from './reports.ts';

const limit = 256 * 1024;
const name = (index: number) => `apps/Deployment/shop/${'w'.repeat(40)}-${index}`;

function large(count: number): SyncReported {
  const objects = Array.from({ length: count }, (_, index) => name(index));
  const changes: ObjectChange[] = objects.map((object) => ({ object, action: 'configured', reason: 'drift: a field' }));
  return reportOf({
    ...{ changes, counts: countActions(changes), healed: true },
    drift: [{ object: name(count - 1), state: 'changed', fields: [{ path: 'spec.replicas', git: 1, live: 2 }] }],
    health: objects.map((object, index) => ({
      object,
      status: index === count - 2 ? 'Failed' : 'Current',
      reason: 'a reason of some length, as the rules for Deployments give it',
    })),
    errors: [{ code: 'apply-invalid', message: 'x'.repeat(5_000), object: name(0) }],
  });
}

describe('a report on its way', () => {
  it('is left alone when it fits', () => {
    const report = large(10);
    expect(shortenReport(report, limit)).toBe(report);
  });

  it('of 5,000 objects fits, with its counts, what drifted, and what was left out', () => {
    const report = large(5_000);
    expect(sizeOf(report)).toBeGreaterThan(limit);
    const short = shortenReport(report, limit);
    expect(sizeOf(short)).toBeLessThanOrEqual(limit);
    expect(short).toMatchObject({ counts: { configured: 5_000 }, drift: report.drift, healed: true });
    expect(short.changes.map(({ object }) => object)).toContain(name(4_999));
    expect(short.health).toEqual([{ ...report.health[4_998]! }]);
    expect(short.notices).toEqual([
      {
        code: 'report-shortened',
        message: expect.stringMatching(/left out: 4,000 of 5,000 changes, 4,999 of 5,000 objects with their health/),
      },
    ]);
    expect(reportSchema.parse(short)).toEqual(short);
  });

  it('names all images that the sync runs, or none', () => {
    const images = Array.from({ length: 200 }, (_, index) => `ghcr.io/acme/image-${index}:1.0.0`);
    const report = { ...large(5_000), images };
    expect(shortenReport(report, limit).images).toEqual(images);
    const short = shortenReport(report, 32 * 1024);
    expect(short).toMatchObject({ notices: [{ message: expect.stringContaining('200 of 200 images') }] });
    expect(reportSchema.parse(JSON.parse(JSON.stringify(short)))).not.toHaveProperty('images');
  });

  it('says how many drifting objects it does not name, also when it is cut twice', () => {
    const drift = Array.from({ length: 3_000 }, (_, index) => ({
      ...{ object: name(index), state: 'changed' as const },
      fields: [{ path: 'data.key', live: 'x'.repeat(100) }],
    }));
    const once = shortenReport(reportOf({ drift }), limit);
    const twice = shortenReport(once, 32 * 1024);
    for (const short of [once, twice]) expect(short.drift.length + short.cut!).toBe(3_000);
    expect(twice.cut).toBeGreaterThan(once.cut!);
    expect(reportSchema.parse(twice)).toEqual(twice);
  });

  it('keeps the first of what was left to others, and says how many more there were', () => {
    const left = Array.from({ length: 500 }, (_, index) => ({
      ...{ object: name(index), holder: 'keda-operator' },
      fields: Array.from({ length: 20 }, (_, field) => `spec.field${field}`),
    }));
    const short = shortenReport(reportOf({ left }), 64 * 1024);
    expect(sizeOf(short)).toBeLessThanOrEqual(64 * 1024);
    expect(short.left).toEqual(left.slice(0, short.left!.length));
    expect(short.left!.length).toBeGreaterThan(0);
    expect(short.notices![0]!.message).toContain(
      `${500 - short.left!.length} of 500 objects with fields left to others`,
    );
    expect(reportSchema.parse(short)).toEqual(short);
  });

  it('is a report still, and no larger than was asked, whatever is in it', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 3_000 });
    const problem = fc.record({ code: fc.constant('c'), message: text, hint: text, object: fc.constant('a') });
    const drift = fc.record({
      object: fc.constant(name(1)),
      state: fc.constant('changed' as const),
      fields: fc.array(fc.record({ path: text }), { maxLength: 50 }),
    });
    const lists = fc.record({
      errors: fc.array(problem, { maxLength: 60 }),
      notices: fc.array(problem, { maxLength: 60 }),
      drift: fc.array(drift, { maxLength: 60 }),
    });
    fc.assert(
      fc.property(lists, (some) => {
        const short = shortenReport(reportOf({ ...some, result: 'failed' }), 16_384);
        expect(sizeOf(short)).toBeLessThanOrEqual(16_384);
        expect(reportSchema.safeParse(short).success).toBe(true);
        expect(short.errors.length > 0).toBe(some.errors.length > 0);
      }),
    );
  });

  it('about windlass.yaml goes on to say that it is broken', () => {
    const problems = Array.from({ length: 5_000 }, () => ({ code: 'unknown-key', message: 'm'.repeat(300) }));
    const at = '2026-11-22T12:00:00.000Z';
    const short: ConfigReported = shortenReport({ type: 'ConfigReported', at, revision: 'a', problems }, 20_000);
    expect(sizeOf(short)).toBeLessThanOrEqual(20_000);
    expect(short.problems.length).toBeGreaterThan(0);
  });

  it('does not let a sync look as if it had left, where a broken windlass.yaml leaves no room for all', () => {
    const problems = Array.from({ length: 500 }, () => ({ code: 'x', message: 'm'.repeat(400) }));
    const clusters = [{ cluster: 'prod', syncs: Array.from({ length: 400 }, (_, index) => `shop-${index}`) }];
    const message: ConfigReported = { type: 'ConfigReported', at: '2026-11-22T12:00:00.000Z', revision: 'a', problems };
    expect(shortenReport({ ...message, clusters }, 1_000_000).clusters).toEqual(clusters);
    expect(shortenReport({ ...message, clusters }, 20_000).clusters).toBeUndefined();
  });
});
