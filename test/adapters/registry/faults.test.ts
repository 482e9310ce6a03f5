import { describe, expect, it } from 'vitest';
import { type OciOptions, openOciRegistry } from '../../../lib/adapters/registry/open.ts';
import { documentOf, imageDocuments, indexDocument } from '../../helpers/push-image.ts';
import { type Answers, type Reply, standIn } from '../../helpers/stand-in.ts';

const name = 'registry.example.com/shop/web';
const challenge = { 'www-authenticate': 'Bearer realm="https://registry.example.com/token"' };
const tags = (from: number, count: number) => Array.from({ length: count }, (_, index) => `1.${from + index}.0`);
const next = (address: string) => ({ link: `<${address}>; rel="next"` });
const fullPage: Reply = { headers: next('/v2/shop/web/tags/list?n=1000&last=x'), body: { tags: tags(0, 1000) } };

/** A registry whose second page of tags is not what it should be. */
async function withSecondPage(second: Reply | (() => Reply), options: OciOptions = {}) {
  let answered = 0;
  const waited: number[] = [];
  const host = await standIn({
    'registry.example.com': ({ url }) => {
      if (!url.searchParams.has('last')) return fullPage;
      answered++;
      return typeof second === 'function' ? second() : second;
    },
    'cdn.example.net': () => ({ body: { tags: ['from another host'] } }),
  });
  const sleep = async (milliseconds: number) => waited.push(milliseconds);
  const registry = openOciRegistry({ fetch: host.fetch, sleep, ...options });
  const result = await registry.tags(name).then(
    (listed) => ({ listed }),
    (error: unknown) => ({ error }),
  );
  return { ...host, result, answered: () => answered, waited };
}

describe('a list of tags that goes wrong on its second page is an error, never the first page', () => {
  const retryable = { name: 'RetryableError' };
  const user = { name: 'UserError' };
  it.each([
    ['a connection that is cut', { body: { tags: tags(0, 1000) }, cutAfter: 50 }, retryable],
    ['a connection that is cut at once', { cutAfter: 0, body: 'x' }, retryable],
    ['an answer that never comes', { hang: true }, { ...retryable, code: 'registry-timeout' }],
    ['half of a JSON', { body: '{"tags": ["1.0' }, { ...retryable, code: 'registry-unreachable' }],
    ['nothing', { body: '' }, { ...retryable, code: 'registry-unreachable' }],
    ['a page', { body: '\n<!doctype html><p>Log in' }, { ...user, code: 'registry-answer' }],
    ['a text', { body: 'welcome' }, { ...user, code: 'registry-answer' }],
    ['500', { status: 500 }, retryable],
    ['502', { status: 502, body: '<html>' }, retryable],
    ['429 with a long wait', { status: 429, headers: { 'retry-after': '120' } }, { ...retryable, retryAfter: 120 }],
    ['429 without a wait', { status: 429 }, { ...retryable, code: 'registry-throttled', retryAfter: undefined }],
    ['401 without a challenge', { status: 401 }, { ...user, code: 'registry-not-allowed' }],
    ['401 and a realm that gives no token', { status: 401, headers: challenge }, { ...user, code: 'registry-answer' }],
    ['403', { status: 403 }, { ...user, code: 'registry-not-allowed' }],
    ['404', { status: 404, body: { errors: [{ code: 'NAME_UNKNOWN' }] } }, { ...user, code: 'repository-missing' }],
    ['404 of who is no registry', { status: 404, body: '<html>' }, { ...user, code: 'registry-answer' }],
    ['400', { status: 400 }, { ...user, code: 'registry-answer' }],
    ['204', { status: 204 }, { ...user, code: 'registry-answer' }],
    ['304 that nobody asked for', { status: 304 }, { ...user, code: 'registry-answer' }],
    ['a JSON without tags', { body: { name: 'shop/web' } }, { ...user, code: 'registry-answer' }],
    ['tags that are no texts', { body: { tags: ['1', 2] } }, { ...user, code: 'registry-answer' }],
    ['a body that is too large', { body: Buffer.alloc(5 * 1024 * 1024, ' ') }, { ...user, code: 'registry-answer' }],
    ['a link to the page before', { headers: next('/v2/shop/web/tags/list?n=1000'), body: { tags: ['a'] } }, user],
    ['a link to itself', { headers: next('?n=1000&last=x'), body: { tags: ['a'] } }, user],
    ['a link to another host', { headers: next('https://cdn.example.net/x'), body: { tags: ['a'] } }, user],
    ['a link without TLS', { headers: next('http://registry.example.com/x'), body: { tags: ['a'] } }, user],
    ['a link that cannot be read', { headers: { link: 'next page' }, body: { tags: ['a'] } }, user],
    ['a redirect to itself', { status: 302, headers: { location: '?n=1000&last=x' } }, user],
    ['a redirect without TLS', { status: 302, headers: { location: 'http://cdn.example.net/x' } }, user],
    ['a redirect to nowhere', { status: 302 }, user],
  ] as [string, Reply, object][])('%s', async (_, second, error) => {
    const { result } = await withSecondPage(second, { timeoutMs: 2000 });
    expect(result).toEqual({ error: expect.objectContaining(error) });
  });

  it('pages without end', async () => {
    let page = 0;
    const endless = () => ({ headers: next(`?n=1000&last=${++page}`), body: { tags: [`tag-${page}`] } });
    const { result, answered } = await withSecondPage(endless, { mostPages: 20 });
    expect(result).toEqual({ error: expect.objectContaining({ code: 'registry-answer' }) });
    expect(answered()).toBe(19);
  });
});

describe('what passes is waited for, a little', () => {
  it('a short Retry-After once', async () => {
    let refused = 0;
    const { result, waited } = await withSecondPage(() =>
      refused++ === 0 ? { status: 429, headers: { 'retry-after': '2' } } : { body: { tags: ['2.0.0'] } },
    );
    expect(result).toMatchObject({ listed: { length: 1001 } });
    expect(waited).toEqual([2000]);
  });

  it('but not twice', async () => {
    const { result, waited, answered } = await withSecondPage({ status: 503, headers: { 'retry-after': '1' } });
    expect(result).toMatchObject({ error: { name: 'RetryableError', retryAfter: 1 } });
    expect([waited, answered()]).toEqual([[1000], 2]);
  });

  it('a connection that broke, at once', async () => {
    let broken = 0;
    const { result, waited } = await withSecondPage(() =>
      broken++ === 0 ? { cutAfter: 0, body: 'x' } : { body: { tags: ['2.0.0'] } },
    );
    expect(result).toMatchObject({ listed: { length: 1001 } });
    expect(waited).toEqual([]);
  });

  it('a host that has had enough is left alone until then', async () => {
    let clock = Date.UTC(2026, 10, 22);
    let full = true;
    const { fetch, asked } = await standIn({
      'registry.example.com': () =>
        full ? { status: 429, headers: { 'retry-after': '30' } } : { body: { tags: ['1'] } },
    });
    const registry = openOciRegistry({ fetch, now: () => new Date(clock) });
    await expect(registry.tags(name)).rejects.toMatchObject({ retryAfter: 30 });
    clock += 10_000;
    await expect(registry.tags(name)).rejects.toMatchObject({ name: 'RetryableError', retryAfter: 20 });
    expect(asked).toHaveLength(1);
    full = false;
    clock += 20_000;
    expect(await registry.tags(name)).toEqual([{ tag: '1' }]);
  });
});

describe('a list of tags', () => {
  it('has each tag once, though pages overlap', async () => {
    const { result } = await withSecondPage({ body: { tags: tags(990, 20) } });
    expect((result as { listed: object[] }).listed).toHaveLength(1010);
  });

  it('is looked behind where a full page does not say that there are more', async () => {
    const all = tags(0, 2500);
    const { fetch, asked } = await standIn({
      'registry.example.com': ({ url }) => {
        const from = all.indexOf(url.searchParams.get('last') ?? '') + 1;
        return { body: { tags: all.slice(from, from + 1000) } };
      },
    });
    expect(await openOciRegistry({ fetch }).tags(name)).toHaveLength(2500);
    expect(asked).toHaveLength(3);
  });

  it('is taken as it is from a registry that knows no pages at all', async () => {
    const { fetch, asked } = await standIn({ 'registry.example.com': () => ({ body: { tags: tags(0, 2500) } }) });
    expect(await openOciRegistry({ fetch }).tags(name)).toHaveLength(2500);
    expect(asked).toHaveLength(2);
  });

  it('is not sent again while it has not changed', async () => {
    let etag = '"one"';
    const { fetch, asked } = await standIn({
      'registry.example.com': ({ headers }) =>
        headers['if-none-match'] === etag
          ? { status: 304, headers: { etag } }
          : { headers: { etag }, body: { tags: [etag] } },
    });
    const registry = openOciRegistry({ fetch });
    expect(await registry.tags(name)).toEqual([{ tag: '"one"' }]);
    expect(await registry.tags(name)).toEqual([{ tag: '"one"' }]);
    etag = '"two"';
    expect(await registry.tags(name)).toEqual([{ tag: '"two"' }]);
    expect(asked.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"one"', '"one"']);
  });

  it('is asked for by few at once', async () => {
    let inside = 0;
    let most = 0;
    const { fetch } = await standIn({
      'registry.example.com': async () => {
        inside++;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 10));
        inside--;
        return { body: { tags: [] } };
      },
    });
    const registry = openOciRegistry({ fetch, requestsPerHost: 3 });
    await Promise.all(Array.from({ length: 20 }, (_, number) => registry.tags(`registry.example.com/a${number}`)));
    expect(most).toBe(3);
  });

  it('may come from a mirror, which sees no credentials and keeps its own pages', async () => {
    const { fetch, asked } = await standIn({
      'registry.example.com': ({ url, headers }) =>
        headers.authorization === undefined
          ? { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } }
          : { status: 307, headers: { location: `https://cdn.example.net${url.pathname}${url.search}` } },
      'cdn.example.net': ({ url }) =>
        url.searchParams.has('last') ? { body: { tags: ['2'] } } : { headers: next('?last=1'), body: { tags: ['1'] } },
    });
    const registry = openOciRegistry({ fetch, credentials: async () => ({ username: 'u', password: 'p' }) });
    expect(await registry.tags(name)).toEqual([{ tag: '1' }, { tag: '2' }]);
    const shown = asked.filter(({ headers }) => headers.authorization !== undefined).map(({ host }) => host);
    expect(shown).toEqual(['registry.example.com']);
  });
});

describe('an image that is not what it should be', () => {
  const { manifest, config } = imageDocuments({ labels: { a: 'b' } });
  const serve =
    (changed: Record<string, Reply>): Answers =>
    ({ url }) => {
      const reference = url.pathname.split('/').at(-1)!;
      if (url.pathname.endsWith('/tags/list')) return { body: { tags: ['1'] } };
      if (changed[reference] !== undefined) return changed[reference];
      if (reference === config.digest) return { body: config.bytes };
      return { headers: { 'docker-content-digest': manifest.digest }, body: manifest.bytes };
    };
  const detailsWith = async (changed: Record<string, Reply>, reference = '1') => {
    const { fetch } = await standIn({ 'registry.example.com': serve(changed) });
    return openOciRegistry({ fetch }).details(name, reference);
  };
  const other = imageDocuments({ labels: { a: 'c' } });

  it('is read when it is what it should be', async () => {
    expect(await detailsWith({})).toEqual({ digest: manifest.digest, platforms: ['linux/amd64'], labels: { a: 'b' } });
  });

  it.each([
    [
      'a tag whose manifest is another than its digest says',
      { 1: { headers: { 'docker-content-digest': manifest.digest }, body: other.manifest.bytes } },
      '1',
      'digest-wrong',
    ],
    [
      'a digest that gives another manifest',
      { [manifest.digest]: { body: other.manifest.bytes } },
      manifest.digest,
      'digest-wrong',
    ],
    ['a config of another digest', { [config.digest]: { body: other.config.bytes } }, '1', 'digest-wrong'],
    ['a config that is not there', { [config.digest]: { status: 404 } }, '1', 'image-missing'],
    ['a manifest that is too large', { 1: { body: Buffer.alloc(5 * 1024 * 1024, ' ') } }, '1', 'registry-answer'],
    ['a manifest of Docker’s first kind', { 1: { body: { schemaVersion: 1, fsLayers: [] } } }, '1', 'image-unreadable'],
    ['a manifest that is a page', { 1: { body: '<html>' } }, '1', 'image-unreadable'],
    [
      'a digest that cannot be verified',
      { 1: { headers: { 'docker-content-digest': `blake3:${'0'.repeat(64)}` }, body: manifest.bytes } },
      '1',
      'digest-unknown',
    ],
  ] as [string, Record<string, Reply>, string, string][])('is refused: %s', async (_, changed, reference, code) => {
    await expect(detailsWith(changed, reference)).rejects.toMatchObject({ name: 'UserError', code });
  });

  it('is refused before it is asked for when its digest is a path', async () => {
    const evil = documentOf(manifest.mediaType, { schemaVersion: 2, config: { digest: '../../secret' }, layers: [] });
    await expect(detailsWith({ 1: { body: evil.bytes } })).rejects.toMatchObject({ code: 'image-unreadable' });
    await expect(detailsWith({}, '../x')).rejects.toMatchObject({ code: 'registry-answer' });
  });

  it('may be in an index without platforms, which are then looked up', async () => {
    const index = indexDocument([{ manifest, platform: undefined }]);
    const found = await detailsWith({ 1: { body: index.bytes } });
    expect(found).toEqual({ digest: index.digest, platforms: ['linux/amd64'], labels: { a: 'b' } });
  });

  it.each([
    ['says no digest', { status: 200 }],
    ['knows no HEAD', { status: 405 }],
  ])('has its digest computed where the registry %s', async (_, head) => {
    const { fetch } = await standIn({
      'registry.example.com': ({ method }) => (method === 'HEAD' ? head : { body: manifest.bytes }),
    });
    expect(await openOciRegistry({ fetch }).tag(name, '1')).toEqual({ tag: '1', digest: manifest.digest });
  });

  it.each([
    [{ status: 500 }, 'RetryableError'],
    [{ status: 403 }, 'UserError'],
    [{ cutAfter: 0, body: 'x' }, 'RetryableError'],
  ] as [Reply, string][])('is not taken as gone when HEAD gives %j', async (head, kind) => {
    const { fetch } = await standIn({ 'registry.example.com': () => head });
    await expect(openOciRegistry({ fetch }).tag(name, '1')).rejects.toMatchObject({ name: kind });
  });

  it('is not taken as gone when only the list of tags could say so, and fails', async () => {
    const { fetch } = await standIn({
      'registry.example.com': ({ method }) => ({ status: method === 'HEAD' ? 404 : 500 }),
    });
    await expect(openOciRegistry({ fetch }).tag(name, '1')).rejects.toMatchObject({ name: 'RetryableError' });
  });
});

describe('a registry that cannot be reached', () => {
  it('is tried again later', async () => {
    const registry = openOciRegistry();
    await expect(registry.tags('127.0.0.1:1/shop/web')).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'registry-unreachable',
    });
  });

  it('is none when its realm sends a page instead of a token, and nothing of the page is shown', async () => {
    const { fetch } = await standIn({
      'registry.example.com': ({ url }) =>
        url.pathname === '/token' ? { body: '<html>hunter2' } : { status: 401, headers: challenge },
    });
    const error = await openOciRegistry({ fetch })
      .tags(name)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'UserError', code: 'registry-answer' });
    expect(String(error)).not.toContain('hunter2');
  });

  it('when it is its realm: no list, no credentials in the error', async () => {
    const { fetch } = await standIn({
      'registry.example.com': ({ url }) =>
        url.pathname === '/token' ? { cutAfter: 0, body: 'x' } : { status: 401, headers: challenge },
    });
    const registry = openOciRegistry({ fetch, credentials: async () => ({ username: 'u', password: 'secret' }) });
    const error = await registry.tags(name).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'RetryableError', code: 'registry-unreachable' });
    expect(String(error)).not.toContain('secret');
  });
});
