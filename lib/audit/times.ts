import { parseDuration } from '../config/duration.ts';
import { UserError } from '../model/errors.ts';

const day = /^\d{4}-\d\d-\d\d$/;
const dateTime = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?$/;

/** How times can be written, for messages. */
export const timeForms = '2h, 3d or 1d12h (ago), 2026-11-22, 2026-11-22T12:00 (UTC), 2026-11-22T12:00+01:00';

/**
 * A time as people write it: `2h` or `3d` ago, a date, a date and time (UTC unless it says otherwise), `now`. Of a date alone it is the beginning
 * of the day in UTC, or its end. Gives ISO 8601, UTC, milliseconds. Throws `UserError`; `what` begins its sentence.
 */
export function readTime(text: string, now: Date, what: string, ofDay: 'begin' | 'end' = 'begin'): string {
  const seconds = parseDuration(text);
  const [, date, clock, zone = 'Z'] = dateTime.exec(text) ?? [];
  const time =
    text === 'now'
      ? now
      : seconds !== undefined
        ? new Date(now.getTime() - seconds * 1000)
        : day.test(text)
          ? dayAt(text, ofDay)
          : new Date(date === undefined ? Number.NaN : `${date}T${clock}${zone}`);
  // Some days are none: JavaScript takes the 30th of February for a day in March.
  const isDay = date === undefined || !Number.isNaN(dayAt(date, 'begin').getTime());
  if (!Number.isNaN(time.getTime()) && isDay) return time.toISOString();
  throw new UserError(`${what} "${text}" is no time: write ${timeForms}`, { code: 'usage', subject: text });
}

function dayAt(text: string, end: 'begin' | 'end'): Date {
  const time = new Date(`${text}T00:00:00.000Z`);
  if (Number.isNaN(time.getTime()) || time.toISOString().slice(0, 10) !== text) return new Date(Number.NaN);
  return end === 'begin' ? time : new Date(time.getTime() + 86_400_000);
}
