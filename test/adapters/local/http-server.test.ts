import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type LocalServer, serve } from '../../../lib/adapters/local/http-server.ts';
import { UserError } from '../../../lib/model/errors.ts';

const running: LocalServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function start(app: (request: Request) => Promise<Response>, errors: unknown[] = []) {
  const server = await serve(() => app, { port: 0, onError: (error) => errors.push(error) });
  running.push(server);
  return server;
}

describe('the local server', () => {
  it('gives the app what was sent, and sends what the app answers', async () => {
    const server = await start(async (asked) =>
      Response.json({ path: new URL(asked.url).pathname, host: asked.headers.get('host'), body: await asked.text() }),
    );
    const answer = await fetch(`${server.url}a/b`, { method: 'POST', body: 'hello' });
    expect(await answer.json()).toEqual({ path: '/a/b', host: `127.0.0.1:${server.port}`, body: 'hello' });
  });

  it('says that a port is in use and what to do', async () => {
    const first = await start(async () => new Response());
    const second = serve(() => async () => new Response(), { port: first.port, onError: () => {} });
    await expect(second).rejects.toThrow(UserError);
    await expect(second).rejects.toThrow(`port ${first.port} is in use by another program: choose one with --port`);
  });

  it('keeps a fault of the app out of the answer', async () => {
    const errors: unknown[] = [];
    const server = await start(async () => {
      throw new Error('secret detail');
    }, errors);
    const answer = await fetch(server.url);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret detail');
    expect(errors).toHaveLength(1);
  });

  it('refuses a body that is too large', async () => {
    const server = await start(async () => new Response('read'));
    const answer = await fetch(server.url, { method: 'POST', body: 'x'.repeat(100_000) }).catch(() => undefined);
    expect(answer?.status ?? 413).toBe(413);
  });

  it('takes a larger body where a path may bring one, and no larger', async () => {
    const app = async (asked: Request) => new Response(String((await asked.text()).length));
    const server = await serve(() => app, { port: 0, onError: () => {}, bodyLimits: { '/large': 200_000 } });
    running.push(server);
    const post = (path: string, size: number) =>
      fetch(new URL(path, server.url), { method: 'POST', body: 'x'.repeat(size) }).then(
        async (answer) => `${answer.status} ${await answer.text()}`,
        () => 'cut off',
      );
    expect(await post('/large?from=here', 100_000)).toBe('200 100000');
    expect(await post('/large', 300_000)).toMatch(/^413|cut off/);
    expect(await post('/large/r', 100_000)).toMatch(/^413|cut off/);
  });

  it('tells the app when the reader of a stream went away, and stops with a stream open', async () => {
    let signal: AbortSignal | undefined;
    const server = await start(async (asked) => {
      signal = asked.signal;
      return new Response(
        new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('one\n')) }),
      );
    });
    await new Promise<void>((resolve, reject) => {
      const outgoing = request(server.url, (incoming) => {
        incoming.once('data', () => {
          outgoing.destroy();
          resolve();
        });
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve() : reject(error)));
      outgoing.end();
    });
    await expect.poll(() => signal?.aborted).toBe(true);
  });
});
