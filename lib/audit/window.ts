/** A span of time, from `from` on and before `to` (ISO 8601, UTC, milliseconds). */
export interface Window {
  from: string;
  to: string;
}

/** The days before a time, as a window. */
export function daysBefore(now: Date, days: number): Window {
  return { from: new Date(now.getTime() - days * 86_400_000).toISOString(), to: now.toISOString() };
}
