import { describe, expect, it } from 'vitest';
import { endOf, hasPassed, isDateOrTime } from '../../lib/model/until.ts';

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

describe('an until', () => {
  it('lasts to the end of its day in UTC, or to its time', () => {
    expect(hasPassed('2027-01-31', new Date('2027-01-31T23:59:59.999Z'))).toBe(false);
    expect(hasPassed('2027-01-31', new Date('2027-02-01T00:00:00Z'))).toBe(true);
    expect(hasPassed('2027-01-31T12:00+02:00', new Date('2027-01-31T09:59:59Z'))).toBe(false);
    expect(hasPassed('2027-01-31T12:00+02:00', new Date('2027-01-31T10:00:00Z'))).toBe(true);
  });

  it('that is missing or cannot be read never passes', () => {
    expect(hasPassed(undefined, new Date('2999-01-01'))).toBe(false);
    expect(hasPassed('tomorrow', new Date('2999-01-01'))).toBe(false);
    expect(endOf('2027-02-30')).toBeUndefined();
  });
});
