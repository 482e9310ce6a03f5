import { expect, it } from 'vitest';
import { openGitHub } from '../../../lib/adapters/github/client.ts';
import { describeWithStandins } from '../../standins/describe.ts';
import { appKey, bytes, failure, request, text, world } from './world.ts';

const odd = {
  'windlass.yaml': '\ufeffwindlass: 1\r\n',
  'holds/web.1.yaml': 'image: web\r\n',
  'holds/latin.yaml': new Uint8Array([0x23, 0xe9, 0x0a]),
  'holds/old/web.0.yaml': 'image: web\n',
  'suspends/all.1.yaml': 'all: images\n',
  'apps/web.yaml': 'image: web:1.0.0\n',
  'logo.png': new Uint8Array([0x89, 0x50, 0, 1, 2, 3]),
};

describeWithStandins('the head of a branch on GitHub', () => {
  it('is one snapshot by one request, byte by byte', async () => {
    const { github, open } = await world({ ...odd, 'holds/latin.yaml': 'a: é\n' });
    github.push({ 'apps/web.yaml': 'x\n' }, { message: 'Second\nline\n\nbody\n\nWindlass-Event: e-7' });
    const repo = open();
    await repo.head();
    const mark = github.requests.mark();
    const head = await repo.head();
    expect(github.requests.since(mark)).toHaveLength(1);
    expect(head.revision).toBe(github.head());
    expect(text(head.windlassFile)).toBe('\ufeffwindlass: 1\r\n');
    expect(head.holds.map(({ path }) => path)).toEqual(['holds/latin.yaml', 'holds/web.1.yaml']);
    expect(text(head.holds[1]!.bytes)).toBe('image: web\r\n');
    expect(head.suspends.map((file) => [file.path, text(file.bytes)])).toEqual([
      ['suspends/all.1.yaml', 'all: images\n'],
    ]);
    expect(head.recent).toHaveLength(2);
    expect(head.recent[0]).toMatchObject({
      revision: github.head(),
      subject: 'Second line',
      author: 'Ada',
      trailers: [['Windlass-Event', 'e-7']],
    });
    expect(head.proposals).toEqual([]);
  });

  it('asks for the bytes of what its text does not tell', async () => {
    const { github, open } = await world(odd);
    const head = await open().head();
    expect([...head.holds.find(({ path }) => path === 'holds/latin.yaml')!.bytes]).toEqual([0x23, 0xe9, 0x0a]);
    expect(github.requests.counts()['GET /repos/{owner}/{repo}/git/blobs/{file_sha}']).toBe(1);
  });

  it('is undefined where there is no windlass.yaml, and an error where it is no file', async () => {
    const { github, open } = await world({ 'a.yaml': 'a\n' });
    const repo = open();
    const head = await repo.head();
    expect(head.windlassFile).toBeUndefined();
    expect(head.holds).toEqual([]);
    github.push({ 'windlass.yaml': { link: 'a.yaml' } });
    expect((await failure(repo.head())).code).toBe('not-a-file');
    github.push({ 'windlass.yaml': '# long\n'.repeat(20) });
    expect((await failure(open({ maxFileBytes: 100 }).head())).code).toBe('file-too-large');
  });

  it('does not mix two commits when somebody pushes while GitHub answers', async () => {
    const { github, open } = await world({ 'windlass.yaml': 'windlass: 1\n', 'holds/a.yaml': 'old\n' });
    let pushes = 0;
    const { repository } = github;
    const resolve = repository.resolve.bind(repository);
    // GitHub resolves the names of a query one after another.
    repository.resolve = (name) => {
      if (name === 'refs/heads/main' && pushes < 2) github.push({ 'holds/a.yaml': `new ${pushes++}\n` });
      return resolve(name);
    };
    const head = await open().head();
    expect(head.revision).toBe(github.head());
    expect(text(head.holds[0]!.bytes)).toBe('new 1\n');
  });
});

describeWithStandins('files of a commit on GitHub', () => {
  it('come in the order asked for, by few requests', async () => {
    const files = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`f/${index}.yaml`, `n: ${index}\n`]));
    const { github, open } = await world(files);
    const revision = github.head()!;
    github.push({ 'f/3.yaml': 'changed\n' });
    const paths = Object.keys(files).reverse();
    const found = await open().read(revision, paths);
    expect(found.map((file) => [file.path, text(file.bytes)])).toEqual(paths.map((path) => [path, files[path]]));
    expect(github.requests.counts()['GRAPHQL query repository']).toBe(3);
    expect(await open().read(revision, [])).toEqual([]);
  });

  it('are plain ones that are there', async () => {
    const { github, open } = await world({ 'a.yaml': 'a\n', 'link.yaml': { link: 'a.yaml' }, 'dir/b.yaml': 'b\n' });
    const repo = open({ maxFileBytes: 10 });
    const revision = github.push({ 'big.yaml': 'x'.repeat(11) });
    expect((await failure(repo.read(revision, ['none.yaml']))).code).toBe('file-missing');
    expect((await failure(repo.read(revision, ['link.yaml']))).code).toBe('not-a-file');
    expect((await failure(repo.read(revision, ['dir']))).code).toBe('not-a-file');
    expect((await failure(repo.read(revision, ['big.yaml']))).code).toBe('file-too-large');
  });

  it('that are long come whole', async () => {
    const long = `${'# a long line of a long file\n'.repeat(40_000)}last`;
    const { github, open } = await world({ 'a.yaml': long });
    const [file] = await open().read(github.head()!, ['a.yaml']);
    expect(file!.bytes.length).toBe(long.length);
    expect(text(file!.bytes)).toBe(long);
  });

  it('were changed when their last commit was made', async () => {
    let now = new Date('2026-11-22T10:00:00Z');
    const { github, open, client } = await world({ 'a.yaml': 'a\n' }, { access: { tokens: ['t'] }, now: () => now });
    now = new Date('2026-11-22T11:00:00Z');
    const changed = github.push({ 'b.yaml': 'b\n' });
    now = new Date('2026-11-22T12:00:00Z');
    const head = github.push({ 'c.yaml': 'c\n' });
    const repo = open({ client: client({ auth: { token: 't' } }) });
    expect(await repo.changedAt(head, ['a.yaml', 'b.yaml'])).toEqual(new Date('2026-11-22T11:00:00Z'));
    expect(await repo.changedAt(changed, ['c.yaml'])).toBeUndefined();
    expect(await repo.changedAt(head, [])).toBeUndefined();
  });

  it('whose text is not theirs are fetched, or nothing is told', async () => {
    const { github, open } = await world({ 'a.yaml': 'good\n' });
    const revision = github.head()!;
    const lying = async (input: string | URL | Request, init?: RequestInit) => {
      const answer = await github.fetch(input, init);
      const body = (await answer.text()).replaceAll('good', 'evil').replaceAll(btoa('good\n'), btoa('evil\n'));
      return new Response(body, { status: answer.status, headers: { 'content-type': 'application/json' } });
    };
    const auth = { app: { id: 7, installationId: 42, privateKey: appKey.privateKey } };
    const client = openGitHub({ auth, userAgent: 'test', fetch: lying as typeof fetch });
    expect((await failure(open({ client }).read(revision, ['a.yaml']))).code).toBe('github-unreachable');
  });

  it('are refused as paths when they lead out of the repository', async () => {
    const { github, open } = await world();
    for (const path of ['../x', '/x', 'a//b', '.git/config', 'a/./b', '']) {
      const files = [{ path, bytes: bytes('x') }];
      await expect(open().commit(request(github.head()!, files))).rejects.toThrow('not a path');
    }
  });
});
