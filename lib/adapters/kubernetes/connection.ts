import http2 from 'node:http2';
import { isDeepStrictEqual } from 'node:util';
import { messageOf, RetryableError, UserError } from '../../model/errors.ts';
import type { Access } from './access.ts';
import type { Credentials } from './credentials.ts';
import { connectionError, LostError } from './trouble.ts';

/** How long things may take, in milliseconds, and how many requests are under way at once. */
export interface ConnectionOptions {
  concurrency: number;
  connectTimeout: number;
  requestTimeout: number;
  /** When nothing was heard for this long the server is pinged; without an answer in the same time again it counts as gone. */
  silence: number;
}

/** One request on the wire. */
export interface WireRequest {
  method: 'GET' | 'PATCH' | 'POST' | 'PUT' | 'DELETE';
  /** Path with query. */
  path: string;
  headers: Record<string, string | string[]>;
  body?: string | undefined;
}

/** One whole answer. */
export interface WireResponse {
  status: number;
  headers: http2.IncomingHttpHeaders;
  text: string;
}

/** An answer whose body comes over time. Its chunks end with the body, or throw `LostError`; a `for await` that is left ends the stream. */
export interface WireStream {
  status: number;
  headers: http2.IncomingHttpHeaders;
  chunks: AsyncIterable<Buffer>;
}

const actingAs = 'impersonate-user';

const windowSize = 8 * 1024 * 1024;

/**
 * One HTTP/2 connection with many streams, replaced when the server retires it (GOAWAY), when it breaks and when it falls silent.
 * `send` makes one try: it throws `LostError` when the answer did not come, saying whether the server can have seen the request.
 */
export class Connection {
  readonly #access: Access;
  readonly #options: ConnectionOptions;
  #session: Promise<http2.ClientHttp2Session> | undefined;
  #reconnecting: Promise<void> | undefined;
  #active = 0;
  readonly #waiting: (() => void)[] = [];
  #closed = false;

  constructor(access: Access, options: ConnectionOptions) {
    this.#access = access;
    this.#options = options;
  }

  /** Throws `LostError`, or a `UserError`/`RetryableError` where no connection can be made. */
  async send(request: WireRequest, signal?: AbortSignal): Promise<WireResponse> {
    await this.#slot();
    try {
      const session = await this.#connected();
      const { headers } = await this.#access.credentials();
      return await exchange(session, withCredentials(request, headers), this.#options.requestTimeout, signal);
    } finally {
      this.#active--;
      this.#waiting.shift()?.();
    }
  }

  /** Like `send`, for an answer that may go on for hours: it takes no place among `concurrency`, and only its beginning has a time limit. */
  async stream(request: WireRequest, signal: AbortSignal): Promise<WireStream> {
    const session = await this.#connected();
    const { headers } = await this.#access.credentials();
    return await begin(session, withCredentials(request, headers), this.#options.requestTimeout, signal);
  }

  /** Forgets the connection: the next request makes a new one with fresh credentials. Many who ask at once get one new connection. */
  reconnect(): Promise<void> {
    this.#reconnecting ??= this.#reconnect().finally(() => {
      this.#reconnecting = undefined;
    });
    return this.#reconnecting;
  }

  async #reconnect(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.then(
      (open) => open.close(),
      () => undefined,
    );
    await this.#access.credentials(true);
  }

  /** Ends the connection; requests under way are lost. */
  async close(): Promise<void> {
    this.#closed = true;
    const session = this.#session;
    this.#session = undefined;
    await session?.then(
      (open) => open.destroy(),
      () => undefined,
    );
  }

  async #slot(): Promise<void> {
    while (this.#active >= this.#options.concurrency) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#active++;
  }

  async #connected(): Promise<http2.ClientHttp2Session> {
    if (this.#closed) throw new Error('the connection to the API server was closed by its user');
    this.#session ??= this.#connect();
    const pending = this.#session;
    try {
      const session = await pending;
      if (!isEnding(session)) return session;
    } catch (error) {
      if (this.#session === pending) this.#session = undefined;
      throw error;
    }
    // It ended, and its `close` comes only when its socket is closed.
    if (this.#session === pending) this.#session = undefined;
    return await this.#connected();
  }

  async #connect(): Promise<http2.ClientHttp2Session> {
    const { tls } = await this.#access.credentials();
    try {
      return await this.#connectWith(tls);
    } catch (error) {
      if (!(error instanceof UserError)) throw this.#withHint(error);
      // The authority may have been replaced since it was read.
      const fresh = await this.#access.credentials(true);
      if (isDeepStrictEqual(fresh.tls, tls)) throw error;
      return await this.#connectWith(fresh.tls);
    }
  }

  #withHint(error: unknown): unknown {
    const hint = error instanceof RetryableError ? this.#access.hint?.('unreachable') : undefined;
    if (hint === undefined) return error;
    return new RetryableError(`${messageOf(error)}: ${hint}`, { code: 'unreachable', subject: this.#access.server });
  }

  async #connectWith(tls: Credentials['tls']): Promise<http2.ClientHttp2Session> {
    const url = new URL(this.#access.server);
    const session = http2.connect(url.origin, {
      ...tls,
      settings: { enablePush: false, initialWindowSize: windowSize },
    });
    await opened(session, this.#access.server, this.#options.connectTimeout);
    session.setLocalWindowSize(windowSize * 2);
    const current = this.#session;
    const retire = () => {
      if (this.#session === current) this.#session = undefined;
    };
    session.on('goaway', retire).on('close', retire).on('error', retire);
    watchSilence(session, this.#options.silence);
    return session;
  }
}

/** Throws `UserError` where a request is sent as one user with credentials that act as another: the API server takes one alone. */
function withCredentials(request: WireRequest, headers: Credentials['headers']): WireRequest {
  const [one, other] = [request.headers[actingAs], headers[actingAs]];
  if (one !== undefined && other !== undefined)
    throw new UserError(
      `this is to be read or written as ${one}, but the kubeconfig acts as ${other}: take "as" out of its user, or serviceAccount out of the sync`,
      { code: 'acting-twice' },
    );
  return { ...request, headers: { ...request.headers, ...headers } };
}

function opened(session: http2.ClientHttp2Session, server: string, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(timer);
      session.destroy();
      reject(connectionError(server, error));
    };
    const timer = setTimeout(() => fail(new Error(`no connection within ${timeout / 1000} s`)), timeout);
    session.once('error', fail);
    session.once('close', () => fail(new Error('the connection was closed')));
    session.once('connect', () => {
      clearTimeout(timer);
      session.off('error', fail);
      resolve();
    });
  });
}

function isEnding(session: http2.ClientHttp2Session): boolean {
  return session.destroyed || session.closed;
}

/** Begins a request. Throws `LostError` where the connection is ending: nothing was sent then, which a stream's own error does not say. */
function requestOn(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  options: http2.ClientSessionRequestOptions,
): http2.ClientHttp2Stream {
  if (isEnding(session)) throw new LostError('the connection was ending', false);
  try {
    return session.request(headers, options);
  } catch (error) {
    throw new LostError('the connection was ending', false, error);
  }
}

// A connection whose other end vanished (a cut cable, a NAT that forgot) gives no error for minutes: only an unanswered ping tells.
function watchSilence(session: http2.ClientHttp2Session, silence: number): void {
  let heard = -1;
  const timer = setInterval(() => {
    const bytes = session.socket?.bytesRead ?? 0;
    if (bytes === heard && !session.destroyed) pingOrDestroy(session, silence);
    heard = bytes;
  }, silence);
  timer.unref();
  session.once('close', () => clearInterval(timer));
}

function pingOrDestroy(session: http2.ClientHttp2Session, patience: number): void {
  const dead = setTimeout(() => session.destroy(new Error('the server answers no ping')), patience);
  dead.unref();
  const sent = session.ping((error) => {
    if (error === null) clearTimeout(dead);
  });
  if (!sent) clearTimeout(dead);
}

function exchange(
  session: http2.ClientHttp2Session,
  request: WireRequest,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const { method, path, headers, body } = request;
    const options = { endStream: body === undefined, ...(signal ? { signal } : {}) };
    const stream = requestOn(session, { ':method': method, ':path': path, ...headers }, options);
    let response: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
    let cause: unknown;
    let ended = false;
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      cause = new Error(`no answer within ${timeout / 1000} s`);
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }, timeout);
    stream.on('response', (received) => {
      response = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      ended = true;
    });
    stream.on('error', (error) => {
      cause ??= error;
    });
    stream.on('close', () => {
      clearTimeout(timer);
      const status = response[':status'];
      if (ended && cause === undefined && status !== undefined && stream.rstCode === http2.constants.NGHTTP2_NO_ERROR) {
        resolve({ status, headers: response, text: Buffer.concat(chunks).toString('utf8') });
      } else {
        const refused = stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM;
        reject(new LostError(refused ? 'the server refused the stream' : 'the connection was lost', !refused, cause));
      }
    });
    if (body !== undefined) stream.end(body);
  });
}

function begin(
  session: http2.ClientHttp2Session,
  { method, path, headers }: WireRequest,
  timeout: number,
  signal: AbortSignal,
): Promise<WireStream> {
  return new Promise((resolve, reject) => {
    const stream = requestOn(session, { ':method': method, ':path': path, ...headers }, { endStream: true, signal });
    let cause: unknown;
    const timer = setTimeout(() => {
      cause = new Error(`no answer within ${timeout / 1000} s`);
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }, timeout);
    stream.on('response', (received) => {
      clearTimeout(timer);
      resolve({ status: received[':status'] ?? 0, headers: received, chunks: chunksOf(stream) });
    });
    // Also heard after the answer began: an error without a listener would end the process.
    stream.on('error', (error) => {
      cause ??= error;
    });
    stream.on('close', () => {
      clearTimeout(timer);
      reject(new LostError('the connection was lost', true, cause));
    });
  });
}

async function* chunksOf(stream: http2.ClientHttp2Stream): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw new LostError('the connection was lost', true, error);
  }
}
