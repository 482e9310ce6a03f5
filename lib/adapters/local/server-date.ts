import { messageOf, RetryableError } from '../../model/errors.ts';

/** Milliseconds that a server has for its answer. */
const longest = 5_000;

/**
 * What time a server on the web has, by the Date header of whatever it answers; whole seconds. Nothing but an empty question is sent: no token, no name.
 * Undefined where it tells none. Throws `RetryableError` where it does not answer.
 */
export async function dateAt(url: string): Promise<Date | undefined> {
  try {
    const answer = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(longest) });
    return readDate(answer.headers.get('date'));
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new RetryableError(`${new URL(url).host} does not answer: ${messageOf(cause)}`, {
      code: 'unreachable',
      subject: url,
    });
  }
}

/** Reads a Date header; undefined for what is none. */
export function readDate(header: string | null | undefined): Date | undefined {
  const time = Date.parse(header ?? '');
  return Number.isNaN(time) ? undefined : new Date(time);
}
