import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GitAccess } from '../../../lib/adapters/git/access.ts';
import { openGitSource } from '../../../lib/adapters/git/source.ts';
import { UserError } from '../../../lib/model/errors.ts';
import { serve, trustServers } from './https-server.ts';
import { visibleOfChildren } from './processes.ts';
import { type TestRepo, testRepo } from './repos.ts';

trustServers();

const token = 'ghs_canary0123456789abcdef';

function open(repo: TestRepo, server: { url: string }, access: GitAccess) {
  const url = `${server.url}/config.git`;
  return openGitSource({ url, branch: 'main', cacheDir: join(repo.root, 'cache'), access });
}

function tokens(...list: string[]): { access: GitAccess; refused: (string | undefined)[] } {
  const refused: (string | undefined)[] = [];
  const next = async (said?: string) => {
    refused.push(said);
    if (list.length > 1 && said !== undefined) list.shift();
    return list[0]!;
  };
  return { access: { kind: 'token', token: next }, refused };
}

async function failure(work: Promise<unknown>): Promise<UserError> {
  const thrown = await work.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(UserError);
  return thrown as UserError;
}

describe('a config repo opened with a token', () => {
  it('is read with a token that git gets when the server asks for it', async () => {
    const repo = testRepo({ 'a.yaml': 'kind: A\n' });
    const source = open(repo, await serve(repo.root, token), tokens(token).access);
    const tree = await source.open(await source.head());
    expect(new TextDecoder().decode(await tree.read('a.yaml'))).toBe('kind: A\n');
    await tree.close();
  });

  it('asks for another token when the server has refused the one that was good before', async () => {
    const repo = testRepo({ 'a.yaml': 'kind: A\n' });
    let good = 'ghs_first';
    const server = await serve(repo.root, () => good);
    const { access, refused } = tokens('ghs_first', 'ghs_second');
    const source = open(repo, server, access);
    await source.head();
    good = 'ghs_second';
    const tree = await source.open(await source.head());
    expect(refused).toEqual([undefined, undefined, 'ghs_first', undefined, ...refused.slice(4)]);
    expect(refused.slice(4).every((each) => each === undefined)).toBe(true);
    await tree.close();
  });

  it('says that a token is refused, once there is no other, without the token', async () => {
    const repo = testRepo({ 'a.yaml': 'kind: A\n' });
    const { access, refused } = tokens(token);
    const error = await failure(open(repo, await serve(repo.root, 'another'), access).head());
    expect(error.code).toBe('repo-access');
    expect(error.message).toContain('check the key or token');
    expect(refused).toEqual([undefined, token]);
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain(token);
  });

  it('asks nobody for a password where no access is given', async () => {
    const repo = testRepo({ 'a.yaml': 'kind: A\n' });
    const error = await failure(open(repo, await serve(repo.root, token), { kind: 'none' }).head());
    expect(error.code).toBe('repo-access');
  });

  it.each(['', 'a\npassword=b', 'a\rb', 'a\0b'])('refuses %j as a token before git is started', async (bad) => {
    const repo = testRepo({ 'a.yaml': 'kind: A\n' });
    const server = await serve(repo.root, token);
    expect((await failure(open(repo, server, tokens(bad).access).head())).code).toBe('repo-access');
    expect(server.requests).toEqual([]);
  });

  it('takes a line break in the user of a URL for what it is', async () => {
    const repo = testRepo({ 'a.yaml': 'kind: A\n' });
    const server = await serve(repo.root, token);
    const url = `${server.url.replace('//', '//ada%0Ahost=evil.example:secret@')}/config.git`;
    const source = openGitSource({ url, branch: 'main', cacheDir: join(repo.root, 'cache') });
    expect((await failure(source.head())).message).toContain('line break');
  });

  it.skipIf(!existsSync('/proc/self/environ'))(
    'shows the token in no argument and no environment of a process, and leaves it in no file',
    async () => {
      const repo = testRepo({ 'a.yaml': 'kind: A\n' });
      const seen: string[] = [];
      const server = await serve(repo.root, token, { onRequest: () => void seen.push(...visibleOfChildren()) });
      const source = open(repo, server, tokens(token).access);
      const tree = await source.open(await source.head());
      await tree.close();
      const byUrl = openGitSource({
        url: `${server.url.replace('//', `//x-access-token:${token}@`)}/config.git`,
        branch: 'main',
        cacheDir: join(repo.root, 'other-cache'),
      });
      await (await byUrl.open(await byUrl.head())).close();
      expect(seen.filter((text) => text.includes('remote-https')).length).toBeGreaterThan(2);
      expect(seen.some((text) => text.includes('GIT_TERMINAL_PROMPT=0'))).toBe(true);
      const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
      for (const secret of [token, basic]) {
        expect(seen.filter((text) => text.includes(secret))).toEqual([]);
        expect(filesHolding(repo.root, secret)).toEqual([]);
      }
    },
  );

  it('gives the token to no other server that a redirect leads to', async () => {
    const repo = testRepo({ 'a.yaml': 'kind: A\n' });
    const seen: (string | undefined)[] = [];
    const other = await serve(repo.root, token, {
      onRequest: (request) => void seen.push(request.headers.authorization),
    });
    const server = await serve(repo.root, token, { redirectTo: other.url });
    expect((await failure(open(repo, server, tokens(token).access).head())).code).toBe('repo-access');
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((header) => header !== undefined)).toEqual([]);
  });

  it('refuses a token for ssh, a key for https, and a token beside the password of a URL', () => {
    const key: GitAccess = { kind: 'ssh', privateKey: async () => '', knownHosts: '' };
    const at = (url: string, access: GitAccess) => () =>
      openGitSource({ url, branch: 'main', cacheDir: '/nonexistent', access });
    expect(at('git@example.com:acme/config.git', tokens(token).access)).toThrow('ssh takes a key');
    expect(at('ssh://git@example.com/acme/config.git', tokens(token).access)).toThrow('ssh takes a key');
    expect(at('https://example.com/acme/config.git', key)).toThrow('https takes a token');
    expect(at('https://ada:secret@example.com/acme/config.git', tokens(token).access)).toThrow('beside the token');
  });
});

function filesHolding(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const file = join(directory, name);
    return statSync(file).isFile() && readFileSync(file).includes(text);
  });
}
