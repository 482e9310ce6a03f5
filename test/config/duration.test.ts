import { describe, expect, it } from 'vitest';
import { isDateOrTime, parseDuration } from '../../lib/config/duration.ts';

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

describe('dates and times', () => {
  it.each(['2027-01-31', '2028-02-29', '2027-01-31T12:00:00Z', '2027-01-31T12:00+02:00', '2027-01-31T12:00:00.5Z'])(
    '%s is one',
    (text) => {
      expect(isDateOrTime(text)).toBe(true);
    },
  );

  it.each([
    '',
    'tomorrow',
    '2027-02-29',
    '2027-13-01',
    '2027-1-1',
    '2027-01-31T12:00:00',
    '2027-01-31T25:00Z',
    '31.01.2027',
  ])('%j is none', (text) => {
    expect(isDateOrTime(text)).toBe(false);
  });
});
