import { describe, expect, it } from 'vitest';
import { gateReason, platformReason, type ScanState } from '../../lib/policy/gates.ts';

const now = new Date('2026-06-01T12:00:00Z');
const complete = (findings: Record<string, number>): ScanState => ({ state: 'complete', findings });

describe('a least age', () => {
  it.each([
    ['2026-06-01T11:57:00Z', 600, 'minAge 10m is over at 2026-06-01T12:07:00Z'],
    ['2026-06-01T11:50:00.001Z', 600, 'minAge 10m is over at 2026-06-01T12:00:01Z'],
    ['2026-06-01T11:50:00Z', 600, undefined],
    ['2026-06-01T13:50:00+02:00', 600, undefined],
    ['2026-05-01T00:00:00Z', 600, undefined],
    ['2026-06-01T12:00:10Z', 600, 'minAge 10m is over at 2026-06-01T12:10:10Z'],
    ['2026-05-31T10:30:00Z', 172_800, 'minAge 2d is over at 2026-06-02T10:30:00Z'],
    [undefined, 600, 'the registry does not tell when it was pushed, and minAge 10m needs to know'],
    ['soon', 90, 'the registry does not tell when it was pushed, and minAge 1m30s needs to know'],
  ])('of an image pushed at %s, with %i seconds: %s', (pushedAt, minAgeSeconds, expected) => {
    expect(gateReason({ minAgeSeconds }, { pushedAt, now })).toBe(expected);
  });
});

describe('a scan', () => {
  it.each<['low' | 'medium' | 'high' | 'critical', ScanState | undefined, string | undefined]>([
    ['high', complete({ high: 2 }), 'scan: 2 findings of high or above'],
    ['high', complete({ high: 1, critical: 3, medium: 9 }), 'scan: 4 findings of high or above'],
    ['high', complete({ critical: 1 }), 'scan: 1 finding of high or above'],
    ['high', complete({ medium: 9, low: 9 }), undefined],
    ['high', complete({}), undefined],
    ['high', complete({ high: 0 }), undefined],
    ['critical', complete({ high: 5, critical: 1 }), 'scan: 1 finding of critical'],
    ['critical', complete({ high: 5 }), undefined],
    ['low', complete({ low: 1 }), 'scan: 1 finding of low or above'],
    ['medium', complete({ low: 7, medium: 1 }), 'scan: 1 finding of medium or above'],
    ['high', { state: 'pending' }, 'scan: it is not finished'],
    [
      'high',
      { state: 'none', reason: 'no scan was found' },
      'scan: there is none (no scan was found): switch scanning on in the registry, or leave out the gate',
    ],
    ['high', undefined, 'scan: the registry was not asked'],
  ])('with the gate %s, %j: %s', (gate, scan, expected) => {
    expect(gateReason({ scan: gate }, { scan, now })).toBe(expected);
  });

  it('and an age are both told', () => {
    const reason = gateReason(
      { scan: 'low', minAgeSeconds: 60 },
      { pushedAt: now.toISOString(), scan: { state: 'pending' }, now },
    );
    expect(reason).toBe('minAge 1m is over at 2026-06-01T12:01:00Z; scan: it is not finished');
  });

  it('is not asked for without a gate', () => {
    expect(gateReason({}, { now })).toBeUndefined();
    expect(
      gateReason({ scan: undefined, minAgeSeconds: undefined }, { now, scan: complete({ critical: 1 }) }),
    ).toBeUndefined();
  });
});

describe('required platforms', () => {
  it.each<[string[], string[], string | undefined]>([
    [[], [], undefined],
    [[], ['linux/amd64'], undefined],
    [['linux/amd64'], ['linux/amd64'], undefined],
    [['linux/amd64', 'linux/arm64'], ['linux/arm64', 'linux/amd64'], undefined],
    [['linux/arm64'], ['linux/arm64/v8'], undefined],
    [['linux/arm64/v8'], ['linux/arm64'], undefined],
    [['linux/arm64'], ['linux/arm64/v9'], 'lacks linux/arm64: it has only linux/arm64/v9'],
    [['linux/arm/v7'], ['linux/arm/v6'], 'lacks linux/arm/v7: it has only linux/arm/v6'],
    [['linux/arm'], ['linux/arm/v7'], 'lacks linux/arm: it has only linux/arm/v7'],
    [['linux/amd64'], ['linux/amd64/v3'], 'lacks linux/amd64: it has only linux/amd64/v3'],
    [['linux/amd64'], ['windows/amd64'], 'lacks linux/amd64: it has only windows/amd64'],
    [['linux/amd64', 'linux/arm64'], ['linux/amd64'], 'lacks linux/arm64: it has only linux/amd64'],
    [['linux/amd64', 'linux/arm64'], [], 'lacks linux/amd64 and linux/arm64: it names no platform'],
  ])('%j of an image with %j: %s', (required, platforms, expected) => {
    expect(platformReason(required, platforms)).toBe(expected);
  });
});
