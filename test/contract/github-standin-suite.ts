import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';

/** A stand-in of GitHub that listens, with one private repository that has a commit on `main`, and an App installed on it. */
export interface StandIn {
  url: string;
  owner: string;
  repo: string;
  app: { id: number; installationId: number; privateKey: string };
  /** Of a person, for all that an App does not have to do; the App's own token unless told. */
  token?: string;
}

/** Where a stand-in is known to differ from GitHub: what it answers instead. */
export type Deviations = Partial<Record<keyof typeof githubAnswers, number>>;

/** Statuses of GitHub that not every stand-in has, by what was asked. */
const githubAnswers = {
  'a ref that is not there is moved': 422,
  'a pull request without commits is opened': 422,
  'a merge expects another head': 409,
  'a merge is asked for twice': 405,
  'a pull request without its branch is opened': 422,
  'a token is wrong': 401,
  'a second pull request of the branch is opened': 422,
  'a ref that is not there is deleted': 422,
  'a tree takes away what is not there': 422,
};

/** An answer: its status, and its body as JSON. */
interface Told {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each test looks at another answer, and the schema is watched elsewhere
  json: any;
}

/** What a stand-in does not have, or what does not get through to it. */
export type Missing =
  | 'raw contents'
  | 'statuses'
  | 'archive'
  | 'conditional requests'
  | 'pull requests that follow their branch'
  | 'trees without empty directories';

/** What every stand-in of GitHub does alike: where two do that were written apart, neither was made up. */
export function githubStandinSuite(
  name: string,
  start: () => Promise<StandIn>,
  { deviations = {}, missing = [] }: { deviations?: Deviations; missing?: Missing[] } = {},
): void {
  const known = (what: keyof typeof githubAnswers) => deviations[what] ?? githubAnswers[what];
  const has = (what: Missing) => (missing.includes(what) ? () => {} : it);

  describe(`${name} in GitHub's place`, () => {
    let host: StandIn;
    let token = '';
    let names = 0;
    const ask = async (
      method: string,
      path: string,
      body?: object,
      headers: Record<string, string> = {},
    ): Promise<Told> => {
      const response = await fetch(`${host.url}${path.replace('/repo', `/repos/${host.owner}/${host.repo}`)}`, {
        method,
        redirect: 'manual',
        headers: {
          authorization: `token ${token}`,
          accept: 'application/vnd.github+json',
          'content-type': 'application/json',
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.text();
      const json = /json/.test(response.headers.get('content-type') ?? '') && text !== '' ? JSON.parse(text) : text;
      if (json?.type?.startsWith?.('https://stoplight.io/')) throw new Error(`${method} ${path}: ${text}`);
      return { status: response.status, json };
    };
    const head = async (branch = 'main'): Promise<string> => {
      const { json } = await ask('GET', `/repo/git/ref/heads%2F${encodeURIComponent(branch)}`);
      return json.object.sha;
    };
    const branchAt = async (sha: string): Promise<string> => {
      const branch = `branch-${++names}`;
      expect((await ask('POST', '/repo/git/refs', { ref: `refs/heads/${branch}`, sha })).status).toBe(201);
      return branch;
    };
    const tree = async (base: string, files: Record<string, string | null>): Promise<string> => {
      const entries = Object.entries(files).map(([path, content]) =>
        content === null
          ? { path, mode: '100644', type: 'blob', sha: null }
          : { path, mode: '100644', type: 'blob', content },
      );
      const { status, json } = await ask('POST', '/repo/git/trees', { base_tree: base, tree: entries });
      expect(status).toBe(201);
      return json.sha;
    };
    const commitOn = async (
      parent: string,
      files: Record<string, string | null>,
      message = 'Change',
    ): Promise<string> => {
      const { json: at } = await ask('GET', `/repo/git/commits/${parent}`);
      const body = { message, tree: await tree(at.tree.sha, files), parents: [parent] };
      const { status, json } = await ask('POST', '/repo/git/commits', body);
      expect(status).toBe(201);
      return json.sha;
    };
    const grow = async (branch: string, files: Record<string, string | null>, message?: string): Promise<string> => {
      const sha = await commitOn(await head(branch), files, message);
      expect((await ask('PATCH', `/repo/git/refs/heads%2F${branch}`, { sha, force: false })).status).toBe(200);
      return sha;
    };

    beforeAll(async () => {
      host = await start();
      const bearer = { authorization: `bearer ${jwt(host.app.id, host.app.privateKey)}` };
      const { status, json } = await ask(
        'POST',
        `/app/installations/${host.app.installationId}/access_tokens`,
        {},
        bearer,
      );
      expect(status).toBe(201);
      token = host.token ?? json.token;
    });

    describe('lets an App in', () => {
      it('finds the installation by the repository', async () => {
        const bearer = { authorization: `bearer ${jwt(host.app.id, host.app.privateKey)}` };
        const { status, json } = await ask('GET', '/repo/installation', undefined, bearer);
        expect(status).toBe(200);
        expect(json).toMatchObject({ id: host.app.installationId, app_id: host.app.id });
      });

      it('refuses a JWT that another key signed, one that is over, and one that is no JWT', async () => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const other = privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;
        const over = jwt(host.app.id, host.app.privateKey, -3600);
        const path = `/app/installations/${host.app.installationId}/access_tokens`;
        for (const bad of [jwt(host.app.id, other), over, 'a.b.c'])
          expect((await ask('POST', path, {}, { authorization: `bearer ${bad}` })).status).toBe(401);
      });

      it('tells tokens that expire within the hour', async () => {
        const bearer = { authorization: `bearer ${jwt(host.app.id, host.app.privateKey)}` };
        const { json } = await ask('POST', `/app/installations/${host.app.installationId}/access_tokens`, {}, bearer);
        expect(Date.parse(json.expires_at) - Date.now()).toBeGreaterThan(3500_000);
        expect(Date.parse(json.expires_at) - Date.now()).toBeLessThan(3700_000);
      });

      it('refuses a wrong token', async () => {
        const { status } = await ask('GET', '/repo/git/ref/heads%2Fmain', undefined, { authorization: 'token wrong' });
        expect(status).toBe(known('a token is wrong'));
      });
    });

    describe('keeps git objects', () => {
      it('names blobs as git does and gives their bytes back', async () => {
        const content = Buffer.from([0, 255, 13, 10, 65]);
        const made = await ask('POST', '/repo/git/blobs', { content: content.toString('base64'), encoding: 'base64' });
        expect(made).toMatchObject({ status: 201, json: { sha: gitHash('blob', content) } });
        const { json } = await ask('GET', `/repo/git/blobs/${made.json.sha}`);
        expect(Buffer.from(json.content, 'base64')).toEqual(content);
        expect(json).toMatchObject({ encoding: 'base64', size: 5 });
        expect((await ask('GET', `/repo/git/blobs/${'0'.repeat(40)}`)).status).toBe(404);
      });

      it('builds a tree on another, with deeper paths, modes and deletions', async () => {
        const first = await commitOn(await head(), { 'a/b/c.yaml': 'c\n', 'a/d.yaml': 'd\n', 'e.yaml': 'e\n' });
        const { json: commit } = await ask('GET', `/repo/git/commits/${first}`);
        const blob = gitHash('blob', Buffer.from('#!/bin/sh\n'));
        await ask('POST', '/repo/git/blobs', { content: '#!/bin/sh\n', encoding: 'utf-8' });
        const { json: made } = await ask('POST', '/repo/git/trees', {
          base_tree: commit.tree.sha,
          tree: [
            { path: 'a/b/c.yaml', mode: '100644', type: 'blob', sha: null },
            { path: 'run.sh', mode: '100755', type: 'blob', sha: blob },
          ],
        });
        const { json } = await ask('GET', `/repo/git/trees/${made.sha}?recursive=1`);
        const listed = new Map(json.tree.map((each: { path: string }) => [each.path, each]));
        expect([...listed.keys()]).not.toContain('a/b/c.yaml');
        if (!missing.includes('trees without empty directories')) expect([...listed.keys()]).not.toContain('a/b');
        expect(listed.get('run.sh')).toMatchObject({ mode: '100755', type: 'blob', sha: blob, size: 10 });
        expect(listed.get('a/d.yaml')).toMatchObject({ mode: '100644', sha: gitHash('blob', Buffer.from('d\n')) });
        expect(listed.get('a')).toMatchObject({ mode: '040000', type: 'tree' });
        expect(json.truncated).toBe(false);
        const gone = {
          base_tree: commit.tree.sha,
          tree: [{ path: 'no/such.yaml', mode: '100644', type: 'blob', sha: null }],
        };
        expect((await ask('POST', '/repo/git/trees', gone)).status).toBe(known('a tree takes away what is not there'));
      });

      it('names commits as git does', async () => {
        const parent = await head();
        const { json: at } = await ask('GET', `/repo/git/commits/${parent}`);
        const author = { name: 'Ada', email: 'ada@example.com', date: '2026-11-22T10:00:00Z' };
        const body = {
          message: 'By hand\n\nWith a body\n',
          tree: at.tree.sha,
          parents: [parent],
          author,
          committer: author,
        };
        const { status, json } = await ask('POST', '/repo/git/commits', body);
        const who = 'Ada <ada@example.com> 1795341600 +0000';
        const content = `tree ${at.tree.sha}\nparent ${parent}\nauthor ${who}\ncommitter ${who}\n\nBy hand\n\nWith a body\n`;
        expect({ status, sha: json.sha }).toEqual({ status: 201, sha: gitHash('commit', Buffer.from(content)) });
        expect(json.verification.verified).toBe(false);
      });
    });

    describe('moves refs', () => {
      it('forward only, unless forced', async () => {
        const parent = await head();
        const branch = await branchAt(parent);
        const [ours, theirs] = [
          await commitOn(parent, { 'x.yaml': 'ours\n' }),
          await commitOn(parent, { 'x.yaml': 'theirs\n' }),
        ];
        const patch = (sha: string, force: boolean) => ask('PATCH', `/repo/git/refs/heads%2F${branch}`, { sha, force });
        expect((await patch(theirs, false)).status).toBe(200);
        expect((await patch(ours, false)).status).toBe(422);
        expect(await head(branch)).toBe(theirs);
        expect((await patch(ours, true)).status).toBe(200);
        expect(await head(branch)).toBe(ours);
      });

      it('refuses one that is there, one to nothing, and tells what is missing', async () => {
        const sha = await head();
        const branch = await branchAt(sha);
        expect((await ask('POST', '/repo/git/refs', { ref: `refs/heads/${branch}`, sha })).status).toBe(422);
        expect((await ask('POST', '/repo/git/refs', { ref: 'refs/heads/new', sha: '1'.repeat(40) })).status).toBe(422);
        expect((await ask('GET', '/repo/git/ref/heads%2Fno-such')).status).toBe(404);
        const moved = await ask('PATCH', '/repo/git/refs/heads%2Fno-such', { sha });
        expect(moved.status).toBe(known('a ref that is not there is moved'));
        expect((await ask('DELETE', `/repo/git/refs/heads%2F${branch}`)).status).toBe(204);
        expect((await ask('GET', `/repo/git/ref/heads%2F${branch}`)).status).toBe(404);
        const again = await ask('DELETE', `/repo/git/refs/heads%2F${branch}`);
        expect(again.status).toBe(known('a ref that is not there is deleted'));
      });

      it('lists those that begin alike', async () => {
        const sha = await head();
        for (const name of ['windlass/bump/a', 'windlass/bump/b', 'windlass/other'])
          await ask('POST', '/repo/git/refs', { ref: `refs/heads/${name}`, sha });
        const { json } = await ask('GET', '/repo/git/matching-refs/heads%2Fwindlass%2Fbump%2F');
        expect(json.map(({ ref }: { ref: string }) => ref)).toEqual([
          'refs/heads/windlass/bump/a',
          'refs/heads/windlass/bump/b',
        ]);
      });
    });

    describe('compares commits', () => {
      it('tells who is ahead, and what changed', async () => {
        const common = await commitOn(await head(), {
          'keep.yaml': 'k\n',
          'edit.yaml': 'one\n',
          'drop.yaml': 'd\n',
          'from/moved.yaml': 'a: 1\nb: 2\nc: 3\nd: 4\n',
        });
        const ahead = await commitOn(common, {
          'edit.yaml': 'two\n',
          'drop.yaml': null,
          'add.yaml': 'a\n',
          'from/moved.yaml': null,
          'to/moved.yaml': 'a: 1\nb: 2\nc: 3\nd: 4\n',
        });
        const compare = async (base: string, to: string) => (await ask('GET', `/repo/compare/${base}...${to}`)).json;
        const { status, files, ahead_by, behind_by, merge_base_commit } = await compare(common, ahead);
        expect({ status, ahead_by, behind_by, base: merge_base_commit.sha }).toEqual({
          status: 'ahead',
          ahead_by: 1,
          behind_by: 0,
          base: common,
        });
        const told = files.map((file: Record<string, string>) => [
          file.filename,
          file.status,
          file.previous_filename,
          file.sha,
        ]);
        const blob = (content: string) => gitHash('blob', Buffer.from(content));
        expect(told.toSorted()).toEqual([
          ['add.yaml', 'added', undefined, blob('a\n')],
          ['drop.yaml', 'removed', undefined, blob('d\n')],
          ['edit.yaml', 'modified', undefined, blob('two\n')],
          ['to/moved.yaml', 'renamed', 'from/moved.yaml', blob('a: 1\nb: 2\nc: 3\nd: 4\n')],
        ]);
        expect((await compare(ahead, common)).status).toBe('behind');
        expect(await compare(ahead, ahead)).toMatchObject({ status: 'identical', files: [] });
        const aside = await commitOn(common, { 'aside.yaml': 'x\n' });
        expect(await compare(aside, ahead)).toMatchObject({ status: 'diverged', ahead_by: 1, behind_by: 1 });
        expect((await ask('GET', `/repo/compare/${'1'.repeat(40)}...${ahead}`)).status).toBe(404);
      });
    });

    describe('reads contents', () => {
      it('as base64, by branch and commit, and directories as lists', async () => {
        const branch = await branchAt(await head());
        const sha = await grow(branch, { 'dir/a.yaml': 'a: 1\r\n', 'dir/b/c.yaml': 'c\n' });
        for (const ref of [branch, sha]) {
          const { json } = await ask('GET', `/repo/contents/dir%2Fa.yaml?ref=${ref}`);
          expect(json).toMatchObject({
            type: 'file',
            encoding: 'base64',
            sha: gitHash('blob', Buffer.from('a: 1\r\n')),
          });
          expect(Buffer.from(json.content, 'base64').toString()).toBe('a: 1\r\n');
        }
        const { json: listed } = await ask('GET', `/repo/contents/dir?ref=${branch}`);
        expect(listed.map(({ name, type }: { name: string; type: string }) => [name, type]).toSorted()).toEqual([
          ['a.yaml', 'file'],
          ['b', 'dir'],
        ]);
        expect((await ask('GET', `/repo/contents/dir%2Fno.yaml?ref=${branch}`)).status).toBe(404);
      });

      has('raw contents')('as they are where that is asked for', async () => {
        const branch = await branchAt(await head());
        await grow(branch, { 'raw.yaml': 'a: ü\r\n' });
        const accept = { accept: 'application/vnd.github.raw' };
        expect((await ask('GET', `/repo/contents/raw.yaml?ref=${branch}`, undefined, accept)).json).toBe('a: ü\r\n');
      });

      it('tells the commits of a branch, newest first', async () => {
        const branch = await branchAt(await head());
        const first = await grow(branch, { 'l.yaml': '1\n' }, 'First');
        const second = await grow(branch, { 'l.yaml': '2\n' }, 'Second\n\nWindlass-Policy: web');
        const { json } = await ask('GET', `/repo/commits?sha=${branch}&per_page=2`);
        expect(json.map((each: { sha: string }) => each.sha)).toEqual([second, first]);
        expect(json[0].commit.message).toBe('Second\n\nWindlass-Policy: web');
        expect((await ask('GET', `/repo/branches/${branch}`)).json.commit.sha).toBe(second);
      });
    });

    describe('has pull requests', () => {
      const opened = async (content: string) => {
        const branch = await branchAt(await head());
        const sha = await grow(branch, { [`${branch}.yaml`]: content });
        const pull = await ask('POST', '/repo/pulls', {
          title: `Bump ${branch}`,
          body: 'why',
          head: branch,
          base: 'main',
        });
        expect(pull.status).toBe(201);
        return { branch, sha, number: pull.json.number as number };
      };

      it('opens one a branch, finds it by its branch, and changes its texts', async () => {
        const { branch, number, sha } = await opened('a\n');
        const again = await ask('POST', '/repo/pulls', { title: 'Twice', head: branch, base: 'main' });
        expect(again.status).toBe(known('a second pull request of the branch is opened'));
        const list = async (state: string) =>
          (await ask('GET', `/repo/pulls?head=${host.owner}:${branch}&state=${state}`)).json;
        expect((await list('open')).map((each: { number: number }) => each.number)).toContain(number);
        await ask('PATCH', `/repo/pulls/${number}`, { title: 'Other', body: 'because' });
        const { json } = await ask('GET', `/repo/pulls/${number}`);
        expect(json).toMatchObject({
          title: 'Other',
          body: 'because',
          state: 'open',
          merged: false,
          head: { ref: branch, sha },
          base: { ref: 'main' },
        });
        await ask('PATCH', `/repo/pulls/${number}`, { state: 'closed' });
        expect((await list('closed')).map((each: { number: number }) => each.number)).toContain(number);
      });

      it('refuses one without commits or without its branch', async () => {
        const branch = await branchAt(await head());
        const none = await ask('POST', '/repo/pulls', { title: 'None', head: branch, base: 'main' });
        expect(none.status).toBe(known('a pull request without commits is opened'));
        const lost = await ask('POST', '/repo/pulls', { title: 'None', head: 'no-such', base: 'main' });
        expect(lost.status).toBe(known('a pull request without its branch is opened'));
        expect((await ask('GET', '/repo/pulls/999')).status).toBe(404);
      });

      has('pull requests that follow their branch')('follows its branch', async () => {
        const { branch, number } = await opened('a\n');
        const sha = await grow(branch, { 'more.yaml': 'm\n' });
        expect((await ask('GET', `/repo/pulls/${number}`)).json.head.sha).toBe(sha);
      });

      it('takes labels and comments', async () => {
        const { number } = await opened('a\n');
        const labelled = await ask('POST', `/repo/issues/${number}/labels`, { labels: ['images', 'windlass'] });
        expect(labelled.status).toBe(200);
        expect(labelled.json.map(({ name }: { name: string }) => name).toSorted()).toEqual(['images', 'windlass']);
        expect((await ask('POST', `/repo/issues/${number}/comments`, { body: 'superseded' })).status).toBe(201);
        const { json } = await ask('GET', `/repo/issues/${number}/comments`);
        expect(json.map(({ body }: { body: string }) => body)).toEqual(['superseded']);
      });

      it('merges the head that was expected, once', async () => {
        const { number, sha, branch } = await opened('a\n');
        const merge = (expected: string) =>
          ask('PUT', `/repo/pulls/${number}/merge`, { sha: expected, merge_method: 'merge' });
        expect((await merge('1'.repeat(40))).status).toBe(known('a merge expects another head'));
        const merged = await merge(sha);
        expect(merged).toMatchObject({ status: 200, json: { merged: true } });
        expect(await head()).toBe(merged.json.sha);
        expect((await merge(sha)).status).toBe(known('a merge is asked for twice'));
        expect((await ask('GET', `/repo/pulls/${number}`)).json).toMatchObject({ state: 'closed', merged: true });
        expect((await ask('GET', `/repo/contents/${branch}.yaml`)).status).toBe(200);
      });

      has('pull requests that follow their branch')('closes it when its branch is deleted', async () => {
        const { number, branch } = await opened('a\n');
        await ask('DELETE', `/repo/git/refs/heads%2F${branch}`);
        expect((await ask('GET', `/repo/pulls/${number}`)).json).toMatchObject({ state: 'closed', merged: false });
      });
    });

    has('statuses')('tells how a commit fares by statuses', async () => {
      const sha = await commitOn(await head(), { 's.yaml': 's\n' });
      const status = (state: string, context: string) =>
        ask('POST', `/repo/statuses/${sha}`, { state, context, description: 'synced' });
      expect((await status('success', 'windlass/prod/shop')).status).toBe(201);
      expect((await status('pending', 'windlass/prod/api')).status).toBe(201);
      const { json } = await ask('GET', `/repo/commits/${sha}/status`);
      expect(json).toMatchObject({ state: 'pending', total_count: 2 });
      expect((await ask('GET', `/repo/commits/${sha}/statuses`)).json).toHaveLength(2);
    });

    has('statuses')('tells how a commit fares by deployments', async () => {
      const ref = await commitOn(await head(), { 'd.yaml': 'd\n' });
      const body = { ref, environment: 'prod', auto_merge: false, required_contexts: [] };
      const made = await ask('POST', '/repo/deployments', body);
      expect(made).toMatchObject({ status: 201, json: { sha: ref, environment: 'prod' } });
      const statuses = `/repo/deployments/${made.json.id}/statuses`;
      expect(
        (await ask('POST', statuses, { state: 'success', description: 'healthy', log_url: 'https://example.com/log' }))
          .status,
      ).toBe(201);
      expect((await ask('GET', statuses)).json).toMatchObject([{ state: 'success' }]);
    });

    has('archive')('gives an archive at another address', async () => {
      const response = await fetch(`${host.url}/repos/${host.owner}/${host.repo}/tarball/${await head()}`, {
        redirect: 'manual',
        headers: { authorization: `token ${token}` },
      });
      expect(response.status).toBe(302);
      const archive = await fetch(response.headers.get('location')!);
      expect([...new Uint8Array(await archive.arrayBuffer()).subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    });

    has('conditional requests')('answers 304 to who knows the answer', async () => {
      const path = `${host.url}/repos/${host.owner}/${host.repo}/commits/main`;
      const headers = { authorization: `token ${token}`, accept: 'application/vnd.github.sha' };
      const first = await fetch(path, { headers });
      expect(await first.text()).toBe(await head());
      const known = await fetch(path, { headers: { ...headers, 'if-none-match': first.headers.get('etag')! } });
      expect(known.status).toBe(304);
      await grow('main', { 'etag.yaml': `${await head()}\n` });
      const changed = await fetch(path, { headers: { ...headers, 'if-none-match': first.headers.get('etag')! } });
      expect([changed.status, await changed.text()]).toEqual([200, await head()]);
    });
  });
}

/** A JWT as an App signs it, for ten minutes that began `seconds` from now. */
function jwt(id: number, privateKey: string, seconds = 0): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000) + seconds;
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iss: String(id), iat: now - 30, exp: now + 540 })}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

function gitHash(type: string, content: Uint8Array): string {
  return createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');
}
