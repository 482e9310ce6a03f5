import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shorten } from '../../../lib/adapters/aws/shorten.ts';

describe('shortening a JSON value', () => {
  it('leaves what fits as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(shorten(value, 1_000_000)).toBe(value);
      }),
    );
  });

  it('always fits, and stays JSON', () => {
    const big = fc
      .jsonValue({ maxDepth: 6 })
      .map((value) => ({ value, text: 'x'.repeat(3_000), list: Array(500).fill(value) }));
    fc.assert(
      fc.property(big, fc.integer({ min: 300, max: 5_000 }), (value, limit) => {
        const text = JSON.stringify(shorten(value, limit));
        expect(text.length).toBeLessThanOrEqual(limit);
        expect(JSON.parse(text)).toBeTypeOf('object');
      }),
      { numRuns: 300 },
    );
  });

  it('says what was cut', () => {
    const fields = Array.from({ length: 2_000 }, (_, index) => ({ path: `data.key${index}`, live: 'y'.repeat(300) }));
    const short = shorten({ state: 'changed', fields, names: Array(5_000).fill('name') }, 24_000) as Record<
      string,
      unknown[]
    >;
    expect(short['state']).toBe('changed');
    expect(short['fields']!.length + Number(short['fields left out'])).toBe(2_000);
    expect(short['names']!.at(-1)).toMatch(/^… \([\d,]+ more\)$/);
    expect(shorten('z'.repeat(5_000), 100)).toMatch(/^z+… \(5,000 characters\)$/);
  });

  it('cuts no character in two', () => {
    for (const limit of [97, 98, 99, 100]) {
      expect(shorten('😀'.repeat(100), limit)).toMatch(/^(😀)+… \(200 characters\)$/u);
    }
  });
});
