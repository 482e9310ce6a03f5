import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, RetryableError } from '../../model/errors.ts';
import type { Access, AccessTrouble } from './access.ts';
import {
  Connection,
  type ConnectionOptions,
  type WireRequest,
  type WireResponse,
  type WireStream,
} from './connection.ts';
import { LostError, notLetIn } from './trouble.ts';

/** What a request is for; requests are counted by it. */
export type Verb =
  | 'discover'
  | 'list'
  | 'watch'
  | 'get'
  | 'apply'
  | 'dry-run'
  | 'release'
  | 'delete'
  | 'write-record'
  | 'write-event'
  | 'lease';

/** One request to the API server. */
export interface Request {
  verb: Verb;
  method: WireRequest['method'];
  /** Path with query, from the server's root. */
  path: string;
  body?: string;
  contentType?: string;
  /** `application/json` unless told. */
  accept?: string;
  /** False where a second execution could do harm: then it is only repeated when the server cannot have seen it. Default true. */
  idempotent?: boolean;
}

/** An answer of whatever status; `json` is the parsed body, undefined when it is none. */
export interface Answer {
  status: number;
  json: unknown;
  text: string;
  /** The server's clock, as it wrote it. */
  date?: string;
}

/** An answer that comes over time. */
export interface OpenAnswer {
  status: number;
  /** What the server asks to wait before another try, in milliseconds. */
  retryAfter: number | undefined;
  /** Ends with the answer, or throws when the connection is lost; a `for await` that is left ends the answer. */
  chunks: AsyncIterable<Buffer>;
}

const defaults: ConnectionOptions = {
  concurrency: 64,
  connectTimeout: 10_000,
  requestTimeout: 60_000,
  silence: 10_000,
};

/** A server that retires its connections may refuse a stream it never looked at many times in a row. */
const unseenTries = 20;
/** Tries for one request, the first included; a throttled one waits as asked, but never longer than `longestWait` at once. */
const tries = 5;
const throttledTries = 12;
const longestWait = 15_000;
const firstWait = 100;

/** What clients of one API server share that differ only in whom they act as. */
interface Shared {
  connection: Connection;
  streams: Connection;
  counts: Map<Verb, number>;
}

/** Sends requests to one API server, repeats what may be repeated, and counts. */
export class Client {
  readonly server: string;
  /** Whom the requests are sent as; undefined: as whoever the credentials are of. */
  readonly user: string | undefined;
  readonly #access: Access;
  readonly #connection: Connection;
  /** Of its own, so that long answers cannot hold up requests. */
  readonly #streams: Connection;
  readonly #counts: Map<Verb, number>;

  constructor(access: Access, options: Partial<ConnectionOptions> = {}, acting?: Shared & { user: string }) {
    this.server = access.server;
    this.user = acting?.user;
    this.#access = access;
    this.#connection = acting?.connection ?? new Connection(access, { ...defaults, ...options });
    this.#streams = acting?.streams ?? new Connection(access, { ...defaults, ...options });
    this.#counts = acting?.counts ?? new Map();
  }

  /**
   * A client over the same connections and with the same counts, whose every request is sent as another user: the API server asks whether
   * the credentials may impersonate that one, and then what that one may do. Closing one of the two closes both.
   */
  as(user: string): Client {
    const shared = { connection: this.#connection, streams: this.#streams, counts: this.#counts };
    return new Client(this.#access, {}, { ...shared, user });
  }

  /** The answer, also a refusal. Throws `RetryableError` when none comes, and what `Access` throws. */
  async send(request: Request, signal?: AbortSignal): Promise<Answer> {
    const wire = this.#wire(request);
    let refreshed = false;
    for (let attempt = 1, throttled = 1; ; attempt++) {
      signal?.throwIfAborted();
      this.#count(request.verb);
      const response = await this.#try(request, wire, attempt, signal);
      if (response === undefined) continue;
      if (response.status === 401 && !refreshed) {
        refreshed = true;
        await this.#connection.reconnect();
      } else if (response.status === 429 && throttled < throttledTries) {
        throttled++;
        await this.#wait(retryAfter(response) ?? backoff(throttled), signal);
      } else if (isTransient(response) && request.idempotent !== false && attempt < tries) {
        await this.#wait(retryAfter(response) ?? backoff(attempt), signal);
      } else {
        if (response.status === 401) this.#throwWithHint();
        return answerOf(response);
      }
    }
  }

  /**
   * Opens an answer that may go on for hours, on a connection of its own. One try, and a second one with fresh credentials after a 401:
   * throws `LostError` where no answer begins, and what `Access` throws. The signal ends the answer.
   */
  async open(request: Request, signal: AbortSignal): Promise<OpenAnswer> {
    const wire = this.#wire(request);
    const once = async (): Promise<WireStream> => {
      this.#count(request.verb);
      return await this.#streams.stream(wire, signal);
    };
    let answer = await once();
    if (answer.status === 401) {
      await this.#streams.reconnect();
      answer = await once();
    }
    return { status: answer.status, retryAfter: retryAfter(answer), chunks: answer.chunks };
  }

  /** What to do about a trouble, where whoever gave the access knows. */
  hint(trouble: AccessTrouble): string | undefined {
    return this.#access.hint?.(trouble);
  }

  /** How many requests were sent, by verb, repetitions included. */
  stats(): Partial<Record<Verb, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Ends the connections. */
  async close(): Promise<void> {
    await Promise.all([this.#connection.close(), this.#streams.close()]);
  }

  /** Undefined: worth another try. */
  async #try(
    request: Request,
    wire: WireRequest,
    attempt: number,
    signal?: AbortSignal,
  ): Promise<WireResponse | undefined> {
    try {
      return await this.#connection.send(wire, signal);
    } catch (error) {
      signal?.throwIfAborted();
      const repeatable =
        error instanceof LostError ? !error.seen || request.idempotent !== false : isUnreachable(error);
      const unseen = error instanceof LostError && !error.seen;
      if (repeatable && attempt < (unseen ? unseenTries : tries)) {
        await this.#wait(backoff(Math.min(attempt, tries)), signal);
        return undefined;
      }
      if (error instanceof LostError) throw this.#lost(error);
      throw error;
    }
  }

  #wire({ method, path, accept = 'application/json', body, contentType }: Request): WireRequest {
    const prefix = new URL(this.#access.server).pathname.replace(/\/$/, '');
    const headers: Record<string, string> = { accept, 'user-agent': 'windlass' };
    if (body !== undefined) headers['content-type'] = contentType ?? 'application/json';
    if (this.user !== undefined) headers['impersonate-user'] = this.user;
    return { method, path: `${prefix}${path}`, headers, body };
  }

  /** Where nobody knows more than that it is a 401, the caller says so. */
  #throwWithHint(): void {
    const hint = this.#access.hint?.('unauthorized');
    if (hint !== undefined) throw notLetIn(this.server, hint);
  }

  #lost(error: LostError): RetryableError {
    return new RetryableError(`the API server ${this.server} did not answer: ${messageOf(error)}`, {
      code: 'unreachable',
      subject: this.server,
    });
  }

  async #wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    await sleep(Math.min(milliseconds, longestWait), undefined, signal ? { signal } : undefined);
  }

  #count(verb: Verb): void {
    this.#counts.set(verb, (this.#counts.get(verb) ?? 0) + 1);
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof RetryableError && error.code === 'unreachable';
}

// 500 is not among them: server-side apply answers a manifest's schema error with it.
function isTransient(response: WireResponse): boolean {
  return response.status === 502 || response.status === 503 || response.status === 504;
}

function retryAfter(response: Pick<WireResponse, 'headers'>): number | undefined {
  const seconds = Number(response.headers['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function backoff(attempt: number): number {
  return firstWait * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
}

function answerOf(response: WireResponse): Answer {
  const { date } = response.headers;
  return {
    ...{ status: response.status, text: response.text, json: parsed(response.text) },
    ...(typeof date === 'string' && { date }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
