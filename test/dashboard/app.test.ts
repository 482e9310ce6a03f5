import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { dashboard } from '../../lib/dashboard/app.ts';
import type { DashboardPorts, DashboardState } from '../../lib/dashboard/ports.ts';
import { UserError } from '../../lib/model/errors.ts';
import { healthy, noDelivery } from './states.ts';

const state: DashboardState = {
  at: '2026-01-01T00:00:00.000Z',
  repo: { url: '/repo.git', branch: 'main', head: 'a'.repeat(40) },
  cluster: { kubeconfig: '/k', server: 'https://127.0.0.1:6443' },
  images: [],
  commits: [],
  syncs: [],
  incidents: [],
  timeline: [],
};

const none = { incidents: 0, open: 0, notTimed: 0 };

function page(overrides: Partial<DashboardPorts> = {}) {
  const pushed: string[] = [];
  const app = dashboard(
    {
      state: async () => state,
      metrics: async (days) => {
        const span = { from: '', to: String(days) };
        return { ...span, delivery: noDelivery, drift: { ...span, overall: none, syncs: {}, classes: {} } };
      },
      async *changes() {
        yield;
      },
      push: async (repository, tag) => {
        if (repository !== 'shop/web')
          throw new UserError(`there is no repository "${repository}"`, { code: 'no-repository' });
        pushed.push(`${repository}:${tag}`);
      },
      asset: async (name) => new TextEncoder().encode(name),
      ...overrides,
    },
    4440,
  );
  const ask = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
    app(new Request(`http://127.0.0.1:4440${path}`, { ...init, headers: { host: '127.0.0.1:4440', ...init.headers } }));
  return { ask, pushed };
}

const push = (body: unknown, headers: Record<string, string> = {}) => ({
  method: 'POST',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

describe('the page', () => {
  it.each(['127.0.0.1:4440', 'localhost:4440', '[::1]:4440'])('answers as %s', async (host) => {
    expect((await page().ask('/', { headers: { host } })).status).toBe(200);
  });

  it.each(['evil.example', 'evil.example:4440', '127.0.0.1', '127.0.0.1:80', '127.0.0.1.evil.example:4440', ''])(
    'refuses the foreign host "%s" (DNS rebinding)',
    async (host) => {
      for (const path of ['/', '/api/state', '/api/metrics', '/api/events']) {
        expect((await page().ask(path, { headers: { host } })).status).toBe(403);
      }
    },
  );

  it.each<Record<string, string>>([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:9999' },
    { origin: 'https://127.0.0.1:4440' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
  ])('refuses a push from elsewhere: %o', async (headers) => {
    const { ask, pushed } = page();
    expect((await ask('/api/push', push({ repository: 'shop/web', tag: '1.5.0' }, headers))).status).toBe(403);
    expect(pushed).toEqual([]);
  });

  it('takes a push from itself and from a program', async () => {
    const { ask, pushed } = page();
    const own = { origin: 'http://127.0.0.1:4440', 'sec-fetch-site': 'same-origin' };
    expect((await ask('/api/push', push({ repository: 'shop/web', tag: '1.5.0' }, own))).status).toBe(202);
    expect((await ask('/api/push', push({ repository: 'shop/web', tag: '1.5.1' }))).status).toBe(202);
    expect(pushed).toEqual(['shop/web:1.5.0', 'shop/web:1.5.1']);
  });

  it.each([['not JSON'], ['[]'], ['null'], ['{"repository": 1, "tag": "x"}'], ['{"repository": "shop/web"}']])(
    'explains the body %s',
    async (body) => {
      const response = await page().ask('/api/push', push(body));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: expect.stringContaining('expected') });
    },
  );

  it('says what is wrong with a push that cannot be', async () => {
    const response = await page().ask('/api/push', push({ repository: 'shop/none', tag: '1' }));
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: 'there is no repository "shop/none"' });
  });

  it('forbids every source but itself, and frames', async () => {
    const policy = (await page().ask('/')).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('has no other pages and no other methods', async () => {
    const { ask } = page();
    expect((await ask('/../package.json')).status).toBe(404);
    expect((await ask('/etc/passwd')).status).toBe(404);
    expect((await ask('/api/state', push({}))).status).toBe(405);
    expect((await ask('/api/metrics', push({}))).status).toBe(405);
    expect((await ask('/api/push')).status).toBe(405);
  });

  it('sends the state at once and after each change, and ends with the changes', async () => {
    const response = await page().ask('/api/events');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = (await response.text()).split('\n\n').filter(Boolean);
    expect(events).toHaveLength(2);
    expect(JSON.parse(events[0]!.split('data: ')[1]!)).toEqual({ ...state, pushes: true });
  });

  it('hears a change that comes while the first state is read', async () => {
    const heard: (() => void)[] = [];
    let looks = 0;
    const { ask } = page({
      state: async () => {
        // The change happens between the first look and its answer.
        if (looks++ === 0) for (const tell of heard) tell();
        return { ...state, at: `look ${looks}` };
      },
      async *changes() {
        await new Promise<void>((resolve) => heard.push(resolve));
        yield;
      },
    });
    const text = await (await ask('/api/events')).text();
    expect(text.match(/look \d/g)).toEqual(['look 1', 'look 2']);
  });

  it('says whether images can be pushed from the page', async () => {
    expect(await (await page().ask('/api/state')).json()).toMatchObject({ pushes: true });
    expect(await (await page({ push: undefined }).ask('/api/state')).json()).toMatchObject({ pushes: false });
  });

  it('names the repositories that nothing can be pushed to from the page', async () => {
    const image = (repository: string) => ({ ...healthy(new Date()).images[0]!, repository });
    const { ask } = page({
      state: async () => ({ ...state, images: [image('shop/web'), image('127.0.0.1:5000/web')] }),
      isElsewhere: (repository) => repository.startsWith('127.0.0.1:'),
    });
    expect(await (await ask('/api/state')).json()).toMatchObject({ pushes: true, elsewhere: ['127.0.0.1:5000/web'] });
  });

  it('serves every file that the page refers to', async () => {
    const { ask } = page({ asset: (name) => readFile(new URL(`../../lib/dashboard/assets/${name}`, import.meta.url)) });
    const seen = new Set<string>();
    const follow = async (path: string): Promise<void> => {
      if (seen.has(path)) return;
      seen.add(path);
      const answer = await ask(path);
      expect([path, answer.status]).toEqual([path, 200]);
      const text = await answer.text();
      for (const [, next] of text.matchAll(/(?:href|src)="(\/[\w.]+)"/g)) await follow(next!);
      for (const [, next] of text.matchAll(/from '\.(\/[\w.]+)'/g)) await follow(next!);
    };
    await follow('/');
    const files = await readdir(new URL('../../lib/dashboard/assets/', import.meta.url));
    expect([...seen].map((path) => (path === '/' ? 'index.html' : path.slice(1))).sort()).toEqual(files.sort());
  });

  it('answers with the metrics of as many days as were asked for', async () => {
    const { ask } = page();
    expect(await (await ask('/api/metrics?days=7')).json()).toMatchObject({ to: '7', drift: { overall: none } });
    expect(await (await ask('/api/metrics')).json()).toMatchObject({ to: '30' });
    for (const days of ['0', 'x', '-1', '99999']) expect((await ask(`/api/metrics?days=${days}`)).status).toBe(400);
  });
});
