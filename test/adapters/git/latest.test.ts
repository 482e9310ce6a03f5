import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openGitSource } from '../../../lib/adapters/git/source.ts';
import { UserError } from '../../../lib/model/errors.ts';
import type { GitServer } from '../../standins/git-https.ts';
import { serve, trustServers } from './https-server.ts';
import { gitIn, type TestRepo, testRepo } from './repos.ts';

trustServers();

const token = 'ghs_canary0123456789abcdef';
const uploads = (server: GitServer) => server.requests.filter((request) => request.endsWith('git-upload-pack')).length;

function open(repo: TestRepo, server: GitServer, cache = 'cache') {
  const access = { kind: 'token' as const, token: async () => token };
  return openGitSource({ url: `${server.url}/config.git`, branch: 'main', cacheDir: join(repo.root, cache), access });
}

/** A repository with so many commits, over the smart protocol with or without filters. */
async function served(commits: number, { filters }: { filters: boolean }) {
  const repo = testRepo({ 'a.yaml': 'v: 0\n', 'noise.bin': noise(200_000) });
  repo.git('config', 'uploadpack.allowFilter', String(filters));
  const revisions = [gitIn(repo.work, 'rev-parse', 'HEAD')];
  const stream = Array.from({ length: commits }, (_, index) => commitText(index + 1, revisions[0]!)).join('');
  if (commits > 0) {
    repo.fastImport(`${stream}done\n`);
    revisions.push(...repo.git('rev-list', '--reverse', 'main').split('\n').slice(1));
  }
  return { repo, revisions, server: await serve(repo.root, token) };
}

function commitText(index: number, first: string): string {
  const content = `v: ${index}\n`;
  const from = index === 1 ? `from ${first}\n` : '';
  const big = Buffer.from(noise(2_000, index))
    .toString('latin1')
    .replace(/[^ -~]/g, '.');
  return `commit refs/heads/main\ncommitter Ada <ada@example.com> ${1700000000 + index} +0000\ndata 2\nv\n${from}M 644 inline a.yaml\ndata ${content.length}\n${content}\nM 644 inline big-${index % 5}.txt\ndata ${big.length}\n${big}\n\n`;
}

/** Bytes that do not become smaller by packing. */
function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

describe('a source of a repository elsewhere', () => {
  it('asks a server for one small answer while the head is the same, and fetches nothing', async () => {
    const { repo, server } = await served(0, { filters: true });
    const source = open(repo, server);
    await (await source.open(await source.head())).close();
    const [requests, sent, fetches] = [server.requests.length, server.sent, uploads(server)];
    const head = await source.head();
    await (await source.open(head)).close();
    expect(await source.isAncestor(head, head)).toBe(true);
    expect(server.requests.length - requests).toBe(2);
    expect(uploads(server) - fetches).toBe(1);
    expect(server.sent - sent).toBeLessThan(1000);
  });

  it('takes no branch for another one whose name ends the same', async () => {
    const { repo, server } = await served(0, { filters: true });
    repo.git('branch', '-m', 'main', 'refs/heads/main');
    const error = await open(repo, server)
      .head()
      .catch((thrown: unknown) => thrown);
    expect((error as UserError).code).toBe('branch-missing');
    expect((error as UserError).message).toContain('it has refs/heads/main');
  });

  it('fetches the latest tree without what was before it, and then only what changed', async () => {
    const { repo, server } = await served(300, { filters: true });
    const source = open(repo, server);
    const tree = await source.open(await source.head());
    expect(new TextDecoder().decode(await tree.read('a.yaml'))).toBe('v: 300\n');
    expect((await tree.read('noise.bin')).length).toBe(200_000);
    await tree.close();
    const first = server.sent;
    const whole = Number(/size-pack: (\d+)/.exec(repo.git('count-objects', '-v'))![1]) * 1024;
    expect(first).toBeLessThan(260_000);
    expect(first).toBeLessThan(whole / 2);
    repo.push({ 'a.yaml': 'v: new\n' });
    const next = await source.open(await source.head());
    expect(new TextDecoder().decode(await next.read('a.yaml'))).toBe('v: new\n');
    expect((await next.read('noise.bin')).length).toBe(200_000);
    await next.close();
    expect(server.sent - first).toBeLessThan(5_000);
  });

  it('opens the revision that was the head, although the branch has moved on', async () => {
    const { repo, server } = await served(0, { filters: true });
    const source = open(repo, server);
    const before = await source.head();
    repo.push({ 'a.yaml': 'v: later\n' });
    const tree = await source.open(before);
    expect(new TextDecoder().decode(await tree.read('a.yaml'))).toBe('v: 0\n');
    await tree.close();
  });

  it('opens a revision that the branch no longer has, as long as the server has it', async () => {
    const { repo, server } = await served(3, { filters: true });
    const source = open(repo, server);
    const before = await source.head();
    repo.git('update-ref', 'refs/heads/main', 'main~2');
    const tree = await source.open(before);
    expect(new TextDecoder().decode(await tree.read('a.yaml'))).toBe('v: 3\n');
    await tree.close();
    expect(await source.isAncestor(before, await source.head())).toBe(false);
  });

  it('says that there is no such revision', async () => {
    const { repo, server } = await served(0, { filters: true });
    const error = await open(repo, server)
      .open('f'.repeat(40))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe('revision-missing');
  });

  it.each([{ filters: true }, { filters: false }])(
    'knows the history, near and far ($filters)',
    async ({ filters }) => {
      const { repo, revisions, server } = await served(120, { filters });
      const head = revisions.at(-1)!;
      const side = sideCommit(repo, revisions[60]!);
      for (const [at, cache] of [3, 60, 110].entries()) {
        // Each with an empty disk, as a puller has it that begins anew each minute.
        const source = open(repo, server, `cache-${at}`);
        expect(await source.isAncestor(revisions[cache]!, head)).toBe(true);
        expect(await source.isAncestor(head, revisions[cache]!)).toBe(false);
      }
      const source = open(repo, server);
      expect(await source.isAncestor(side, head)).toBe(false);
      expect(await source.isAncestor('f'.repeat(40), head)).toBe(false);
      const next = repo.push({ 'a.yaml': 'v: next\n' });
      expect(await source.isAncestor(head, next)).toBe(true);
      expect(await source.isAncestor(revisions[0]!, next)).toBe(true);
      gitIn(repo.work, 'checkout', '--quiet', '--orphan', 'fresh');
      gitIn(repo.work, 'commit', '--quiet', '-m', 'History rewritten');
      gitIn(repo.work, 'push', '--quiet', '--force', repo.bare, 'HEAD:main');
      const rewritten = await source.head();
      expect(await source.isAncestor(next, rewritten)).toBe(false);
      expect(await source.isAncestor(rewritten, rewritten)).toBe(true);
    },
  );

  it('reads commits without their trees to know the history, where the server filters', async () => {
    const { repo, revisions, server } = await served(120, { filters: true });
    const source = open(repo, server);
    expect(await source.isAncestor(revisions.at(-3)!, revisions.at(-1)!)).toBe(true);
    expect(server.sent).toBeLessThan(20_000);
    expect(await source.isAncestor(revisions[0]!, revisions.at(-1)!)).toBe(true);
    expect(server.sent).toBeLessThan(60_000);
    const before = server.requests.length;
    expect(await source.isAncestor(revisions[1]!, revisions.at(-1)!)).toBe(true);
    expect(await source.isAncestor('e'.repeat(40), revisions.at(-1)!)).toBe(false);
    expect(server.requests.length).toBe(before);
  });

  it('does not take a copy that cannot be read for a rewritten history', async () => {
    const { repo, revisions, server } = await served(3, { filters: true });
    const source = open(repo, server);
    expect(await source.isAncestor(revisions[1]!, revisions[3]!)).toBe(true);
    const cache = join(repo.root, 'cache');
    for (const name of readdirSync(cache)) gitIn(join(cache, name), 'config', 'core.repositoryformatversion', '99');
    await expect(source.isAncestor(revisions[1]!, revisions[3]!)).rejects.toThrow('git rev-list failed');
  });

  it('keeps no address, user or token in the copies', async () => {
    const { repo, revisions, server } = await served(3, { filters: true });
    const source = open(repo, server);
    await (await source.open(revisions[3]!)).close();
    await source.isAncestor(revisions[1]!, revisions[3]!);
    const cache = join(repo.root, 'cache');
    for (const name of readdirSync(cache)) {
      const config = readFileSync(join(cache, name, 'config'), 'utf8');
      expect(config).not.toContain(server.url);
      expect(config).not.toContain(token);
    }
  });
});

/** A commit that the server has on another branch. */
function sideCommit(repo: TestRepo, parent: string): string {
  const commit = gitIn(repo.bare, 'commit-tree', '-p', parent, '-m', 'Beside', `${parent}^{tree}`);
  repo.git('update-ref', 'refs/heads/side', commit);
  return commit;
}
