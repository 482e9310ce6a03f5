import { RequestError } from '@octokit/request-error';
import { messageOf } from '../../model/errors.ts';

/**
 * How a request to GitHub failed.
 * `lost`: there was no answer, or one that cannot be read: what was asked for may have been done. `limited`: refused for a while, nothing was
 * done. `refused`: GitHub said why not, nothing was done.
 */
export type FailureKind = 'lost' | 'limited' | 'refused';

/** A request that GitHub did not fulfil, as the adapter's own files see it. It never leaves the adapter: `troubleOf` makes of it what a flow understands. */
export class GitHubFailure extends Error {
  override readonly name = 'GitHubFailure';
  readonly kind: FailureKind;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** The type of a GraphQL error: `STALE_DATA`, `FORBIDDEN` ... */
  readonly type: string | undefined;
  /** Seconds to wait. */
  readonly retryAfter: number | undefined;

  constructor(message: string, details: { kind: FailureKind; status?: number; type?: string; retryAfter?: number }) {
    super(message);
    this.kind = details.kind;
    this.status = details.status;
    this.type = details.type;
    this.retryAfter = details.retryAfter;
  }
}

/** Seconds that GitHub asks to wait at least where it names no time. */
const longestUnsaid = 60;

type Headers = Record<string, string | number | undefined>;

/** What Octokit threw, sorted. All else stays as it is: a bug. */
export function failureOf(error: unknown, now: Date): unknown {
  if (error instanceof GitHubFailure) return error;
  if (!(error instanceof RequestError)) return isNetworkTrouble(error) ? lost(said(messageOf(error))) : error;
  const { status, response } = error;
  if (response === undefined) return lost(said(error.message));
  const headers = response.headers as Headers;
  const message = `${said(errorText(response.data, status))}${requestId(headers)}`;
  if (status >= 500) return new GitHubFailure(message, { kind: 'lost', status });
  if (isLimited(status, headers, message)) {
    return new GitHubFailure(message, { kind: 'limited', status, retryAfter: secondsToWait(headers, now) });
  }
  return new GitHubFailure(message, { kind: 'refused', status });
}

/** One error of a GraphQL answer. */
export interface GraphqlError {
  message: string;
  type?: string;
}

/** The failure that a GraphQL answer tells of, although its status is 200. Errors that name no type are those of a service in trouble. */
export function graphqlFailure(errors: readonly GraphqlError[], headers: Headers, now: Date): GitHubFailure {
  const { type } = errors.find((error) => error.type !== undefined) ?? errors[0] ?? {};
  const message = `${said(errors.map((error) => error.message).join('; '))}${requestId(headers)}`;
  if (type === 'RATE_LIMITED' || (type === undefined && /rate limit/i.test(message))) {
    return new GitHubFailure(message, { kind: 'limited', status: 200, type, retryAfter: secondsToWait(headers, now) });
  }
  const inTrouble = type === undefined ? /something went wrong|timed? ?out/i.test(message) : passing.has(type);
  return new GitHubFailure(message, { kind: inTrouble ? 'lost' : 'refused', status: 200, type });
}

const passing = new Set(['INTERNAL', 'SERVICE_UNAVAILABLE', 'LOADING', 'TIMEOUT']);

/** No answer, or one that cannot be read. */
export function lost(message: string): GitHubFailure {
  return new GitHubFailure(message, { kind: 'lost' });
}

/** True for a failure of that kind, and of that HTTP status where one is named. */
export function isFailure(error: unknown, kind: FailureKind, ...statuses: number[]): error is GitHubFailure {
  return (
    error instanceof GitHubFailure &&
    error.kind === kind &&
    (statuses.length === 0 || (error.status !== undefined && statuses.includes(error.status)))
  );
}

function isLimited(status: number, headers: Headers, message: string): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers['retry-after'] !== undefined ||
    String(headers['x-ratelimit-remaining']) === '0' ||
    /rate limit|abuse detection/i.test(message)
  );
}

/** GitHub's order: `retry-after`, else the time of `x-ratelimit-reset`, else a minute. */
function secondsToWait(headers: Headers, now: Date): number {
  const after = Number(headers['retry-after']);
  if (Number.isFinite(after) && after >= 0) return Math.ceil(after);
  const reset = Number(headers['x-ratelimit-reset']);
  if (String(headers['x-ratelimit-remaining']) === '0' && Number.isFinite(reset)) {
    return Math.max(1, Math.ceil(reset - now.getTime() / 1000));
  }
  return longestUnsaid;
}

function errorText(data: unknown, status: number): string {
  if (typeof data !== 'object' || data === null || !('message' in data))
    return `GitHub answered ${status} and gave no reason`;
  const details = 'errors' in data && Array.isArray(data.errors) ? data.errors.map(detailText).filter(Boolean) : [];
  return [String(data.message), ...details].join('; ');
}

function detailText(detail: unknown): string {
  if (typeof detail === 'string') return detail;
  if (typeof detail !== 'object' || detail === null) return '';
  const { message, field, code } = detail as { message?: unknown; field?: unknown; code?: unknown };
  if (typeof message === 'string') return message;
  return [field, code].filter((part) => typeof part === 'string').join(' ');
}

function requestId(headers: Headers): string {
  const id = headers['x-github-request-id'];
  return id === undefined ? '' : ` (GitHub's request ${String(id).replace(/[^\w:.-]/g, '')})`;
}

function isNetworkTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return true;
  if (error.name === 'TypeError' && /^(?:fetch failed|terminated)/.test(error.message)) return true;
  return 'code' in error && /^(?:E[A-Z]+|UND_\w+)$/.test(String(error.code));
}

/** A text of the other side for people: one line, without anything that looks like a secret, at most 500 characters. */
export function said(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the other side may send anything, and it ends on a terminal
      .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
      .replace(/-----BEGIN[^-]*-----.*?(?:-----END[^-]*-----|$)/g, '***')
      .replace(/\b(?:gh[a-z]_|github_pat_)\w+|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***')
      .replace(/(https?:\/\/)[^/\s@]*@/g, '$1')
      .replace(/\b(bearer|token)\s+[\w.~+/-]{16,}/gi, '$1 ***')
      .trim()
      .slice(0, 500)
  );
}
