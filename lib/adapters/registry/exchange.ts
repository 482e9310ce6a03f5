import { RetryableError } from '../../model/errors.ts';
import { largestDocument } from '../../model/image-manifest.ts';
import { readUpTo, TooLargeError } from '../../model/read-up-to.ts';
import { Turnstile } from './polite.ts';
import type { Answer, Question } from './question.ts';
import { retryAfterOf } from './retry-after.ts';
import { connectionTrouble, mayPass, tooLarge } from './trouble.ts';

/** What requests are made with. */
export interface ExchangeOptions {
  fetch: typeof fetch;
  now: () => Date;
  sleep: (milliseconds: number) => Promise<unknown>;
  /** At once, to one host. */
  requestsPerHost: number;
  /** Of one request, until its body is read. */
  timeoutMs: number;
}

/** The longest that a host is waited for here; whoever asks to wait longer is asked again by the queue. */
const shortWait = 2;
/** A host that has had enough is left alone for as long as it says, but is looked at again after a minute. */
const longestQuiet = 60;

/** Makes requests one by one: few at once for each host, small bodies only, redirects not followed. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #turnstile: Turnstile;
  /** By host: until when it wants no requests. */
  readonly #quiet = new Map<string, number>();

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#turnstile = new Turnstile(options.requestsPerHost);
  }

  /**
   * Asks, and once more when the connection broke or the host asks to wait two seconds at most. Gives any status. Throws `RetryableError` when there is
   * no whole answer, or the host has had enough of requests a moment ago.
   */
  async ask(question: Question): Promise<Answer> {
    const { host } = question.url;
    this.#respectQuiet(host);
    const first = await this.#try(question).catch((error: unknown) => {
      if (error instanceof RetryableError && error.code === 'registry-unreachable') return undefined;
      throw error;
    });
    if (first === undefined) return this.#noted(host, await this.#try(question));
    const wait = mayPass(first.status) ? retryAfterOf(first.headers, this.#options.now()) : undefined;
    if (wait === undefined || wait > shortWait) return this.#noted(host, first);
    await this.#options.sleep(wait * 1000);
    return this.#noted(host, await this.#try(question));
  }

  #respectQuiet(host: string): void {
    const left = (this.#quiet.get(host) ?? 0) - this.#options.now().getTime();
    if (left <= 0) return;
    throw new RetryableError(`the registry ${host} wants fewer requests: it was not asked again yet`, {
      code: 'registry-throttled',
      subject: host,
      retryAfter: Math.ceil(left / 1000),
    });
  }

  #noted(host: string, answer: Answer): Answer {
    const now = this.#options.now();
    const wait = answer.status === 429 ? retryAfterOf(answer.headers, now) : undefined;
    if (wait !== undefined) this.#quiet.set(host, now.getTime() + Math.min(wait, longestQuiet) * 1000);
    return answer;
  }

  async #try({ method, url, headers }: Question): Promise<Answer> {
    return this.#turnstile.pass(url.host, async () => {
      const signal = AbortSignal.timeout(this.#options.timeoutMs);
      try {
        const { fetch } = this.#options;
        const response = await fetch(url, { method, headers: given(headers), redirect: 'manual', signal });
        const bytes = response.body === null ? new Uint8Array() : await readUpTo(response.body, largestDocument);
        return { status: response.status, headers: response.headers, bytes, url };
      } catch (error) {
        throw error instanceof TooLargeError ? tooLarge(url.host, error) : connectionTrouble(url.host, error);
      }
    });
  }
}

function given(headers: Question['headers']): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
}
