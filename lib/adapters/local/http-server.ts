import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { UserError } from '../../model/errors.ts';

/** A listening server. `stop` ends open streams as well. */
export interface LocalServer {
  port: number;
  url: string;
  stop(): Promise<void>;
}

/** The most that a request may bring, in bytes: the page takes no more than a repository and a tag. */
const usualBodyLimit = 16 * 1024;

/** How a server listens. */
export interface ServeOptions {
  port: number;
  onError: (error: unknown) => void;
  /** Paths whose requests may bring more, in bytes. */
  bodyLimits?: Readonly<Record<string, number>>;
}

/**
 * Serves a `Request -> Response` app on 127.0.0.1 alone. With port 0 the system chooses one.
 * Throws `UserError` when the port is in use or may not be opened.
 */
export async function serve(
  appFor: (port: number) => (request: Request) => Promise<Response>,
  options: ServeOptions,
): Promise<LocalServer> {
  let app: ((request: Request) => Promise<Response>) | undefined;
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, app!, options.bodyLimits ?? {}).catch((error: unknown) => {
      options.onError(error);
      if (!outgoing.headersSent) outgoing.writeHead(500, { 'content-type': 'text/plain' });
      outgoing.end('the loop could not answer this; the terminal says why\n');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, options.port)));
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  app = appFor(port);
  return { port, url: `http://127.0.0.1:${port}/`, stop: () => stop(server) };
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new UserError(`port ${port} is in use by another program: choose one with --port (0 takes any free one)`, {
      code: 'port-in-use',
    });
  }
  if (error.code === 'EACCES')
    return new UserError(`port ${port} may not be opened by this user: choose one above 1023 with --port`, {
      code: 'port-denied',
    });
  return error;
}

async function stop(server: ReturnType<typeof createServer>): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  app: (request: Request) => Promise<Response>,
  bodyLimits: Readonly<Record<string, number>>,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  const path = incoming.url?.split('?')[0] ?? '';
  const body = await read(incoming, Object.hasOwn(bodyLimits, path) ? bodyLimits[path]! : usualBodyLimit);
  if (body === undefined) {
    outgoing.writeHead(413, { 'content-type': 'text/plain', connection: 'close' }).end('too large\n');
    return;
  }
  const request = toRequest(incoming, body, gone.signal);
  if (request === undefined) {
    outgoing
      .writeHead(400, { 'content-type': 'text/plain', connection: 'close' })
      .end('not a request that can be answered\n');
    return;
  }
  const response = await app(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  const stream = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream);
  stream.on('error', () => outgoing.destroy());
  outgoing.on('close', () => stream.destroy());
  stream.pipe(outgoing);
}

/** The whole body, or undefined when it is over the limit. */
async function read(incoming: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Undefined for a method or a path that the Fetch standard cannot express. */
function toRequest(incoming: IncomingMessage, body: Buffer, signal: AbortSignal): Request | undefined {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const method = incoming.method ?? 'GET';
  try {
    const url = new URL(`http://127.0.0.1${incoming.url?.startsWith('/') ? incoming.url : '/'}`);
    return new Request(url, {
      method,
      headers,
      signal,
      ...(body.length > 0 && method !== 'GET' && method !== 'HEAD' ? { body } : {}),
    });
  } catch {
    return undefined;
  }
}
