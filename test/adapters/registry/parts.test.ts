import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { challengesOf } from '../../../lib/adapters/registry/challenge.ts';
import { Memory } from '../../../lib/adapters/registry/memory.ts';
import { nextAddress } from '../../../lib/adapters/registry/next-address.ts';
import { nextLink } from '../../../lib/adapters/registry/next-link.ts';
import { Turnstile } from '../../../lib/adapters/registry/polite.ts';
import { registryFor } from '../../../lib/adapters/registry/registry-for.ts';
import { placeOf } from '../../../lib/adapters/registry/repository-name.ts';
import { retryAfterOf } from '../../../lib/adapters/registry/retry-after.ts';
import type { Registry } from '../../../lib/bump/ports.ts';

describe('the place of a repository', () => {
  it.each([
    ['nginx', 'https://registry-1.docker.io', 'library/nginx', 'docker.io'],
    ['acme/web', 'https://registry-1.docker.io', 'acme/web', 'docker.io'],
    ['docker.io/nginx', 'https://registry-1.docker.io', 'library/nginx', 'docker.io'],
    ['index.docker.io/acme/web', 'https://registry-1.docker.io', 'acme/web', 'docker.io'],
    ['ghcr.io/acme/deep/web', 'https://ghcr.io', 'acme/deep/web', 'ghcr.io'],
    ['GHCR.io/acme/web', 'https://ghcr.io', 'acme/web', 'ghcr.io'],
    ['localhost/web', 'http://localhost', 'web', 'localhost'],
    ['localhost:5000/web', 'http://localhost:5000', 'web', 'localhost:5000'],
    ['127.0.0.1:5000/shop/web', 'http://127.0.0.1:5000', 'shop/web', '127.0.0.1:5000'],
    ['registry:5000/web', 'https://registry:5000', 'web', 'registry:5000'],
    ['plain.test:5000/web', 'http://plain.test:5000', 'web', 'plain.test:5000'],
  ])('of %s is %s, %s', (name, origin, path, host) => {
    expect(placeOf(name, ['plain.test:5000'])).toEqual({ origin, path, host, written: name });
  });

  it.each([
    '',
    'Nginx',
    'ghcr.io/',
    'ghcr.io/../x',
    'ghcr.io/a//b',
    'ghcr.io/a?b',
    'ghcr.io/a#b',
    'u@ghcr.io/a',
    'a b',
  ])('of %j is nowhere', (name) => expect(() => placeOf(name)).toThrow('is not the name of a repository'));
});

describe('a challenge', () => {
  it('is read with all its parameters', () => {
    const header =
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"';
    const [challenge] = challengesOf(header);
    expect(challenge?.scheme).toBe('bearer');
    expect(Object.fromEntries(challenge!.parameters)).toEqual({
      realm: 'https://auth.docker.io/token',
      service: 'registry.docker.io',
      scope: 'repository:a/b:pull,push',
    });
  });

  it('may be one of several, quoted or not, escaped or not', () => {
    const header = 'BEARER Realm = "https://a.test/\\"x\\"" , service=plain, Basic realm="b, c", Negotiate';
    const read = challengesOf(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
    expect(read).toEqual([
      ['bearer', { realm: 'https://a.test/"x"', service: 'plain' }],
      ['basic', { realm: 'b, c' }],
      ['negotiate', {}],
    ]);
  });

  it('that is anything at all is read to its end', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(Array.isArray(challengesOf(text))).toBe(true);
      }),
    );
    expect(challengesOf(null)).toEqual([]);
  });
});

describe('the next page', () => {
  it.each([
    ['</v2/a/tags/list?last=b&n=2>; rel="next"', '/v2/a/tags/list?last=b&n=2'],
    ['<https://ghcr.io/v2/a/tags/list?last=b>;rel=next', 'https://ghcr.io/v2/a/tags/list?last=b'],
    ['<?a=1,2>; rel="prev", <?b=1,2>; rel="last next"; title="x, y"', '?b=1,2'],
    ['<?b>; title="no relation"', '?b'],
    ['<?b>; rel="prev"', undefined],
    ['', undefined],
    [null, undefined],
    ['/v2/a/tags/list', 'unreadable'],
    ['<?b>; rel="next" <?c>; rel="next"', 'unreadable'],
    ['<?b', 'unreadable'],
  ])('of %j is %j', (header, next) => expect(nextLink(header)).toBe(next));

  it('is found, or not, in any header', () => {
    fc.assert(
      fc.property(fc.webPath(), fc.string(), (path, other) => {
        expect(nextLink(`<${path}>; rel="next"`)).toBe(path);
        nextLink(other);
      }),
    );
  });
});

describe('an address that an answer names', () => {
  const registry = new URL('https://registry.example.com/v2/a');
  it.each([
    ['https://cdn.example.net/x?sig=1', 'redirect', 'https://cdn.example.net/x?sig=1'],
    ['/v2/b?x=1', 'page', 'https://registry.example.com/v2/b?x=1'],
    ['https://auth.example.com/token', 'token', 'https://auth.example.com/token'],
  ] as const)('%s may be followed as %s', (named, why, to) => {
    expect(nextAddress(registry, named, why).href).toBe(to);
  });

  it.each([
    ['http://registry.example.com/v2/b', 'redirect', 'is not https'],
    ['http://registry.example.com/v2/b', 'page', 'is on another host, or not by the same scheme'],
    ['https://other.example.com/v2/b', 'page', 'is on another host'],
    ['https://registry.example.com:8443/v2/b', 'page', 'is on another host'],
    ['http://169.254.169.254/latest', 'redirect', 'is not https'],
    ['https://127.0.0.1/x', 'redirect', 'is this machine'],
    ['https://localhost/x', 'token', 'is this machine'],
    ['https://[::1]/x', 'redirect', 'is this machine'],
    ['https://user:secret@cdn.example.net/x', 'redirect', 'has a user in it'],
    ['file:///etc/passwd', 'redirect', 'is not https'],
    ['https://', 'redirect', 'is no address'],
    ['http://auth.example.com/token', 'token', 'is not https'],
  ] as const)('%s is refused as %s: it %s', (named, why, flaw) => {
    const act = () => nextAddress(registry, named, why);
    expect(act).toThrow(flaw);
    expect(act).not.toThrow('secret');
  });

  it('of a plain registry stays on its host, or on this machine', () => {
    const plain = new URL('http://127.0.0.1:5000/v2/a');
    expect(nextAddress(plain, 'http://localhost:5001/token', 'token').href).toBe('http://localhost:5001/token');
    expect(() => nextAddress(plain, 'http://auth.example.com/token', 'token')).toThrow('is not https');
    const inside = new URL('http://registry.test:5000/v2/a');
    expect(nextAddress(inside, '/x', 'redirect').href).toBe('http://registry.test:5000/x');
    expect(() => nextAddress(inside, 'http://127.0.0.1/x', 'redirect')).toThrow('is this machine');
  });
});

describe('the time to wait', () => {
  const now = new Date('2026-11-22T10:00:00Z');
  it.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': 'Sun, 22 Nov 2026 10:01:30 GMT' }, 90],
    [{ 'retry-after': 'Sun, 22 Nov 2026 09:00:00 GMT' }, 0],
    [{ 'ratelimit-remaining': '0;w=21600' }, 21600],
    [{ 'ratelimit-remaining': '76;w=21600' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('of %j is %j seconds', (headers, seconds) => {
    expect(retryAfterOf(new Headers(headers as Record<string, string>), now)).toBe(seconds);
  });
});

describe('the turnstile', () => {
  it('lets few in at once for each host, in their order, and goes on after an error', async () => {
    const turnstile = new Turnstile(2);
    let inside = 0;
    let most = 0;
    const order: number[] = [];
    const works = Array.from({ length: 20 }, (_, number) =>
      turnstile.pass('host', async () => {
        order.push(number);
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside--;
        if (number % 3 === 0) throw new Error(`work ${number}`);
        return number;
      }),
    );
    const results = await Promise.allSettled(works);
    expect(most).toBe(2);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(7);
  });
});

describe('the memory of documents', () => {
  const answer = (size: number, etag?: string) => ({
    status: 200,
    headers: new Headers(etag === undefined ? {} : { etag }),
    bytes: new Uint8Array(size),
    url: new URL('https://ghcr.io/'),
  });

  it('keeps what has an ETag, and forgets what was used least when it is full', () => {
    const memory = new Memory();
    memory.keep('no etag', answer(1));
    for (let number = 0; number < 256; number++) memory.keep(`${number}`, answer(1, `"${number}"`));
    expect(memory.get('no etag')).toBeUndefined();
    expect(memory.get('0')?.etag).toBe('"0"');
    memory.keep('one more', answer(1, '"more"'));
    expect(memory.get('0')).toBeDefined();
    expect(memory.get('1')).toBeUndefined();
  });

  it('is bounded in bytes', () => {
    const memory = new Memory();
    const large = 4 * 1024 * 1024;
    for (let number = 0; number < 6; number++) memory.keep(`${number}`, answer(large, '"e"'));
    const kept = Array.from({ length: 6 }, (_, number) => memory.get(`${number}`)).filter(Boolean);
    expect(kept).toHaveLength(4);
  });
});

describe('the registry for a repository', () => {
  it('is ECR for its hosts, and an OCI registry for all others', async () => {
    const named = (name: string): Registry => ({
      tags: async () => [{ tag: name }],
      tag: async (_, tag) => ({ tag, digest: name }),
      details: async () => ({ digest: name, platforms: [], labels: {} }),
      scan: async () => ({ state: 'none', reason: name }),
    });
    const registry = registryFor({ ecr: named('ecr'), oci: named('oci') });
    const answers = async (repository: string) => [
      (await registry.tags(repository))[0]?.tag,
      (await registry.tag(repository, '1'))?.digest,
      (await registry.details(repository, '1')).digest,
      await registry.scan(repository, '1'),
    ];
    const of = (name: string) => [name, name, name, { state: 'none', reason: name }];
    expect(await answers('123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web')).toEqual(of('ecr'));
    expect(await answers('123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop/web')).toEqual(of('ecr'));
    for (const name of [
      'public.ecr.aws/acme/web',
      'nginx',
      'evil.test/123456789012.dkr.ecr.eu-west-1.amazonaws.com/a',
    ]) {
      expect(await answers(name)).toEqual(of('oci'));
    }
  });
});
