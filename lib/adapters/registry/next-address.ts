import { UserError } from '../../model/errors.ts';
import { isLoopback } from './repository-name.ts';

/** Why an answer names another address. */
export type Why = 'redirect' | 'page' | 'token';

/**
 * The address that a registry's answer names, where it may be followed: HTTPS, unless the one before was plain HTTP on the same host; without a
 * user in it; and from another machine never to this one. Throws `UserError` otherwise. The next page must be at the origin that answered.
 */
export function nextAddress(from: URL, named: string, why: Why): URL {
  const to = URL.canParse(named, from.href) ? new URL(named, from) : undefined;
  const flaw = to === undefined ? 'is no address' : flawOf(from, to, why);
  if (to !== undefined && flaw === undefined) return to;
  // Without its path and query: they may carry a signature.
  const where = to === undefined ? '' : ` ${to.protocol}//${to.host}`;
  throw new UserError(
    `${from.host} sends Windlass to an address${where} (${words[why]}) that ${flaw}: it was not asked`,
    {
      code: 'registry-address',
      subject: from.host,
    },
  );
}

const words: Record<Why, string> = { redirect: 'a redirect', page: 'the next page', token: 'for a token' };

function flawOf(from: URL, to: URL, why: Why): string | undefined {
  if (to.protocol !== 'https:' && to.protocol !== 'http:') return 'is not https';
  if (to.username !== '' || to.password !== '') return 'has a user in it';
  if (why === 'page' && to.origin !== from.origin) return 'is on another host, or not by the same scheme';
  const sameMachine = isLoopback(from.hostname) && isLoopback(to.hostname);
  if (isLoopback(to.hostname) && !sameMachine && to.host !== from.host) return 'is this machine';
  if (to.protocol === 'https:') return undefined;
  if (from.protocol === 'https:') return 'is not https';
  return sameMachine || to.host === from.host ? undefined : 'is not https';
}
