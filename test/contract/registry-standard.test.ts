import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { openOciRegistry } from '../../lib/adapters/registry/open.ts';
import { imageDocuments, pushTo } from '../helpers/push-image.ts';
import type { RegistryOptions, RunningRegistry } from '../helpers/registry.ts';
import {
  crane,
  craneAs,
  describeWithRegistry,
  pushImage,
  pushIndex,
  registryUser,
  startRegistry,
} from '../helpers/registry.ts';
import { standIn } from '../helpers/stand-in.ts';

async function start(options?: RegistryOptions): Promise<RunningRegistry> {
  const registry = await startRegistry(options);
  onTestFinished(registry.stop);
  return registry;
}

/** What was asked with it, and what came. */
function counting() {
  const seen: { method: string; path: string; status: number; authorization: string | null }[] = [];
  const counted: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    const { pathname, search } = new URL(String(input));
    const authorization = new Headers(init?.headers).get('authorization');
    seen.push({ method: init?.method ?? 'GET', path: pathname + search, status: answer.status, authorization });
    return answer;
  };
  return { fetch: counted, seen };
}

await describeWithRegistry('an OCI registry, which here is the standard one', () => {
  it('gives more tags than one page holds', async () => {
    const { url, host } = await start();
    const { manifest } = imageDocuments({});
    await pushTo(url, 'many/web', 'v0', {});
    const wanted = Array.from({ length: 2100 }, (_, number) => `v${number}`);
    for (const tag of wanted) {
      const headers = { 'content-type': manifest.mediaType };
      const answer = await fetch(`${url}/v2/many/web/manifests/${tag}`, {
        method: 'PUT',
        headers,
        body: new Uint8Array(manifest.bytes),
      });
      expect(answer.status).toBe(201);
    }
    const { fetch: counted, seen } = counting();
    const tags = await openOciRegistry({ fetch: counted }).tags(`${host}/many/web`);
    expect(tags.map(({ tag }) => tag).sort()).toEqual(wanted.sort());
    expect(seen.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('tells a tag by one HEAD, and a manifest that has not changed without sending it', async () => {
    const { host } = await start();
    const digest = await pushImage(`${host}/shop/web:1.0.0`, { labels: { a: 'b' } });
    const { fetch, seen } = counting();
    const registry = openOciRegistry({ fetch });
    expect(await registry.tag(`${host}/shop/web`, '1.0.0')).toEqual({ tag: '1.0.0', digest });
    expect(seen.map(({ method, status }) => [method, status])).toEqual([['HEAD', 200]]);
    const first = await registry.details(`${host}/shop/web`, '1.0.0');
    const before = seen.length;
    expect(await registry.details(`${host}/shop/web`, '1.0.0')).toEqual(first);
    expect(seen.slice(before).map(({ status }) => status)).toEqual([304, 304]);
  });

  it('tells variants, and what Docker’s own media types say', async () => {
    const { host } = await start();
    await pushImage(`${host}/shop/arm:1.0.0`, { platform: 'linux/arm/v7' });
    const registry = openOciRegistry();
    expect((await registry.details(`${host}/shop/arm`, '1.0.0')).platforms).toEqual(['linux/arm/v7']);
    await pushIndex(`${host}/shop/all:1.0.0`, [{ platform: 'linux/arm64/v8' }, { platform: 'windows/amd64' }]);
    const all = await registry.details(`${host}/shop/all`, '1.0.0');
    expect(all.platforms).toEqual(['linux/arm64/v8', 'windows/amd64']);
    const digest = await pushImage(`${host}/shop/docker:1.0.0`, { docker: true, labels: { a: 'b' } });
    expect(await crane('manifest', `${host}/shop/docker:1.0.0`)).toContain('vnd.docker.distribution.manifest.v2');
    const details = { digest, platforms: ['linux/amd64'], labels: { a: 'b' } };
    expect(await registry.details(`${host}/shop/docker`, '1.0.0')).toEqual(details);
  });

  it('lets in who has the password (Basic), and says to others what to do', async () => {
    const { host } = await start({ auth: 'basic' });
    const auth = Buffer.from(`${registryUser.username}:${registryUser.password}`).toString('base64');
    const config = { auths: { [host]: { auth } } };
    const digest = await pushImage(`${host}/shop/web:1.0.0`, {}, config);
    expect(await craneAs(config, 'ls', `${host}/shop/web`)).toBe('1.0.0');
    const known = openOciRegistry({ credentials: async () => registryUser });
    expect(await known.tags(`${host}/shop/web`)).toEqual([{ tag: '1.0.0' }]);
    expect(await known.tag(`${host}/shop/web`, '1.0.0')).toEqual({ tag: '1.0.0', digest });
    const wrong = openOciRegistry({ credentials: async () => ({ ...registryUser, password: 'hunter2' }) });
    for (const registry of [openOciRegistry(), wrong]) {
      const error = await registry.tags(`${host}/shop/web`).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'UserError', code: 'registry-not-allowed' });
      expect(String(error)).not.toContain('hunter2');
    }
  });

  it('lets in who has a token of its realm (Bearer), signed as it wants', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = publicKey.export({ format: 'jwk' });
    const kid = createHash('sha256').update(JSON.stringify(jwk)).digest('hex');
    const tokenFor = (service: string, access: object[]) => {
      const seconds = Math.floor(Date.now() / 1000);
      const times = { iat: seconds - 5, nbf: seconds - 5, exp: seconds + 300 };
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = part({ iss: 'test', aud: service, sub: 'bot', jti: '1', ...times, access });
      const content = `${part({ alg: 'RS256', typ: 'JWT', kid })}.${claims}`;
      return `${content}.${sign('sha256', Buffer.from(content), privateKey).toString('base64url')}`;
    };
    const tokens = await standIn({
      '127.0.0.1': ({ url, headers }) => {
        const known = headers.authorization === `Basic ${Buffer.from('bot:secret').toString('base64')}`;
        const [type, name, actions] = url.searchParams.get('scope')!.split(':');
        const access = { type, name, actions: known ? actions!.split(',') : [] };
        return { body: { token: tokenFor(url.searchParams.get('service')!, [access]), expires_in: 300 } };
      },
    });
    const jwks = { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] };
    const { host, url } = await start({
      auth: { realm: `${tokens.url}/token`, service: 'test', issuer: 'test', jwks },
    });
    // crane refuses a realm on this machine, as Windlass does for a registry that is elsewhere.
    const push = tokenFor('test', [{ type: 'repository', name: 'shop/web', actions: ['pull', 'push'] }]);
    const digest = await pushTo(url, 'shop/web', '1.0.0', {}, { authorization: `Bearer ${push}` });

    const { fetch, seen } = counting();
    const registry = openOciRegistry({ fetch, credentials: async () => ({ username: 'bot', password: 'secret' }) });
    expect(await registry.tags(`${host}/shop/web`)).toEqual([{ tag: '1.0.0' }]);
    expect(await registry.tag(`${host}/shop/web`, '1.0.0')).toEqual({ tag: '1.0.0', digest });
    expect((await registry.details(`${host}/shop/web`, '1.0.0')).digest).toBe(digest);
    expect(seen.filter(({ path }) => path.startsWith('/token'))).toHaveLength(1);
    expect(seen.filter(({ status }) => status === 401)).toHaveLength(1);
    await expect(openOciRegistry().tags(`${host}/shop/web`)).rejects.toMatchObject({ code: 'registry-not-allowed' });
  });

  it('that is stopped can be asked again later', async () => {
    const { host, stop } = await startRegistry();
    await pushImage(`${host}/shop/web:1.0.0`);
    await stop();
    await expect(openOciRegistry().tags(`${host}/shop/web`)).rejects.toMatchObject({ name: 'RetryableError' });
  });
});
