import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, RetryableError } from '../../model/errors.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import type { Watched } from '../../pull/ports.ts';
import type { Answer, Client, OpenAnswer } from './client.ts';
import { linesOf } from './lines.ts';
import { type ListRequest, listAt } from './list.ts';
import { LostError } from './trouble.ts';

/** How long watching goes on, and how it goes on after trouble; times in milliseconds. */
export interface WatchOptions {
  /** The server ends a watch after about this time, so that watches spread over its instances; it is begun anew where it ended. */
  life: number;
  /** What the first wait after trouble is; each later one is twice as long. */
  firstWait: number;
  longestWait: number;
  /** So many failures in a row, without a word between them, end the watching. */
  failures: number;
  /** A watch that ended sooner counts as a failure. */
  shortest: number;
}

const defaults: WatchOptions = { life: 300_000, firstWait: 200, longestWait: 15_000, failures: 8, shortest: 5000 };
/** A watch that the server has not ended so long after its time is taken as lost. */
const overtime = 30_000;

/** What is watched, and until when. */
export interface WatchRequest extends ListRequest {
  apiVersion: string;
  kind: string;
  signal: AbortSignal;
}

interface Event {
  /** The server's word; `BEGUN` is ours, and comes first. */
  type?: string;
  object?: KubeObject & { code?: number; message?: string };
}

/** The server no longer knows what changed since then: all must be listed anew. */
class ExpiredError extends Error {
  override readonly message = 'it does not know any more what changed since the list';
}

/** What the server said was no event, or an event that tells of trouble: another try may help. */
class TroubledError extends Error {
  readonly retryAfter: number | undefined;

  constructor(message: string, retryAfter?: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/**
 * All objects of a list, and each change after it, until the signal ends it. Goes on where it was after a lost connection and at the end of
 * the server's time; lists anew when the server has forgotten what changed since. Throws what a list throws; what `refused` gives, where
 * the server refuses to let this user watch; and `RetryableError` after many failures in a row.
 */
export async function* watchList(
  client: Client,
  request: WatchRequest,
  options: Partial<WatchOptions> = {},
): AsyncGenerator<Watched> {
  const settings = { ...defaults, ...options };
  const { signal } = request;
  let since: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    let begun = Number.POSITIVE_INFINITY;
    try {
      if (since === undefined) {
        const listed = await listAt(client, request);
        since = listed.resourceVersion;
        yield { type: 'all', objects: listed.items.map((item) => typed(request, item)) };
      }
      for await (const event of eventsOf(client, request, since, settings.life)) {
        if (event.type === 'BEGUN') begun = performance.now();
        else failures = 0;
        since = event.object?.metadata.resourceVersion ?? since;
        const watched = watchedOf(request, event);
        if (watched !== undefined) yield watched;
      }
      if (performance.now() - begun < settings.shortest) throw new TroubledError('it ended at once');
    } catch (error) {
      if (signal.aborted) return;
      if (!mayPass(error)) throw error;
      if (error instanceof ExpiredError) since = undefined;
      // One that lasted was a watch, also when nothing happened; a proxy may end it early each time.
      failures = performance.now() - begun >= settings.shortest ? 1 : failures + 1;
      if (failures >= settings.failures) throw gaveUp(client, request, error);
      await waitAfter(error, failures, settings, signal);
    }
  }
}

/** The events of one watch. Throws where it does not begin, breaks off, or tells of trouble. */
async function* eventsOf(client: Client, request: WatchRequest, since: string, life: number): AsyncGenerator<Event> {
  const asked = Math.ceil((life * (1 + Math.random())) / 1000);
  const query = new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(asked) });
  query.set('resourceVersion', since);
  if (request.labelSelector !== undefined) query.set('labelSelector', request.labelSelector);
  const ended = AbortSignal.any([request.signal, AbortSignal.timeout(asked * 1000 + overtime)]);
  const answer = await client.open({ verb: 'watch', method: 'GET', path: `${request.path}?${query}` }, ended);
  if (answer.status !== 200) throw await refusalOf(request, answer);
  yield { type: 'BEGUN' };
  for await (const line of linesOf(answer.chunks)) {
    if (line.trim() === '') continue;
    const event = parse(line);
    if (event.type === 'ERROR') throw troubleOf(event);
    yield event;
  }
}

function parse(line: string): Event {
  try {
    const event: Event | null = JSON.parse(line);
    if (event?.type !== undefined && event.object !== undefined) return event;
  } catch {
    // Said below, without what stands in the line: it may be a Secret.
  }
  throw new TroubledError('it sent a line that is no event');
}

function watchedOf(request: WatchRequest, { type, object }: Event): Watched | undefined {
  if (type === 'ADDED' || type === 'MODIFIED') return { type: 'set', object: typed(request, object!) };
  if (type === 'DELETED') return { type: 'gone', object: typed(request, object!) };
  return undefined;
}

/** Lists do not repeat apiVersion and kind in their items. */
function typed({ apiVersion, kind }: WatchRequest, object: KubeObject): KubeObject {
  return Object.assign(object, { apiVersion, kind });
}

async function refusalOf({ refused }: WatchRequest, { status, retryAfter, chunks }: OpenAnswer): Promise<Error> {
  const answer = await readAnswer(status, chunks);
  if (status === 410) return new ExpiredError();
  if (status === 429 || status >= 500) return new TroubledError(`HTTP ${status}`, retryAfter);
  return refused(answer);
}

async function readAnswer(status: number, chunks: AsyncIterable<Buffer>): Promise<Answer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const text = Buffer.concat(parts).toString('utf8');
  try {
    return { status, text, json: JSON.parse(text) };
  } catch {
    return { status, text, json: undefined };
  }
}

function troubleOf({ object }: Event): Error {
  if (object?.code === 410) return new ExpiredError();
  return new TroubledError(object?.message ?? 'it told of an error without a word about it');
}

/** Refusals, and what a list could not get past, are final; a watch that broke off, or a server that is away, may pass. */
function mayPass(error: unknown): boolean {
  if (error instanceof RetryableError) return error.code === 'unreachable';
  return error instanceof LostError || error instanceof TroubledError || error instanceof ExpiredError;
}

function gaveUp({ server }: Client, { what }: WatchRequest, error: unknown): RetryableError {
  return new RetryableError(`the API server ${server} does not let ${what} be watched: ${messageOf(error)}`, {
    code: 'server',
    subject: what,
  });
}

async function waitAfter(
  error: unknown,
  failures: number,
  { firstWait, longestWait }: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  const asked = error instanceof TroubledError ? error.retryAfter : undefined;
  const backoff = firstWait * 2 ** (failures - 1) * (0.75 + Math.random() / 2);
  await sleep(Math.min(asked ?? backoff, longestWait), undefined, { signal }).catch(() => undefined);
}
