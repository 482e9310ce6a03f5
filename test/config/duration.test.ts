import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../lib/config/duration.ts';

describe('durations', () => {
  it.each([
    ['90s', 90],
    ['10m', 600],
    ['5m', 300],
    ['1h30m', 5400],
    ['2d', 172_800],
    ['1d2h3m4s', 93_784],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '0s', '10', '5 minutes', 'm', '1m1h', '1.5h', '-5m', '1e3s', '10M', `${'9'.repeat(400)}s`])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});
