import http2 from 'node:http2';
import { describe, expect, it } from 'vitest';
import type { Client } from '../../../lib/adapters/kubernetes/client.ts';
import { readError } from '../../../lib/adapters/kubernetes/status.ts';
import { type WatchOptions, watchList } from '../../../lib/adapters/kubernetes/watch.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import type { Watched } from '../../../lib/pull/ports.ts';
import { access, answer, client, server } from './http2-server.ts';

const map = (name: string, resourceVersion: string, data = {}) => ({ metadata: { name, resourceVersion }, data });
const list = (resourceVersion: string, ...items: object[]) => ({
  kind: 'ConfigMapList',
  metadata: { resourceVersion },
  items,
});
const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
const status = (code: number, message: string) => ({ kind: 'Status', code, message });

/** What the server does with each watch; a list is answered with `lists`, the last one again and again. */
async function watched(
  watches: ((stream: http2.ServerHttp2Stream, query: URLSearchParams, session: http2.ServerHttp2Session) => void)[],
  lists: object[] = [list('10', map('a', '3'))],
) {
  const seen: string[] = [];
  const { port } = await server((stream, headers, session) => {
    const query = new URL(headers[':path']!, 'https://server').searchParams;
    const isWatch = query.get('watch') === 'true';
    seen.push(isWatch ? `watch ${query.get('resourceVersion')}` : 'list');
    const count = seen.filter((one) => one.startsWith('watch')).length;
    const listed = seen.length - count;
    if (!isWatch) answer(stream, 200, {}, lists[Math.min(listed, lists.length) - 1]);
    else (watches[count - 1] ?? stay)(stream, query, session);
  });
  return { made: client(access(port), { concurrency: 1, silence: 200 }), seen };
}

/** Begins an answer and says no more. */
function stay(stream: http2.ServerHttp2Stream): void {
  stream.respond({ ':status': 200 });
}

function says(...parts: (string | Buffer)[]) {
  return (stream: http2.ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    for (const part of parts) stream.write(part);
  };
}

function watch(made: Client, signal: AbortSignal, options: Partial<WatchOptions> = {}): AsyncGenerator<Watched> {
  return watchList(
    made,
    {
      path: '/api/v1/configmaps',
      what: 'configmaps',
      apiVersion: 'v1',
      kind: 'ConfigMap',
      labelSelector: 'windlass.dev/sync=shop',
      refused: (refusal) => readError(made.server, 'watch configmaps', refusal),
      signal,
    },
    { firstWait: 1, longestWait: 5, ...options },
  );
}

/** The first so many things that a watch tells, as `set a@4`; it is ended then. */
async function first(count: number, made: Client, options: Partial<WatchOptions> = {}): Promise<string[]> {
  const ended = new AbortController();
  const told: string[] = [];
  for await (const one of watch(made, ended.signal, options)) {
    const objects = one.type === 'all' ? one.objects : [one.object];
    told.push(
      [one.type, ...objects.map(({ metadata }) => `${metadata.name}@${metadata['resourceVersion']}`)].join(' '),
    );
    if (told.length === count) break;
  }
  ended.abort();
  return told;
}

describe('watching a kind', () => {
  it('tells all that there is, and then each change with its kind', async () => {
    const { made, seen } = await watched([
      says(
        event('ADDED', map('b', '11')),
        event('MODIFIED', map('a', '12', { a: '1' })),
        event('DELETED', map('b', '13')),
      ),
    ]);
    const told: Watched[] = [];
    const ended = new AbortController();
    for await (const one of watch(made, ended.signal)) if (told.push(one) === 4) break;
    const typed = { apiVersion: 'v1', kind: 'ConfigMap' };
    expect(told).toEqual([
      { type: 'all', objects: [{ ...typed, ...map('a', '3') }] },
      { type: 'set', object: { ...typed, ...map('b', '11') } },
      { type: 'set', object: { ...typed, ...map('a', '12', { a: '1' }) } },
      { type: 'gone', object: { ...typed, ...map('b', '13') } },
    ]);
    expect(seen).toEqual(['list', 'watch 10']);
    expect(made.stats()).toEqual({ list: 1, watch: 1 });
  });

  it('asks for bookmarks, an end and the labels', async () => {
    const asked: URLSearchParams[] = [];
    const { made } = await watched([
      (stream, query) => {
        asked.push(query);
        says(event('ADDED', map('b', '11')))(stream);
      },
    ]);
    await first(2, made, { life: 60_000 });
    expect(asked[0]?.get('allowWatchBookmarks')).toBe('true');
    expect(asked[0]?.get('labelSelector')).toBe('windlass.dev/sync=shop');
    expect(Number(asked[0]?.get('timeoutSeconds'))).toBeGreaterThanOrEqual(60);
    expect(Number(asked[0]?.get('timeoutSeconds'))).toBeLessThanOrEqual(120);
  });

  it('puts an event together that comes in pieces, cut inside a character', async () => {
    const bytes = Buffer.from(event('ADDED', map('b', '11', { text: 'Zürich'.repeat(50_000) })));
    const inside = bytes.indexOf('ü') + 1;
    const { made } = await watched([
      (stream) => {
        stream.respond({ ':status': 200 });
        stream.write(bytes.subarray(0, inside));
        setTimeout(() => stream.write(bytes.subarray(inside)), 20);
      },
    ]);
    const ended = new AbortController();
    for await (const one of watch(made, ended.signal)) {
      if (one.type !== 'set') continue;
      expect(one.object['data']).toEqual({ text: 'Zürich'.repeat(50_000) });
      break;
    }
  });

  it('takes no place among the requests, however long it lasts and says nothing', async () => {
    const { made } = await watched([]);
    const ended = new AbortController();
    const watches = Array.from({ length: 5 }, () => watch(made, ended.signal));
    for (const one of watches) expect((await one.next()).value.type).toBe('all');
    const waiting = watches.map((one) => one.next());
    // A single place (`concurrency`), and the answer of a request still comes.
    expect((await made.send({ verb: 'get', method: 'GET', path: '/x' })).status).toBe(200);
    ended.abort();
    for (const one of await Promise.all(waiting)) expect(one.done).toBe(true);
  });

  it('outlives the limit for one request', async () => {
    const { port } = await server((stream, headers) => {
      if (!headers[':path']!.includes('watch=true')) return answer(stream, 200, {}, list('10'));
      stay(stream);
      setTimeout(() => stream.write(event('ADDED', map('b', '11'))), 300);
    });
    const made = client(access(port), { requestTimeout: 100 });
    expect(await first(2, made)).toEqual(['all', 'set b@11']);
    expect(made.stats()).toEqual({ list: 1, watch: 1 });
  });

  it('goes on after a lost connection from where it was, also from a bookmark', async () => {
    const { made, seen } = await watched([
      (stream, _, session) => {
        says(event('ADDED', map('b', '11')), event('BOOKMARK', map('', '20')))(stream);
        setTimeout(() => session.destroy(), 50);
      },
      (stream) => {
        says(event('MODIFIED', map('b', '21')))(stream);
        setTimeout(() => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 50);
      },
      (stream, _, session) => {
        says(event('MODIFIED', map('b', '22')))(stream);
        setTimeout(() => {
          session.goaway(http2.constants.NGHTTP2_NO_ERROR);
          stream.end();
        }, 50);
      },
      says(event('MODIFIED', map('b', '23'))),
    ]);
    expect(await first(5, made)).toEqual(['all a@3', 'set b@11', 'set b@21', 'set b@22', 'set b@23']);
    expect(seen).toEqual(['list', 'watch 10', 'watch 20', 'watch 21', 'watch 22']);
  });

  it('drops half an event at the end of a connection: it comes again', async () => {
    const whole = event('ADDED', map('b', '11'));
    const { made } = await watched([
      (stream) => {
        says(whole.slice(0, 30))(stream);
        stream.end();
      },
      says(whole),
    ]);
    expect(await first(2, made)).toEqual(['all a@3', 'set b@11']);
  });

  it('goes on where the server ends a watch after its time', async () => {
    const end = (resourceVersion: string) => (stream: http2.ServerHttp2Stream) => {
      says(event('BOOKMARK', map('', resourceVersion)))(stream);
      setTimeout(() => stream.end(), 60);
    };
    const { made, seen } = await watched([end('20'), end('30'), says(event('ADDED', map('b', '31')))]);
    expect(await first(2, made, { shortest: 30, failures: 2 })).toEqual(['all a@3', 'set b@31']);
    expect(seen).toEqual(['list', 'watch 10', 'watch 20', 'watch 30']);
  });

  it('lists anew where the server has forgotten what changed, said in the answer or in the stream', async () => {
    const { made, seen } = await watched(
      [
        (stream) => answer(stream, 410, {}, status(410, 'too old')),
        says(event('ERROR', status(410, 'too old resource version'))),
        says(event('ADDED', map('c', '31'))),
      ],
      [list('10', map('a', '3')), list('20', map('b', '15')), list('30')],
    );
    expect(await first(4, made)).toEqual(['all a@3', 'all b@15', 'all', 'set c@31']);
    expect(seen).toEqual(['list', 'watch 10', 'list', 'watch 20', 'list', 'watch 30']);
  });

  it('tries again after an error of the server, an error in the stream and a line that is none', async () => {
    const { made, seen } = await watched([
      (stream) => answer(stream, 503, { 'retry-after': '0' }),
      (stream) => answer(stream, 429, { 'retry-after': '0' }),
      says(event('ERROR', status(500, 'etcd is away'))),
      says('<html>\n'),
      says(event('ADDED', map('b', '11'))),
    ]);
    expect(await first(2, made)).toEqual(['all a@3', 'set b@11']);
    expect(seen).toEqual(['list', ...Array(5).fill('watch 10')]);
  });

  it('gives up after many failures in a row, and never shows what the server sent', async () => {
    const { made } = await watched(Array(10).fill(says('{"password":"hunter2"\n')));
    const error = await first(2, made, { failures: 4 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RetryableError);
    expect(String(error)).toMatch(/does not let configmaps be watched: it sent a line that is no event/);
    expect(String(error)).not.toContain('hunter2');
    expect(made.stats()).toEqual({ list: 1, watch: 4 });
  });

  it('is refused where the user may list and not watch', async () => {
    const { made } = await watched([(stream) => answer(stream, 403, {}, status(403, 'cannot watch configmaps'))]);
    const error = await first(2, made).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code: 'forbidden', message: expect.stringContaining('cannot watch configmaps') });
  });

  it('asks for fresh credentials when the server says 401', async () => {
    const seen: unknown[] = [];
    const { port } = await server((stream, headers) => {
      if (!headers[':path']!.includes('watch=true')) return answer(stream, 200, {}, list('10'));
      seen.push(headers.authorization);
      if (headers.authorization === 'Bearer second') says(event('ADDED', map('b', '11')))(stream);
      else answer(stream, 401);
    });
    let fresh = false;
    const given = access(port);
    const { tls } = await given.credentials();
    const changing = access(port, {
      credentials: async (asked) => {
        fresh ||= asked === true;
        return { tls, headers: { authorization: fresh ? 'Bearer second' : 'Bearer first' } };
      },
    });
    expect(await first(2, client(changing))).toEqual(['all', 'set b@11']);
    expect(seen).toEqual(['Bearer first', 'Bearer second']);
  });

  it('ends at once at the signal: while it is quiet, while it connects, while it waits for another try', async () => {
    const { made: quiet } = await watched([]);
    const { made: troubled } = await watched(Array(10).fill((stream: http2.ServerHttp2Stream) => answer(stream, 503)));
    const { port } = await server(() => undefined);
    for (const made of [quiet, troubled, client(access(port))]) {
      const ended = new AbortController();
      setTimeout(() => ended.abort(), 100);
      const told: string[] = [];
      for await (const one of watch(made, ended.signal, { firstWait: 3_600_000, longestWait: 3_600_000 })) {
        told.push(one.type);
      }
      expect(told.length).toBeLessThanOrEqual(1);
    }
  });
});
