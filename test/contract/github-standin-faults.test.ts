import { expect, it, onTestFinished } from 'vitest';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub, type Fault, type GitHub, type GitHubOptions } from '../standins/github.ts';

const files = { 'windlass.yaml': 'windlass: 1\n', 'apps/web.yaml': 'image: web:1\n' };
const create = (more: Partial<GitHubOptions> = {}) => createGitHub({ files, ...more });

const mutation =
  'mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }';

interface Input {
  expectedHeadOid?: string;
  additions?: object[];
  deletions?: object[];
}

function commit(
  github: GitHub,
  { expectedHeadOid = github.head(), additions = [], deletions = [] }: Input = {},
): Promise<Response> {
  const input = {
    branch: { repositoryNameWithOwner: 'acme/config', branchName: 'main' },
    message: { headline: 'Bump', body: 'Windlass-Policy: web' },
    expectedHeadOid,
    fileChanges: { additions, deletions },
  };
  return graphql(github, mutation, { input });
}

function graphql(github: GitHub, query: string, variables: object = {}, init: RequestInit = {}): Promise<Response> {
  return github.fetch(`${github.baseUrl}/graphql`, {
    method: 'POST',
    body: JSON.stringify({ query, variables }),
    ...init,
  });
}

// biome-ignore lint/suspicious/noExplicitAny: each test looks at another part of an answer
type Json = any;

async function errorsOf(answer: Promise<Response>): Promise<Json[]> {
  const { status, body } = await answer.then(async (response) => ({
    status: response.status,
    body: (await response.json()) as Json,
  }));
  expect(status).toBe(200);
  return body.errors ?? [];
}

const web = (content: string) => ({ path: 'apps/web.yaml', contents: Buffer.from(content).toString('base64') });

describeWithStandins('GraphQL of our stand-in', () => {
  it('refuses a query that GitHub’s schema does not have', async () => {
    const github = await create();
    const messages = async (query: string) =>
      (await errorsOf(graphql(github, query))).map(({ message }) => message).join();
    expect(await messages('{ repository(owner: "acme") { id } }')).toContain('"name" of type "String!" is required');
    expect(await messages('{ repository(owner: "acme", name: "config") { noSuchField } }')).toContain('noSuchField');
    expect(await messages('{ repository(owner: "acme"')).toContain('Parse error');
    expect(await messages('{ repository(owner: "acme", name: "config") { stargazerCount } }')).toContain(
      'does not serve Repository.stargazerCount',
    );
    expect(JSON.stringify(await errorsOf(graphql(github, mutation, { input: {} })))).toContain('expectedHeadOid');
    expect(
      await messages('{ repository(owner: "acme", name: "config") { refs(refPrefix: "refs/heads/") { totalCount } } }'),
    ).toContain('`first` or `last`');
    expect(await errorsOf(graphql(github, '{ repository(owner: "acme", name: "other") { id } }'))).toMatchObject([
      { type: 'NOT_FOUND' },
    ]);
  });

  it('commits on the head that was expected, and verified', async () => {
    const github = await create();
    const parent = github.head()!;
    expect(await errorsOf(commit(github, { additions: [web('image: web:2\r\n')] }))).toEqual([]);
    expect(Buffer.from(github.show('apps/web.yaml')!).toString()).toBe('image: web:2\r\n');
    const made = github.commitOf('main');
    expect(made).toMatchObject({ parents: [parent], message: 'Bump\n\nWindlass-Policy: web', verified: true });
    const stale = await errorsOf(commit(github, { expectedHeadOid: parent, additions: [web('x\n')] }));
    expect(stale).toMatchObject([{ type: 'STALE_DATA', message: expect.stringContaining(`"${parent}"`) }]);
    expect(github.head()).toBe(made.oid);
  });

  it('refuses file changes that contradict themselves or the head', async () => {
    const github = await create();
    const head = github.head();
    const bad: Input[] = [
      { deletions: [{ path: 'no/such.yaml' }] },
      { additions: [web('a'), web('b')] },
      { additions: [web('a')], deletions: [{ path: 'apps/web.yaml' }] },
      { additions: [{ path: 'apps/web.yaml', contents: 'YQ' }] },
      { additions: [{ path: '../web.yaml', contents: 'YQ==' }] },
    ];
    for (const input of bad) expect(await errorsOf(commit(github, input))).toMatchObject([{ type: 'UNPROCESSABLE' }]);
    expect(github.head()).toBe(head);
  });

  it('tells no text of a binary file, a cut one of a long file, and a converted one of what is not UTF-8', async () => {
    const github = await create({
      files: { b: new Uint8Array([0, 1]), l: 'x'.repeat(600_000), n: new Uint8Array([0xe4]), m: '\ufeffa' },
    });
    const query =
      '{ repository(owner: "acme", name: "config") { b: object(expression: "main:b") { ...T } l: object(expression: "main:l") { ...T } n: object(expression: "main:n") { ...T } m: object(expression: "main:m") { ...T } } } fragment T on Blob { text isBinary isTruncated byteSize }';
    const { data } = (await (await graphql(github, query)).json()) as Json;
    expect(data.repository.b).toEqual({ text: null, isBinary: true, isTruncated: false, byteSize: 2 });
    expect(data.repository.l).toMatchObject({ isTruncated: true, byteSize: 600_000 });
    expect(data.repository.l.text.length).toBeLessThan(600_000);
    expect(data.repository.n.text).toBe('ä');
    expect(data.repository.m.text).toBe('a');
  });

  it('keeps to rights and protections', async () => {
    const github = await create();
    github.repository.settings.permissions['contents'] = 'read';
    expect(await errorsOf(commit(github))).toMatchObject([{ type: 'FORBIDDEN' }]);
    github.repository.settings.permissions['contents'] = 'write';
    github.repository.protections.set('main', { requirePullRequest: true });
    const refused = await errorsOf(commit(github, { additions: [web('x\n')] }));
    expect(refused).toMatchObject([
      { type: 'BRANCH_PROTECTION_RULE_VIOLATION', message: expect.stringContaining('pull request') },
    ]);
    const sha = github.push({ a: 'b' }, { branch: 'aside' });
    const moved = await github.fetch(`${github.baseUrl}/repos/acme/config/git/refs/heads%2Fmain`, {
      method: 'PATCH',
      body: JSON.stringify({ sha }),
    });
    expect(moved.status).toBe(422);
  });
});

describeWithStandins('faults of our stand-in', () => {
  it('strike before the work, or after it when only the answer is lost', async () => {
    const github = await create();
    const parent = github.head();
    github.faults.add({ on: 'createCommitOnBranch', trouble: 502, when: 'before', times: 1 });
    const before = await commit(github, { additions: [web('x\n')] });
    expect([before.status, before.headers.get('content-type')]).toEqual([502, 'text/html']);
    expect(github.head()).toBe(parent);
    github.faults.add({ on: 'createCommitOnBranch', trouble: 500, when: 'after', nth: 1 });
    expect((await commit(github, { additions: [web('x\n')] })).status).toBe(500);
    expect(github.head()).not.toBe(parent);
    expect((await commit(github, { additions: [web('y\n')] })).status).toBe(200);
  });

  it('tell how long to wait', async () => {
    const github = await create();
    const answer = async (fault: Fault) => {
      github.faults.clear();
      github.faults.add(fault);
      return github.fetch(`${github.baseUrl}/repos/acme/config/git/ref/heads%2Fmain`);
    };
    for (const trouble of [403, 429] as const) {
      const limited = await answer({ trouble, when: 'before', retryAfter: 7 });
      expect([limited.status, limited.headers.get('retry-after')]).toEqual([trouble, '7']);
    }
    const primary = await answer({ trouble: 'rate-limited', when: 'before' });
    expect([primary.status, primary.headers.get('x-ratelimit-remaining')]).toEqual([403, '0']);
    expect(await errorsOf(commit(github))).toMatchObject([{ type: 'RATE_LIMITED' }]);
  });

  it('break the connection, in process and by HTTP', async () => {
    const github = await create();
    const { url, close } = await github.listen();
    onTestFinished(close);
    const path = '/repos/acme/config/git/trees/main?recursive=1';
    for (const get of [
      (init?: RequestInit) => github.fetch(`${github.baseUrl}${path}`, init),
      (init?: RequestInit) => fetch(`${url}${path}`, init),
    ]) {
      github.faults.clear();
      expect(((await (await get()).json()) as Json).tree).toHaveLength(3);
      github.faults.add({ trouble: 'reset', when: 'before', times: 1 });
      await expect(get()).rejects.toThrow('fetch failed');
      github.faults.add({ trouble: 'cut', when: 'after', times: 1 });
      const cut = await get();
      await expect(cut.text()).rejects.toThrow('terminated');
      github.faults.add({ trouble: 'silence', when: 'after', times: 1 });
      await expect(get({ signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout|aborted/);
    }
  });

  it('are the same for the same seed', async () => {
    const drawn = async (seed: number) => {
      const github = await create({ seed });
      github.faults.add(
        { trouble: 500, when: 'before', chance: 0.3 },
        { on: 'GET', trouble: 429, when: 'before', chance: 0.2 },
      );
      const statuses: number[] = [];
      for (let count = 0; count < 60; count++)
        statuses.push((await github.fetch(`${github.baseUrl}/repos/acme/config`)).status);
      return statuses;
    };
    const first = await drawn(7);
    expect(new Set(first)).toEqual(new Set([200, 500, 429]));
    expect(await drawn(7)).toEqual(first);
    expect(await drawn(8)).not.toEqual(first);
  });
});

describeWithStandins('the record of our stand-in', () => {
  it('has every request with its bytes, and tells credentials that were sent along', async () => {
    const github = await create();
    await github.fetch(`${github.baseUrl}/repos/acme/config`);
    const mark = github.requests.mark();
    const answer = await commit(github, { additions: [web('x\n')] });
    const { length } = await answer.text();
    await github.fetch(`${github.baseUrl}/repos/acme/config/tarball/main`, { headers: { authorization: 'token t' } });
    expect(github.requests.counts(mark)).toEqual({
      'GRAPHQL mutation createCommitOnBranch': 1,
      'GET /repos/{owner}/{repo}/tarball/{ref}': 1,
      'GET /codeload/{owner}/{repo}/legacy.tar.gz/{ref}': 1,
    });
    const [first, redirect, archive] = github.requests.since(mark);
    expect(first).toMatchObject({ status: 200, down: length, authorized: false });
    expect(first!.up).toBeGreaterThan(100);
    expect([redirect!.authorized, archive!.authorized]).toEqual([true, false]);
  });

  it('counts against the hourly limit, but not what is known already', async () => {
    let now = new Date('2026-11-22T10:00:00Z');
    const github = await create({ limit: 2, now: () => now });
    const get = (headers: Record<string, string> = {}) =>
      github.fetch(`${github.baseUrl}/repos/acme/config/commits/main`, { headers });
    const first = await get();
    const etag = first.headers.get('etag')!;
    expect(first.headers.get('x-ratelimit-remaining')).toBe('1');
    expect((await get({ 'if-none-match': etag })).status).toBe(304);
    expect((await get()).status).toBe(200);
    const over = await get();
    expect([over.status, over.headers.get('x-ratelimit-remaining')]).toEqual([403, '0']);
    now = new Date(Number(over.headers.get('x-ratelimit-reset')) * 1000);
    expect((await get()).status).toBe(200);
  });
});

describeWithStandins('pull requests of our stand-in', () => {
  const open = (github: GitHub, head: string) =>
    github.fetch(`${github.baseUrl}/repos/acme/config/pulls`, {
      method: 'POST',
      body: JSON.stringify({ title: 'Bump', head, base: 'main' }),
    });
  const patch = (github: GitHub, number: number, body: object) =>
    github.fetch(`${github.baseUrl}/repos/acme/config/pulls/${number}`, {
      method: 'PATCH',
      body: JSON.stringify(body),
    });

  it('are closed when their branch has nothing more than its base, and do not come back', async () => {
    const github = await create();
    github.push({ a: '1\n' }, { branch: 'bump' });
    expect((await open(github, 'bump')).status).toBe(201);
    github.repository.setRef('refs/heads/bump', github.head()!);
    expect(github.pull(1).state).toBe('closed');
    github.push({ a: '2\n' }, { branch: 'bump' });
    const again = await patch(github, 1, { state: 'open' });
    expect([again.status, JSON.stringify(await again.json())]).toEqual([
      422,
      expect.stringContaining('state cannot be changed'),
    ]);
    expect((await open(github, 'bump')).status).toBe(201);
  });

  it('are merged when their commits reach the base by another way', async () => {
    const github = await create();
    const sha = github.push({ a: '1\n' }, { branch: 'bump' });
    await open(github, 'bump');
    github.repository.setRef('refs/heads/main', sha);
    expect(github.pull(1)).toMatchObject({ state: 'closed', mergedAt: expect.any(Date) });
  });

  it('are not merged over a conflict', async () => {
    const github = await create();
    github.push({ 'apps/web.yaml': 'ours\n' }, { branch: 'bump' });
    await open(github, 'bump');
    github.push({ 'apps/web.yaml': 'theirs\n' });
    expect(() => github.merge(1)).toThrow('not mergeable');
  });

  it('refuse auto-merge while nothing is waited for', async () => {
    const github = await create();
    github.push({ a: '1\n' }, { branch: 'bump' });
    const { node_id: id } = (await (await open(github, 'bump')).json()) as Json;
    const query =
      'mutation($id: ID!) { enablePullRequestAutoMerge(input: { pullRequestId: $id }) { pullRequest { number } } }';
    expect(await errorsOf(graphql(github, query, { id }))).toMatchObject([
      { message: expect.stringContaining('clean status') },
    ]);
    github.repository.protections.set('main', { requirePullRequest: false, approvals: 1 });
    expect(await errorsOf(graphql(github, query, { id }))).toEqual([]);
    expect(github.pull(1).autoMerge).toBe('MERGE');
  });
});
