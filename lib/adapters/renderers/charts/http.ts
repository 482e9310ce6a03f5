import { RetryableError, UserError } from '../../../model/errors.ts';
import { readUpTo, TooLargeError } from '../../../model/read-up-to.ts';

const mostRedirects = 5;
const timeoutMs = 60_000;

/**
 * A document by HTTPS (plain HTTP on this machine only), redirects followed to HTTPS only; nobody is shown credentials. Throws `UserError`
 * when it is not there, too large, or is to be had from a wrong address, `RetryableError` for everything that may pass.
 */
export async function download(address: URL, most: number, fetch: typeof globalThis.fetch): Promise<Uint8Array> {
  let url = address;
  for (let hop = 0; hop <= mostRedirects; hop++) {
    checkAddress(url, address);
    const answer = await ask(url, fetch);
    if (answer.status >= 300 && answer.status < 400) {
      await answer.body?.cancel();
      const next = answer.headers.get('location') ?? '';
      if (!URL.canParse(next, url.href)) throw trouble(address, `redirects to no address`);
      url = new URL(next, url);
      continue;
    }
    if (!answer.ok) {
      await answer.body?.cancel();
      throw statusTrouble(address, answer.status);
    }
    return await bodyOf(answer, address, most);
  }
  throw trouble(address, `redirects more than ${mostRedirects} times`);
}

async function ask(url: URL, fetch: typeof globalThis.fetch): Promise<Response> {
  const headers = { 'user-agent': 'windlass' };
  return await fetch(url, { redirect: 'manual', headers, signal: AbortSignal.timeout(timeoutMs) }).catch(() => {
    throw new RetryableError(`${shown(url)} cannot be reached`, { code: 'chart-unreachable', subject: shown(url) });
  });
}

async function bodyOf(answer: Response, address: URL, most: number): Promise<Uint8Array> {
  if (answer.body === null) return new Uint8Array();
  return await readUpTo(answer.body, most).catch((error: unknown) => {
    if (error instanceof TooLargeError) throw trouble(address, `has more than ${Math.round(most / 1e6)} MB`);
    throw new RetryableError(`${shown(address)} broke off`, { code: 'chart-unreachable', subject: shown(address) });
  });
}

function checkAddress(url: URL, first: URL): void {
  const fine = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url) && isLoopback(first));
  if (!fine) throw trouble(first, `leads to ${shown(url)}, which is not https: it was not asked`);
  if (url.username !== '' || url.password !== '') throw trouble(first, 'leads to an address with a user in it');
  if (isLoopback(url) && !isLoopback(first)) throw trouble(first, 'leads to this machine: it was not asked');
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function statusTrouble(address: URL, status: number): Error {
  const passes = status === 408 || status === 429 || status >= 500;
  const Kind = passes ? RetryableError : UserError;
  const code = passes ? 'chart-unreachable' : 'chart-missing';
  return new Kind(`${shown(address)} answers with HTTP ${status}`, { code, subject: shown(address) });
}

function trouble(address: URL, what: string): UserError {
  return new UserError(`${shown(address)} ${what}`, { code: 'chart-address', subject: shown(address) });
}

/** Without its query: it may carry a signature. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
