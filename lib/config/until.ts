/** True when an `until` has passed: a date lasts to its end (UTC), a time to itself; without one nothing ever passes. */
export function hasPassed(until: string | undefined, now: Date): boolean {
  if (until === undefined) return false;
  const day = until.length === 10 ? 24 * 60 * 60 * 1000 : 0;
  return Date.parse(until) + day <= now.getTime();
}
