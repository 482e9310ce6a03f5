import { describe, expect, it } from 'vitest';
import type { NotifiedPush } from '../../../lib/bump/distribution-event.ts';
import { hookPath, registryHook } from '../../../lib/cli/local/registry-hook.ts';

const token = 'a-token-of-this-test';
const now = new Date('2026-11-22T22:50:00Z');
const event = {
  id: 'e-1',
  timestamp: '2026-11-22T22:46:39.483421289Z',
  action: 'push',
  target: { mediaType: 'application/vnd.oci.image.index.v1+json', repository: 'shop/web', tag: '1.5.0' },
  request: { host: '127.0.0.1:5000' },
};
const good = {
  host: '127.0.0.1:4440',
  authorization: `Bearer ${token}`,
  'content-type': 'application/vnd.docker.distribution.events.v1+json',
};

function hook() {
  const pushes: NotifiedPush[] = [];
  const app = registryHook({ token, port: 4440, now: () => now, notified: async (push) => void pushes.push(push) });
  const post = (headers: Record<string, string | undefined> = {}, init: RequestInit = {}) => {
    const all = Object.entries({ ...good, ...headers }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    );
    const body = init.method === 'GET' ? {} : { body: JSON.stringify({ events: [event] }) };
    return app(
      new Request(`http://127.0.0.1:4440${hookPath}`, {
        method: 'POST',
        ...body,
        ...init,
        headers: Object.fromEntries(all),
      }),
    );
  };
  return { pushes, post };
}

describe('the hook of registries', () => {
  it.each(['v1', 'v2'])(
    'takes the pushes of an envelope, as the registry of that age sends it: %s',
    async (version) => {
      const { pushes, post } = hook();
      const type = `application/vnd.docker.distribution.events.${version}+json`;
      expect((await post({ 'content-type': type })).status).toBe(202);
      expect(pushes).toEqual([
        { id: 'e-1', at: '2026-11-22T22:46:39.483Z', host: '127.0.0.1:5000', path: 'shop/web', tag: '1.5.0' },
      ]);
    },
  );

  it('takes an envelope without a push, which the registry would send again otherwise', async () => {
    const { pushes, post } = hook();
    const body = JSON.stringify({
      events: [
        { ...event, action: 'pull' },
        { ...event, action: 'delete' },
      ],
    });
    expect((await post({}, { body })).status).toBe(202);
    expect(pushes).toEqual([]);
  });

  it.each<[string, number, Record<string, string | undefined>, RequestInit?]>([
    ['without a token', 401, { authorization: undefined }],
    ['with another token', 401, { authorization: 'Bearer a-token-of-this-tesT' }],
    ['with a longer token', 401, { authorization: `Bearer ${token}x` }],
    ['with an empty token', 401, { authorization: 'Bearer ' }],
    ['with the token as a password', 401, { authorization: `Basic ${token}` }],
    ['of a page of another site', 403, { origin: 'http://evil.example' }],
    ['that a browser sends from elsewhere', 403, { 'sec-fetch-site': 'cross-site' }],
    ['for another host', 403, { host: 'evil.example:4440' }],
    ['for another port', 403, { host: '127.0.0.1:80' }],
    ['as a form', 415, { 'content-type': 'text/plain' }],
    ['as the JSON of the page', 415, { 'content-type': 'application/json' }],
    ['that is a question', 405, {}, { method: 'GET' }],
    ['that is no JSON', 400, {}, { body: 'events' }],
    ['that is no envelope', 400, {}, { body: '{"event": "PUSH_ARTIFACT"}' }],
  ])('refuses a post %s', async (_, status, headers, init) => {
    const { pushes, post } = hook();
    const response = await post(headers, init);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain(token);
    expect(pushes).toEqual([]);
  });
});
