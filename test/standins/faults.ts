import { seeded } from '../../bench/parts/numbers.ts';

/**
 * What goes wrong. Numbers are HTTP statuses: 403 is the secondary rate limit, 502 has a page of HTML as its body. `rate-limited` is the
 * primary limit (403, for GraphQL an error with status 200). `reset` cuts the connection, `silence` never answers, `cut` ends the body half way.
 */
export type Trouble =
  | 401
  | 403
  | 404
  | 409
  | 422
  | 429
  | 500
  | 502
  | 503
  | 'rate-limited'
  | 'reset'
  | 'silence'
  | 'cut';

/** A fault: which requests, when, how often. */
export interface Fault {
  /** The request's kind: all of it or a part, as `createCommitOnBranch` or `PATCH`. Absent: every request. */
  on?: string | RegExp;
  trouble: Trouble;
  /** `after`: the work is done, the answer is lost. */
  when: 'before' | 'after';
  /** From 0 to 1, drawn with the stand-in's seed; 1 unless told. */
  chance?: number;
  /** Only the nth matching request, counted from 1. */
  nth?: number;
  /** How many times at most. */
  times?: number;
  /** Seconds, for `Retry-After` with 429 and 403. */
  retryAfter?: number;
}

/** Decides which request meets which fault; the same seed and requests meet the same. */
export interface Faults {
  add(...faults: Fault[]): void;
  clear(): void;
  next(kind: string): Fault | undefined;
}

/** No faults yet. */
export function createFaults(seed: number): Faults {
  const random = seeded(seed);
  let all: { fault: Fault; matched: number; struck: number }[] = [];
  return {
    add: (...faults) => void all.push(...faults.map((fault) => ({ fault, matched: 0, struck: 0 }))),
    clear: () => {
      all = [];
    },
    next: (kind) => {
      let chosen: Fault | undefined;
      for (const each of all) {
        const { on, nth, chance = 1, times = Number.POSITIVE_INFINITY } = each.fault;
        if (typeof on === 'string' ? !kind.includes(on) : on !== undefined && !on.test(kind)) continue;
        each.matched++;
        if (nth !== undefined && each.matched !== nth) continue;
        if (each.struck >= times || (chance < 1 && random() >= chance) || chosen !== undefined) continue;
        each.struck++;
        chosen = each.fault;
      }
      return chosen;
    },
  };
}

/** What GitHub answers when it has the trouble; undefined for those that are no answer. */
export function troubleAnswer({ trouble, retryAfter }: Fault, graphql: boolean, resetAt: number): Response | undefined {
  const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    Response.json(body, { status, headers });
  const wait: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  const limited = 'API rate limit exceeded for installation ID 42.';
  switch (trouble) {
    case 'reset':
    case 'silence':
    case 'cut':
      return undefined;
    case 'rate-limited': {
      const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(resetAt) };
      return graphql
        ? json(200, { errors: [{ type: 'RATE_LIMITED', message: limited }] }, headers)
        : json(403, { message: limited }, headers);
    }
    case 403:
      return json(
        403,
        { message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.' },
        wait,
      );
    case 429:
      return json(
        429,
        { message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.' },
        wait,
      );
    case 502:
    case 503:
      return new Response(
        '<html><head><title>Unicorn!</title></head><body>This page is taking too long to load.</body></html>',
        {
          status: trouble,
          headers: { 'content-type': 'text/html' },
        },
      );
    case 500:
      return json(500, { message: 'Server Error' });
    case 401:
      return json(401, { message: 'Bad credentials' });
    case 404:
      return json(404, { message: 'Not Found' });
    case 409:
      return json(409, { message: 'Git Repository is busy.' });
    case 422:
      return json(422, {
        message: 'Validation Failed',
        errors: [{ resource: 'Reference', code: 'custom', message: 'could not be saved' }],
      });
  }
}
