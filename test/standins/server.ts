import { appKind, type Guard } from './app.ts';
import { type Fault, type Faults, troubleAnswer } from './faults.ts';
import type { GraphqlEngine, GraphqlRequest } from './graphql-engine.ts';
import { kindOf, routes } from './kinds.ts';
import { createLimits, type Work } from './limits.ts';
import type { Recorder } from './recorder.ts';
import { notFound, Refused } from './refused.ts';
import { type Answer, findRoute, type Route } from './route.ts';
import { shapesOf } from './shapes.ts';
import type { Repository } from './state.ts';

/** What a server is made of. */
export interface ServerParts {
  repository: Repository;
  root: object;
  engine: GraphqlEngine;
  guard: Guard;
  faults: Faults;
  requests: Recorder;
  limit: number;
}

/** Requests in, responses out. */
export interface Server {
  fetch: typeof globalThis.fetch;
  /** Like `fetch`, without following redirects. `origin`: how the addresses in the answers begin, where it is not GitHub's own. */
  answer(request: Request, origin?: string): Promise<Response>;
}

/** A response was not to come: the caller sees what a client sees when the connection ends. */
export class HungUp extends Error {}

/** Puts routes, GraphQL, rights, limits, faults and the record together. */
export function createServer(parts: ServerParts): Server {
  const limits = createLimits(parts);

  const answer = async (request: Request, origin?: string): Promise<Response> => {
    const url = new URL(request.url);
    const path = pathOf(url, origin !== undefined);
    const sent = request.body === null ? '' : await request.text();
    const work = understand(parts, request, path, url, sent, origin);
    const fault = parts.faults.next(work.kind);
    const seen = {
      kind: work.kind,
      method: request.method,
      path: `${url.pathname}${url.search}`,
      status: 0,
      up: Buffer.byteLength(sent),
      down: 0,
      authorized: request.headers.has('authorization'),
    };
    parts.requests.add(seen);
    const done = fault?.when === 'before' ? undefined : await limits.counted(work, request);
    const response = fault === undefined ? done! : await strike(fault, work, request.signal, done, limits.resetAt());
    seen.status = response.status;
    seen.down = Number(response.headers.get('content-length') ?? 0);
    return response;
  };

  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    // A request's own signal only follows the one that was given, and may be collected while nothing else holds the request.
    const aborted = rejectWhenAborted(init?.signal ?? request.signal);
    const response = await Promise.race([answer(request), aborted]).catch((error: unknown) => {
      if (!(error instanceof HungUp)) throw error;
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
      });
    });
    const location = response.headers.get('location');
    if (location === null || ![301, 302, 303, 307, 308].includes(response.status) || request.redirect === 'manual')
      return response;
    if (request.redirect === 'error') throw new TypeError('fetch failed', { cause: new Error('unexpected redirect') });
    const to = new URL(location, request.url);
    const headers = new Headers(request.headers);
    // As the Fetch standard has it: credentials do not go to another origin.
    if (to.origin !== new URL(request.url).origin) headers.delete('authorization');
    return fetch(to, { headers, signal: init?.signal ?? request.signal });
  };

  return { fetch: fetch as typeof globalThis.fetch, answer };
}

function understand(
  parts: ServerParts,
  request: Request,
  path: string,
  url: URL,
  sent: string,
  origin: string | undefined,
): Work {
  const { method, headers } = request;
  const body = method === 'GET' ? {} : parse(sent);
  if (path === '/graphql' && method === 'POST') {
    const asked = (body ?? {}) as unknown as GraphqlRequest;
    const kind = `GRAPHQL ${typeof asked.query === 'string' ? parts.engine.kind(asked) : 'invalid'}`;
    return { kind, graphql: true, run: () => runGraphql(parts, headers, asked) };
  }
  const found = findRoute(routes, method, path);
  const shapes = shapesOf(parts.repository, { api: origin ?? 'https://api.github.com', web: 'https://github.com' });
  const codeload = origin === undefined ? 'https://codeload.github.com' : `${origin}/codeload`;
  const run = async (): Promise<Answer> => {
    // The link of an archive carries its own right.
    const linked = path.startsWith('/codeload/');
    const who = linked ? 'caller' : parts.guard.admit(headers.get('authorization'));
    if (body === undefined) throw new Refused(400, 'Problems parsing JSON');
    const app = parts.guard.serve(method, path, who, body);
    if (app !== undefined) return app;
    if (found === undefined || who !== 'caller') throw notFound();
    const { owner, repo } = found.params;
    if (`${owner}/${repo}`.toLowerCase() !== `${parts.repository.owner}/${parts.repository.name}`.toLowerCase())
      throw notFound();
    checkRight(parts.repository, found.route);
    return found.route.handle({
      repository: parts.repository,
      shapes,
      params: found.params,
      query: url.searchParams,
      body,
      headers,
      codeload,
    });
  };
  return {
    kind: found === undefined ? (appKind(method, path) ?? `${method} unknown`) : kindOf(found.route),
    graphql: false,
    run,
  };
}

function parse(sent: string): Record<string, unknown> | undefined {
  if (sent === '') return {};
  try {
    const value: unknown = JSON.parse(sent);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function checkRight(repository: Repository, { needs }: Route): void {
  if (needs === undefined) return;
  const has = repository.settings.permissions[needs[0]];
  if (has !== 'write' && has !== needs[1]) throw new Refused(403, 'Resource not accessible by integration');
}

async function runGraphql(parts: ServerParts, headers: Headers, asked: GraphqlRequest): Promise<Answer> {
  if (parts.guard.admit(headers.get('authorization')) !== 'caller')
    throw new Refused(401, 'This endpoint requires you to be authenticated.');
  if (typeof asked.query !== 'string')
    throw new Refused(400, 'A query attribute must be specified and must be a string.');
  return { status: 200, json: await parts.engine.execute(asked, parts.root) };
}

async function strike(
  fault: Fault,
  work: Work,
  signal: AbortSignal,
  done: Response | undefined,
  resetAt: number,
): Promise<Response> {
  switch (fault.trouble) {
    case 'reset':
      throw new HungUp('the connection was reset');
    case 'silence':
      return rejectWhenAborted(signal);
    case 'cut': {
      if (done === undefined) throw new HungUp('the connection was reset');
      const whole = new Uint8Array(await done.arrayBuffer());
      return cutOff(whole.subarray(0, Math.floor(whole.length / 2)), done);
    }
    default: {
      const answer = troubleAnswer(fault, work.graphql, resetAt)!;
      const body = Buffer.from(await answer.arrayBuffer());
      answer.headers.set('content-length', String(body.length));
      return new Response(body, { status: answer.status, headers: answer.headers });
    }
  }
}

/** A body that ends with an error in its midst, as when the connection breaks. */
function cutOff(half: Uint8Array, done: Response): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(half),
    pull: (controller) =>
      controller.error(
        new TypeError('terminated', {
          cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
        }),
      ),
  });
  return new Response(body, { status: done.status, headers: done.headers });
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** GitHub's hosts in process; by HTTP one origin serves them all. */
function pathOf(url: URL, listening: boolean): string {
  if (!listening && url.hostname === 'codeload.github.com') return `/codeload${url.pathname}`;
  if (url.pathname === '/api/graphql') return '/graphql';
  return url.pathname.replace(/^\/api\/v3(?=\/)/, '');
}
