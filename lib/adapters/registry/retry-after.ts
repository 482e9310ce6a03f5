/**
 * How many seconds an answer asks to wait: `Retry-After` as seconds or as a date (RFC 9110, 10.2.3), else the window of Docker Hub's
 * `ratelimit-remaining: 0;w=21600`, which is the longest that it can take. Undefined where it does not say.
 */
export function retryAfterOf(headers: Headers, now: Date): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text);
  const date = text === undefined ? Number.NaN : Date.parse(text);
  if (!Number.isNaN(date)) return Math.max(0, Math.ceil((date - now.getTime()) / 1000));
  const window = /^0\s*;\s*w=(\d{1,9})/.exec(headers.get('ratelimit-remaining')?.trim() ?? '');
  return window === null ? undefined : Number(window[1]);
}
