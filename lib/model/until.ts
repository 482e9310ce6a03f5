const day = 24 * 60 * 60 * 1000;
const form = /^(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** True for a day of the calendar (`2027-01-31`) or a time with its zone (`2027-01-31T12:00:00Z`). */
export function isDateOrTime(text: string): boolean {
  return endOf(text) !== undefined;
}

/** Milliseconds since 1970 from which on an `until` has passed: a date lasts to its end (UTC), a time to itself. Undefined when the text is neither. */
export function endOf(until: string): number | undefined {
  const match = form.exec(until);
  const time = Date.parse(until);
  if (!match || Number.isNaN(time)) return undefined;
  const date = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  // `Date.parse` takes 30 February for 2 March.
  if (date.getUTCDate() !== Number(match[3])) return undefined;
  return until.length === 10 ? time + day : time;
}

/** A time (ISO 8601, UTC) without its milliseconds, for people. */
export function toSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

/** True when an `until` has passed. Without one nothing ever passes, and so it is with one that cannot be read: what stops goes on to stop. */
export function hasPassed(until: string | undefined, now: Date): boolean {
  const end = until === undefined ? undefined : endOf(until);
  return end !== undefined && end <= now.getTime();
}
