import { describe, expect, it } from 'vitest';
import type { Credential } from '../../../lib/adapters/registry/credentials.ts';
import { openOciRegistry } from '../../../lib/adapters/registry/open.ts';
import { imageDocuments } from '../../helpers/push-image.ts';
import { type Answers, type Asked, type Reply, standIn } from '../../helpers/stand-in.ts';

// Stand-ins: servers in this process that challenge and page as these hosts are known to do. None of the hosts is asked.

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** A host that gives its content for a bearer token, and says with `challenge` where tokens are to be had. */
function guarded(challenge: string, token: string, content: Answers): Answers {
  return (asked) => {
    if (asked.headers.authorization === `Bearer ${token}`) return content(asked);
    const body = { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] };
    return { status: 401, headers: { 'www-authenticate': challenge }, body };
  };
}

/** Pages of tags as `Link` names them; `link` writes the address of the next page. */
function pages(all: readonly string[], size: number, link: (last: string, n: number) => string): Answers {
  return ({ url }) => {
    const last = url.searchParams.get('last') ?? url.searchParams.get('next_page') ?? '';
    const n = Math.min(Number(url.searchParams.get('n') ?? size), size);
    const rest = all.filter((tag) => tag > last);
    const tags = rest.slice(0, n);
    const headers = rest.length > n ? { link: `<${link(tags.at(-1)!, n)}>; rel="next"` } : {};
    return { headers: { 'content-type': 'application/json', ...headers }, body: { name: 'any', tags } };
  };
}

const manyTags = Array.from({ length: 250 }, (_, number) => `1.0.${String(number).padStart(3, '0')}`);
const names = (tags: readonly { tag: string }[]) => tags.map(({ tag }) => tag);

describe('Docker Hub, as a stand-in', () => {
  async function hub(tokenReply: (asked: Asked) => Reply) {
    const challenge =
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"';
    const list = pages(manyTags, 100, (last, n) => `/v2/library/nginx/tags/list?last=${last}&n=${n}`);
    return standIn({
      'registry-1.docker.io': guarded(challenge, 'hub-token', list),
      'auth.docker.io': tokenReply,
    });
  }

  it('gives anybody a token to pull, and all its pages', async () => {
    const { fetch, asked } = await hub(() => ({ body: { token: 'hub-token', expires_in: 300 } }));
    const registry = openOciRegistry({ fetch });
    expect(names(await registry.tags('nginx'))).toEqual(manyTags);
    const [tokenRequest, ...others] = asked.filter(({ host }) => host === 'auth.docker.io');
    expect(others).toEqual([]);
    expect(tokenRequest!.url.search).toBe('?service=registry.docker.io&scope=repository%3Alibrary%2Fnginx%3Apull');
    expect(tokenRequest!.headers.authorization).toBeUndefined();
    expect(asked.filter(({ url }) => url.pathname.endsWith('/tags/list'))).toHaveLength(4);
  });

  it('is shown the credentials of docker.io at its own realm', async () => {
    const { fetch, asked } = await hub(({ headers }) =>
      headers.authorization === basic('acme', 'pass:word') ? { body: { token: 'hub-token' } } : { status: 401 },
    );
    const hosts: string[] = [];
    const credentials = async (host: string): Promise<Credential> => {
      hosts.push(host);
      return { username: 'acme', password: 'pass:word' };
    };
    expect(await openOciRegistry({ fetch, credentials }).tags('nginx')).toHaveLength(250);
    expect(hosts).toEqual(['docker.io']);
    const shown = asked.filter(({ headers }) => headers.authorization?.startsWith('Basic'));
    expect(shown.map(({ host }) => host)).toEqual(['auth.docker.io']);
  });

  it('says how long its limit lasts', async () => {
    const { fetch } = await standIn({
      'registry-1.docker.io': () => ({
        status: 429,
        headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' },
        body: { errors: [{ code: 'TOOMANYREQUESTS', message: 'You have reached your pull rate limit.' }] },
      }),
    });
    await expect(openOciRegistry({ fetch }).tag('nginx', '1')).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'registry-throttled',
      retryAfter: 21600,
    });
  });
});

describe('GHCR, as a stand-in', () => {
  const challenge = 'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:acme/web:pull"';

  it('gives a package to who has a token for it', async () => {
    const { manifest, config } = imageDocuments({ labels: { a: 'b' } });
    const { fetch, asked } = await standIn({
      'ghcr.io': (question) => {
        if (question.url.pathname === '/token') {
          return question.headers.authorization === basic('bot', 'ghp_secret')
            ? { body: { token: 'ghcr-token' } }
            : {
                status: 403,
                body: { errors: [{ code: 'DENIED', message: 'requested access to the resource is denied' }] },
              };
        }
        return guarded(challenge, 'ghcr-token', ({ url }) => {
          if (url.pathname.endsWith('/tags/list')) {
            return pages(manyTags, 100, (last, n) => `/v2/acme/web/tags/list?last=${last}&n=${n}`)(question);
          }
          if (url.pathname.includes('/blobs/')) {
            return {
              status: 307,
              headers: { location: 'https://pkg-containers.githubusercontent.com/blob?sig=secret' },
            };
          }
          const headers = { 'docker-content-digest': manifest.digest, 'content-type': manifest.mediaType };
          return { headers, body: manifest.bytes };
        })(question);
      },
      'pkg-containers.githubusercontent.com': () => ({ body: config.bytes }),
    });
    const registry = openOciRegistry({ fetch, credentials: async () => ({ username: 'bot', password: 'ghp_secret' }) });
    expect(await registry.tags('ghcr.io/acme/web')).toHaveLength(250);
    expect(await registry.tag('ghcr.io/acme/web', '1.0')).toEqual({ tag: '1.0', digest: manifest.digest });
    expect(await registry.details('ghcr.io/acme/web', '1.0')).toEqual({
      digest: manifest.digest,
      platforms: ['linux/amd64'],
      labels: { a: 'b' },
    });
    const elsewhere = asked.filter(({ host }) => host !== 'ghcr.io');
    expect(elsewhere).toHaveLength(1);
    expect(elsewhere[0]!.headers.authorization).toBeUndefined();

    const anybody = await openOciRegistry({ fetch })
      .tags('ghcr.io/acme/web')
      .catch((error: unknown) => error);
    expect(anybody).toMatchObject({ name: 'UserError', code: 'registry-not-allowed' });
    expect(String(anybody)).toContain('docker login ghcr.io');
  });
});

describe('Quay, as a stand-in', () => {
  const challenge = 'Bearer realm="https://quay.io/v2/auth",service="quay.io",scope="repository:acme/web:pull"';

  it('pages with a word of its own, and absolutely', async () => {
    const list = pages(manyTags, 50, (last) => `https://quay.io/v2/acme/web/tags/list?n=50&next_page=${last}`);
    const { fetch, asked } = await standIn({
      'quay.io': (question) =>
        question.url.pathname === '/v2/auth'
          ? { body: { token: 'quay-token' } }
          : guarded(challenge, 'quay-token', list)(question),
    });
    expect(names(await openOciRegistry({ fetch }).tags('quay.io/acme/web'))).toEqual(manyTags);
    expect(asked.filter(({ url }) => url.searchParams.has('next_page'))).toHaveLength(4);
  });
});

describe('Harbor, as a stand-in', () => {
  const challenge =
    'Bearer realm="https://harbor.example.com/service/token",service="harbor-registry",scope="repository:shop/web:pull,push"';
  const harbor = (content: Answers): Record<string, Answers> => ({
    'harbor.example.com': (question) =>
      question.url.pathname === '/service/token'
        ? { body: { token: '', access_token: 'harbor-token', expires_in: 1800, issued_at: '2026-11-22T10:00:00Z' } }
        : guarded(challenge, 'harbor-token', content)(question),
  });

  it('is asked for no more than to pull', async () => {
    const { fetch, asked } = await standIn(harbor(() => ({ body: { name: 'shop/web', tags: null } })));
    expect(await openOciRegistry({ fetch }).tags('harbor.example.com/shop/web')).toEqual([]);
    const { searchParams } = asked.find(({ url }) => url.pathname === '/service/token')!.url;
    expect(searchParams.get('scope')).toBe('repository:shop/web:pull');
  });

  it('has its own word for a repository that is not there', async () => {
    const body = { errors: [{ code: 'NOT_FOUND', message: 'repository shop/web not found' }] };
    const { fetch } = await standIn(harbor(() => ({ status: 404, body })));
    await expect(openOciRegistry({ fetch }).tags('harbor.example.com/shop/web')).rejects.toMatchObject({
      name: 'UserError',
      code: 'repository-missing',
    });
  });
});

describe('tokens', () => {
  const challenge = 'Bearer realm="https://registry.example.com/token",service="s"';
  async function withTokens(lasting: number) {
    let given = 0;
    let clock = Date.UTC(2026, 10, 22);
    let revoked = false;
    const host = await standIn({
      'registry.example.com': (question) => {
        if (question.url.pathname === '/token') return { body: { token: `token-${++given}`, expires_in: lasting } };
        if (revoked && question.headers.authorization === 'Bearer token-1')
          return guarded(challenge, '-', () => ({}))(question);
        return guarded(challenge, `token-${given}`, () => ({ body: { tags: ['1'] } }))(question);
      },
    });
    const registry = openOciRegistry({ fetch: host.fetch, now: () => new Date(clock) });
    return {
      list: () => registry.tags('registry.example.com/a'),
      given: () => given,
      pass: (seconds: number) => {
        clock += seconds * 1000;
      },
      revoke: () => {
        revoked = true;
      },
      asked: host.asked,
    };
  }

  it('are kept until they end', async () => {
    const { list, given, pass, asked } = await withTokens(300);
    await list();
    pass(200);
    await list();
    expect(given()).toBe(1);
    pass(100);
    const before = asked.length;
    await list();
    expect(given()).toBe(2);
    // One that has ended is not tried: 401, token, list.
    expect(asked[before]?.headers.authorization).toBeUndefined();
  });

  it('are renewed once when the registry takes one back', async () => {
    const { list, given, revoke } = await withTokens(300);
    await list();
    revoke();
    expect(await list()).toEqual([{ tag: '1' }]);
    expect(given()).toBe(2);
  });

  it('are asked for once by many at once', async () => {
    const { list, given } = await withTokens(300);
    await Promise.all(Array.from({ length: 12 }, list));
    expect(given()).toBe(1);
  });

  it('that the registry does not take either are an error, not a circle', async () => {
    const { fetch, asked } = await standIn({
      'registry.example.com': (question) =>
        question.url.pathname === '/token'
          ? { body: { token: 'useless' } }
          : guarded(challenge, 'another', () => ({}))(question),
    });
    await expect(openOciRegistry({ fetch }).tags('registry.example.com/a')).rejects.toMatchObject({
      name: 'UserError',
      code: 'registry-not-allowed',
    });
    expect(asked).toHaveLength(3);
  });
});

describe('credentials', () => {
  const secret = { username: 'bot', password: 'hunter2-secret' };

  it.each([
    ['Bearer realm="https://evil.example.net/token"', 'which is not of its domain'],
    ['Bearer realm="http://registry.example.com/token"', 'is not https'],
    ['Bearer realm="https://127.0.0.1/token"', 'is this machine'],
    ['Digest realm="x"', 'may not be read with these credentials'],
    ['', 'may not be read with these credentials'],
  ])('are shown to nobody for the challenge %j', async (challenge, why) => {
    const { fetch, asked } = await standIn({
      'registry.example.com': guarded(challenge, '-', () => ({})),
      'evil.example.net': () => ({ body: { token: 'x' } }),
    });
    const error = await openOciRegistry({ fetch, credentials: async () => secret })
      .tags('registry.example.com/a')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'UserError' });
    expect(String(error)).toContain(why);
    expect(asked.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  it('may be shown to a realm outside of the domain that was named', async () => {
    const { fetch, asked } = await standIn({
      'registry.example.com': guarded('Bearer realm="https://login.example.net/t"', 'ok', () => ({
        body: { tags: [] },
      })),
      'login.example.net': () => ({ body: { token: 'ok' } }),
    });
    const realmHosts = { 'registry.example.com': ['login.example.net'] };
    await openOciRegistry({ fetch, credentials: async () => secret, realmHosts }).tags('registry.example.com/a');
    expect(asked[1]?.headers.authorization).toBe(basic('bot', 'hunter2-secret'));
  });

  it('that are a token go to the registry as they are', async () => {
    const { fetch, asked } = await standIn({
      'registry.example.com': guarded('Bearer realm="https://registry.example.com/t"', 'mine', () => ({
        body: { tags: [] },
      })),
    });
    await openOciRegistry({ fetch, credentials: async () => ({ token: 'mine' }) }).tags('registry.example.com/a');
    expect(asked.map(({ url }) => url.pathname)).toEqual(['/v2/a/tags/list', '/v2/a/tags/list']);
  });

  it.each([
    ['a password', { username: 'bot', password: 'hunter2-secret' }, { status: 401 }],
    ['a token that cannot be sent', { token: 'hunter2-secret\n' }, {}],
    ['a token that cannot be sent, from the realm', undefined, { body: { token: 'hunter2-secret\r\nX: y' } }],
    ['an answer of the realm that is no JSON', undefined, { body: 'hunter2-secret' }],
    ['an answer of the realm without a token', undefined, { body: { tok: 'hunter2-secret' } }],
    [
      'a realm that quotes what it was told',
      { username: 'bot', password: 'hunter2-secret' },
      { status: 500, body: 'hunter2-secret' },
    ],
  ] as [string, Credential | undefined, Reply][])('never get into an error: %s', async (_, credential, reply) => {
    const { fetch } = await standIn({
      'registry.example.com': (question) =>
        question.url.pathname === '/t'
          ? reply
          : guarded('Bearer realm="https://registry.example.com/t"', '-', () => ({}))(question),
    });
    const error = await openOciRegistry({ fetch, credentials: async () => credential })
      .tags('registry.example.com/a')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
    expect(inspect(error, { depth: 10 })).not.toContain(Buffer.from('bot:hunter2-secret').toString('base64'));
  });
});
