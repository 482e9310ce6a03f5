import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openGitHistory } from '../../lib/adapters/git/commits.ts';
import { openGitHub } from '../../lib/adapters/github/client.ts';
import { openGitHubHistory } from '../../lib/adapters/github/commits.ts';
import type { GitHistory, HistoryCommit } from '../../lib/audit/ports.ts';
import { gitIn, testRepo } from '../adapters/git/repos.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub } from '../standins/github.ts';

/** A branch that a person pushes to; `merge` brings in a branch by a merge commit. */
interface Stage {
  history: GitHistory;
  push(files: Record<string, string | undefined>, message: string): Promise<string>;
  merge(files: Record<string, string>, message: string): Promise<string>;
}
type Make = (files: Record<string, string>) => Promise<Stage>;

/** What every history of a branch tells. */
function historySuite(name: string, make: Make): void {
  describe(`${name} as a history`, () => {
    it('tells all commits newest first, with their messages, authors, times and trailers', async () => {
      const { history, push } = await make({ 'a.yaml': '1\n' });
      const message = 'Bump web\n\nweb: 1 -> 2\n\nWindlass-Policy: web\nWindlass-To: 2';
      const bump = await push({ 'a.yaml': '2\n' }, message);
      expect(await history.head()).toBe(bump);
      const [first, ...rest] = await all(history, { from: bump });
      expect(first).toMatchObject({
        revision: bump,
        subject: 'Bump web',
        author: 'Ada',
        mail: expect.stringContaining('@'),
      });
      expect(first!.trailers).toEqual([
        ['Windlass-Policy', 'web'],
        ['Windlass-To', '2'],
      ]);
      expect(Math.abs(Date.parse(first!.at) - Date.now())).toBeLessThan(600_000);
      expect(Date.parse(first!.committedAt)).toBe(Date.parse(first!.at));
      expect(first!.committedAt).toMatch(/Z$/);
      expect(rest).toHaveLength(1);
    });

    it('tells of several paths the commits that changed one of them, each once, and of one that is gone as well', async () => {
      const { history, push } = await make({ 'a.yaml': '1\n', 'b/c.yaml': '1\n', 'd.yaml': '1\n' });
      const both = await push({ 'a.yaml': '2\n', 'b/c.yaml': '2\n' }, 'Both');
      const another = await push({ 'd.yaml': '2\n' }, 'Another');
      const gone = await push({ 'a.yaml': undefined }, 'Gone');
      const deep = await push({ 'b/e/f.yaml': '1\n' }, 'Below');
      // Of one second, commits of several paths have no order on GitHub.
      const told = (await all(history, { from: deep, paths: ['a.yaml', 'b', 'never.yaml'] })).map(
        (one) => one.revision,
      );
      expect(told).toHaveLength(4);
      expect(new Set(told)).toEqual(new Set([deep, gone, both, told.find((one) => ![deep, gone, both].includes(one))]));
      expect(told).not.toContain(another);
      expect(await all(history, { from: deep, paths: [] })).toEqual([]);
    });

    it('tells the root of the repository as everything', async () => {
      const { history, push } = await make({ 'a.yaml': '1\n' });
      const head = await push({ 'b.yaml': '1\n' }, 'Second');
      expect(await all(history, { from: head, paths: ['.'] })).toHaveLength(2);
    });

    it('leaves out what is older than asked for', async () => {
      const { history, push } = await make({ 'a.yaml': '1\n' });
      const head = await push({ 'a.yaml': '2\n' }, 'Second');
      const later = new Date(Date.now() + 3_600_000).toISOString();
      expect(await all(history, { from: head, since: later })).toEqual([]);
      expect(await all(history, { from: head, since: '2020-01-01T00:00:00.000Z' })).toHaveLength(2);
    });

    it('tells what a merge brought in, and that it is part of the branch', async () => {
      const { history, push, merge } = await make({ 'a.yaml': '1\n' });
      const before = await history.head();
      const merged = await merge({ 'b.yaml': '1\n' }, 'On a branch');
      const told = await all(history, { from: merged });
      expect(told.map(({ subject }) => subject)).toContain('On a branch');
      const inner = told.find(({ subject }) => subject === 'On a branch')!.revision;
      expect(await history.contains(inner, merged)).toBe(true);
      expect(await history.contains(merged, before)).toBe(false);
      expect(await history.contains(merged, merged)).toBe(true);
      expect(await history.files(merged)).toEqual(['b.yaml']);
      await push({ 'a.yaml': '2\n' }, 'After');
      expect(await history.contains(inner, await history.head())).toBe(true);
    });

    it('tells the files of a commit, of the first one, and those that were deleted', async () => {
      const { history, push } = await make({ 'a.yaml': '1\n', 'b/c.yaml': '1\n' });
      const first = await history.head();
      const head = await push({ 'a.yaml': undefined, 'b/c.yaml': '2\n', 'ü d.yaml': '3\n' }, 'Three');
      expect((await history.files(first)).sort()).toEqual(['a.yaml', 'b/c.yaml']);
      expect((await history.files(head)).sort()).toEqual(['a.yaml', 'b/c.yaml', 'ü d.yaml']);
    });

    it('tells the former paths of what a commit renamed', async () => {
      const long = Array.from({ length: 20 }, (_, line) => `line-${line}: true\n`).join('');
      const { history, push } = await make({ 'a.yaml': long, 'b.yaml': '1\n' });
      const first = await history.head();
      const moved = await push({ 'a.yaml': undefined, 'ü c.yaml': `${long}# more\n`, 'd.yaml': '2\n' }, 'Move');
      expect(await history.renames(moved)).toEqual(new Map([['ü c.yaml', 'a.yaml']]));
      expect(await history.renames(first)).toEqual(new Map());
    });

    it('reads a long history as far as it is asked for', async () => {
      const { history, push } = await make({ 'a.yaml': '0\n' });
      const pushed: string[] = [];
      for (let count = 1; count <= 104; count++) pushed.push(await push({ 'a.yaml': `${count}\n` }, `Change ${count}`));
      const head = pushed.at(-1)!;
      expect((await all(history, { from: head })).length).toBe(105);
      const few: string[] = [];
      for await (const { revision } of history.commits({ from: head, paths: ['a.yaml'] })) {
        few.push(revision);
        if (few.length === 2) break;
      }
      expect(few).toEqual([head, pushed.at(-2)]);
    });
  });
}

async function all(history: GitHistory, query: Parameters<GitHistory['commits']>[0]): Promise<HistoryCommit[]> {
  const commits: HistoryCommit[] = [];
  for await (const commit of history.commits(query)) commits.push(commit);
  return commits;
}

historySuite('the git adapter', async (files) => {
  const repo = testRepo(files);
  return {
    history: openGitHistory({ url: repo.bare, branch: 'main', cacheDir: join(repo.root, 'cache') }),
    push: async (changed, message) => repo.push(changed, message),
    merge: async (changed, message) => {
      gitIn(repo.work, 'fetch', '--quiet', repo.bare, 'main');
      gitIn(repo.work, 'checkout', '--quiet', '-B', 'side', 'FETCH_HEAD');
      const side = repo.push(changed, message);
      gitIn(repo.work, 'reset', '--quiet', '--hard', `${side}~1`);
      gitIn(repo.work, 'merge', '--quiet', '--no-ff', '--message', 'Merge side', side);
      gitIn(repo.work, 'push', '--quiet', '--force', repo.bare, 'HEAD:main');
      return gitIn(repo.work, 'rev-parse', 'HEAD');
    },
  };
});

describeWithStandins('GitHub by our stand-in', () => {
  const opened = async (files: Record<string, string>) => {
    const github = await createGitHub({ files });
    const { owner, repo, fetch } = github;
    const client = openGitHub({ auth: { token: 'secret' }, fetch, userAgent: 'windlass-test' });
    return { github, history: openGitHubHistory({ client, owner, repo, branch: 'main' }) };
  };
  const pullOf = async (
    github: Awaited<ReturnType<typeof createGitHub>>,
    files: Record<string, string>,
    message: string,
  ) => {
    github.push(files, { message, branch: 'side' });
    const response = await github.fetch(`${github.baseUrl}/repos/${github.owner}/${github.repo}/pulls`, {
      method: 'POST',
      headers: { authorization: 'token secret', 'content-type': 'application/json' },
      body: JSON.stringify({ title: message, head: 'side', base: 'main' }),
    });
    return ((await response.json()) as { number: number }).number;
  };

  historySuite('the GitHub adapter', async (files) => {
    const { github, history } = await opened(files);
    return {
      history,
      push: async (changed, message) => github.push(changed as Record<string, string>, { message }),
      merge: async (changed, message) => github.merge(await pullOf(github, changed, message)),
    };
  });

  describe('the GitHub adapter', () => {
    it('tells the pull requests of the commits that came by one', async () => {
      const { github, history } = await opened({ 'a.yaml': '1\n' });
      const direct = github.push({ 'a.yaml': '2\n' });
      const number = await pullOf(github, { 'b.yaml': '1\n' }, 'Add b');
      const squashed = github.merge(number, 'squash');
      const found = await history.pullRequests!([direct, squashed]);
      expect([...found]).toEqual([[squashed, { number, url: expect.stringMatching(/\/pull\/1$/), title: 'Add b' }]]);
      expect(await history.pullRequests!([])).toEqual(new Map());
    });

    it('says which permission lacks, and that there is no such branch', async () => {
      const { github, history } = await opened({ 'a.yaml': '1\n' });
      delete github.repository.settings.permissions['contents'];
      await expect(history.files(github.head()!)).rejects.toThrow(/Contents: read/);
      const { github: other } = await opened({ 'a.yaml': '1\n' });
      const client = openGitHub({ auth: { token: 'secret' }, fetch: other.fetch, userAgent: 'windlass-test' });
      const missing = openGitHubHistory({ client, owner: other.owner, repo: other.repo, branch: 'nowhere' });
      await expect(missing.head()).rejects.toThrow(/has no branch nowhere/);
    });
  });
});
