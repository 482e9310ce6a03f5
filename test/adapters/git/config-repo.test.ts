import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openGitConfigRepo } from '../../../lib/adapters/git/config-repo.ts';
import type { ConfigRepo } from '../../../lib/bump/ports.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { gitIn, type TestRepo, temporaryDirectory, testRepo, writeFiles } from './repos.ts';

const author = { name: 'Windlass', email: 'windlass@example.com' };
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);

const headOf = async (config: ConfigRepo): Promise<string> => (await config.head()).revision;

function open(repo: TestRepo, url = repo.bare, more: Partial<Parameters<typeof openGitConfigRepo>[0]> = {}) {
  return openGitConfigRepo({ url, branch: 'main', cacheDir: join(repo.root, 'cache'), author, ...more });
}

function request(parent: string, content: string) {
  return {
    parent,
    files: [{ path: 'web.yaml', bytes: bytes(content) }],
    subject: 'Bump web',
    body: [],
    trailers: [],
    at: new Date('2026-11-22T10:00:00Z'),
  };
}

async function failure(promise: Promise<unknown>): Promise<UserError | RetryableError> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError || error instanceof RetryableError) return error;
  throw error;
}

describe('a config repo by the git binary', () => {
  it('says which branches there are when the wanted one is missing', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n' });
    repo.git('branch', 'release', 'main');
    const error = await failure(open(repo, repo.bare, { branch: 'production' }).head());
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toBe('branch-missing');
    expect(error.message).toContain('it has main, release');
  });

  it('says that a repository without a commit has none', async () => {
    const root = temporaryDirectory();
    gitIn(root, 'init', '--quiet', '--bare', 'empty.git');
    const repo = openGitConfigRepo({
      url: join(root, 'empty.git'),
      branch: 'main',
      cacheDir: join(root, 'cache'),
      author,
    });
    expect((await failure(repo.head())).message).toContain('it has no commit yet');
  });

  it('refuses a shallow clone, whose history is cut off, until it has all of it', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n' });
    const head = repo.push({ 'web.yaml': 'b\n' });
    const cut = join(repo.root, 'cut');
    gitIn(repo.root, 'clone', '--quiet', '--depth=1', `file://${repo.bare}`, cut);
    gitIn(cut, 'worktree', 'add', '--quiet', '--detach', join(repo.root, 'beside'));
    // Twice: what the first try has fetched does not make the second one read it.
    for (const directory of [cut, cut, join(repo.root, 'beside')]) {
      const error = await failure(open(repo, directory).head());
      expect(error).toBeInstanceOf(UserError);
      expect(error.code).toBe('repo-shallow');
      expect(error.message).toContain(`${directory} is a shallow clone`);
      expect(error.message).toContain('git fetch --unshallow');
    }
    gitIn(cut, 'fetch', '--quiet', '--unshallow');
    expect(await headOf(open(repo, cut))).toBe(head);
    expect((await open(repo, cut).commits(10)).length).toBe(2);
  });

  it('tells a directory that is no repository from one that cannot be reached', async () => {
    const root = temporaryDirectory();
    const at = (url: string) => openGitConfigRepo({ url, branch: 'main', cacheDir: join(root, 'cache'), author });
    const missing = await failure(at(join(root, 'nothing')).head());
    expect(missing).toBeInstanceOf(UserError);
    expect(missing.code).toBe('not-a-repository');
    expect(missing.message).toBe(`there is no directory ${join(root, 'nothing')}`);
    mkdirSync(join(root, 'plain'));
    const plain = await failure(at(join(root, 'plain')).head());
    expect(plain.code).toBe('not-a-repository');
    expect(plain.message).toBe(
      `${join(root, 'plain')} is not a Git repository: run git init, git add and git commit there first`,
    );
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const broken = await failure(at(`https://127.0.0.1:${port}/config.git`).head());
    await new Promise((done) => server.close(done));
    const closed = await failure(at(`https://127.0.0.1:${port}/config.git`).head());
    expect(broken).toBeInstanceOf(RetryableError);
    expect(closed).toBeInstanceOf(RetryableError);
    expect(closed.code).toBe('repo-unreachable');
  });

  it('never shows the password of a URL', async () => {
    const root = temporaryDirectory();
    const url = 'https://bot:s3cr3t-token@127.0.0.1:1/config.git';
    const error = await failure(
      openGitConfigRepo({ url, branch: 'main', cacheDir: join(root, 'cache'), author }).head(),
    );
    expect(error.message).toContain('https://127.0.0.1:1/config.git');
    expect(error.message).not.toContain('s3cr3t');
    expect(error.message).not.toContain(Buffer.from('bot:s3cr3t-token').toString('base64'));
  });

  it.each([
    'ext::sh -c touch% /tmp/owned',
    '--upload-pack=touch /tmp/owned',
    'git://example.com/config.git',
    'http://example.com/config.git',
    'ssh://-oProxyCommand=touch/config.git',
    'fd::17',
    '',
  ])('refuses the URL %j', (url) => {
    const cacheDir = '/nonexistent';
    expect(() => openGitConfigRepo({ url, branch: 'main', cacheDir, author })).toThrow(UserError);
  });

  it.each(['', '--exec=x', 'a..b', 'a b', 'main:other', 'x.lock', '@{-1}', 'a\nb', '/main'])(
    'refuses the branch %j',
    (branch) => {
      expect(() => openGitConfigRepo({ url: '/tmp/x', branch, cacheDir: '/nonexistent', author })).toThrow(UserError);
    },
  );

  it('hands on what a hook of the repository says when it refuses, and leaves the branch', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n' });
    const hook = join(repo.bare, 'hooks', 'pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho "only signed commits, please \\033[31m"\nexit 1\n');
    chmodSync(hook, 0o755);
    const config = open(repo);
    const head = await headOf(config);
    const error = await failure(config.commit(request(head, 'b\n')));
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toBe('push-rejected');
    expect(error.message).toContain('only signed commits, please');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal must not get them
    expect(error.message).not.toMatch(/\x1b/);
    expect(await headOf(config)).toBe(head);
  });

  // Root may write everywhere, and nobody else can give a repository away.
  if (process.getuid?.() === 0) {
    it('says what helps with a repository of another user', async () => {
      const repo = testRepo({ 'web.yaml': 'a\n' });
      chownSync(repo.bare, 65534, 65534);
      const error = await failure(open(repo).head());
      expect([error.code, error.message]).toEqual([
        'repo-owner',
        expect.stringContaining('it belongs to another user of this machine\nrun Windlass as that user'),
      ]);
      expect(error.message).not.toContain('git config');
    });
  } else {
    it('says that the repository cannot be written to, and blames no hook', async () => {
      const repo = testRepo({ 'web.yaml': 'a\n' });
      const config = open(repo);
      const head = await headOf(config);
      chmodSync(join(repo.bare, 'objects'), 0o555);
      const error = await failure(config.commit(request(head, 'b\n')));
      chmodSync(join(repo.bare, 'objects'), 0o755);
      expect([error.code, error.message]).toEqual([
        'push-rejected',
        expect.stringMatching(/could not take the push to main: unable to create .*\nlet the user/),
      ]);
      expect(error.message).not.toContain('hook');
    });
  }

  it('explains what to do about a branch that is checked out there', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n' });
    gitIn(repo.root, 'clone', '--quiet', repo.bare, 'checkout');
    const config = open(repo, join(repo.root, 'checkout'));
    const error = await failure(config.commit(request(await headOf(config), 'b\n')));
    expect(error.code).toBe('branch-checked-out');
    expect(error.message).toContain('receive.denyCurrentBranch updateInstead');
  });

  it('moves a clean checkout with the branch, and leaves one with work in it alone', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n', 'notes.txt': 'x\n' });
    const checkout = join(repo.root, 'checkout');
    gitIn(repo.root, 'clone', '--quiet', repo.bare, checkout);
    const config = open(repo, checkout, { checkedOut: 'update-when-clean' });
    const first = await config.commit(request(await headOf(config), 'b\n'));
    expect(first.result).toBe('committed');
    expect(readFileSync(join(checkout, 'web.yaml'), 'utf8')).toBe('b\n');
    expect(gitIn(checkout, 'status', '--porcelain')).toBe('');

    writeFiles(checkout, { 'notes.txt': 'half a thought\n' });
    const head = await headOf(config);
    const error = await failure(config.commit(request(head, 'c\n')));
    expect(error.code).toBe('worktree-dirty');
    expect(await headOf(config)).toBe(head);
    expect(readFileSync(join(checkout, 'notes.txt'), 'utf8')).toBe('half a thought\n');
    expect(readFileSync(join(checkout, 'web.yaml'), 'utf8')).toBe('b\n');
  });

  it('keeps the mode of a file, and refuses to write through a symbolic link', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n', 'link.yaml': { link: 'web.yaml' } });
    gitIn(repo.work, 'update-index', '--chmod=+x', 'web.yaml');
    gitIn(repo.work, 'commit', '--quiet', '-m', 'Executable');
    gitIn(repo.work, 'push', '--quiet', repo.bare, 'HEAD:main');
    const config = open(repo);
    await config.commit(request(await headOf(config), 'b\n'));
    expect(repo.git('ls-tree', 'main', 'web.yaml')).toMatch(/^100755/);
    const linked = { ...request(await headOf(config), ''), files: [{ path: 'link.yaml', bytes: bytes('x') }] };
    expect((await failure(config.commit(linked))).code).toBe('not-a-file');
    expect((await failure(config.read(await headOf(config), ['link.yaml']))).code).toBe('not-a-file');
  });

  it.each(['../outside.yaml', '.git/hooks/post-commit', 'a/../b', '/etc/passwd', 'a//b'])(
    'never writes the path %j',
    async (path) => {
      const repo = testRepo({ 'web.yaml': 'a\n' });
      const config = open(repo);
      const head = await headOf(config);
      const bad = { ...request(head, ''), files: [{ path, bytes: bytes('x') }] };
      await expect(config.commit(bad)).rejects.toThrow('is not a path inside a repository');
      expect(await headOf(config)).toBe(head);
    },
  );

  it('lists a file that is too large instead of reading it', async () => {
    const repo = testRepo({ 'big.yaml': `# $imagepolicy\n${'x'.repeat(3000)}\n`, 'small.yaml': '# $imagepolicy\n' });
    const config = open(repo, repo.bare, { maxFileBytes: 1000 });
    const survey = {
      key: '1',
      interests: [{ matches: (path: string) => path.endsWith('.yaml'), token: '$imagepolicy' }],
      facts: () => true,
    };
    const found = await config.survey(await headOf(config), survey);
    expect(found.files.map((file) => file.path)).toEqual(['small.yaml']);
    expect(found.tooLarge).toEqual(['big.yaml']);
    expect((await failure(config.read(await headOf(config), ['big.yaml']))).code).toBe('file-too-large');
  });

  it('goes on after the branch was rewritten, and after its copy was deleted', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n' });
    const config = open(repo);
    const first = await headOf(config);
    await config.read(first, ['web.yaml']);
    gitIn(repo.work, 'commit', '--quiet', '--amend', '-m', 'Rewritten');
    gitIn(repo.work, 'push', '--quiet', '--force', repo.bare, 'HEAD:main');
    const second = await headOf(config);
    expect(second).not.toBe(first);
    expect((await config.commit(request(second, 'b\n'))).result).toBe('committed');
    rmSync(join(repo.root, 'cache'), { recursive: true });
    expect((await config.commit(request(await headOf(config), 'c\n'))).result).toBe('committed');
    expect((await failure(config.read('0'.repeat(40), ['web.yaml']))).code).toBe('revision-missing');
  });

  it('shares one copy between two that open it at the same moment', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n' });
    const heads = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const config = open(repo);
        const head = await headOf(config);
        return new TextDecoder().decode((await config.read(head, ['web.yaml']))[0]!.bytes);
      }),
    );
    expect(heads).toEqual(Array(6).fill('a\n'));
  });

  it('runs no hook and no filter of the machine’s user', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n', '.gitattributes': '* filter=evil eol=crlf\n' });
    const mark = join(repo.root, 'ran');
    const home = temporaryDirectory();
    writeFileSync(
      join(home, '.gitconfig'),
      `[filter "evil"]\n\tsmudge = touch ${mark}\n\tclean = touch ${mark}\n[core]\n\thooksPath = ${home}\n`,
    );
    writeFileSync(join(home, 'pre-push'), `#!/bin/sh\ntouch ${mark}\n`);
    chmodSync(join(home, 'pre-push'), 0o755);
    const before = process.env['HOME'];
    process.env['HOME'] = home;
    try {
      const config = open(repo);
      expect((await config.commit(request(await headOf(config), 'b\n'))).result).toBe('committed');
    } finally {
      process.env['HOME'] = before;
    }
    expect(existsSync(mark)).toBe(false);
  });

  it('tells the last commits with their trailers and files', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n' });
    const config = open(repo);
    const made = await config.commit({
      ...request(await headOf(config), 'b\n'),
      subject: 'Bump <b>web</b> to 1.1.0',
      trailers: [
        ['Windlass-Policy', 'web'],
        ['Windlass-Event', 'e-1'],
      ],
    });
    repo.push({ 'docs/x y.md': 'hello\n', 'web.yaml': 'c\n' }, 'Change two files');
    const [theirs, ours, first, ...rest] = await config.commits(3);
    expect(rest).toEqual([]);
    expect(theirs).toMatchObject({
      subject: 'Change two files',
      author: 'Ada',
      files: ['docs/x y.md', 'web.yaml'],
      trailers: [],
    });
    expect(ours).toMatchObject({
      revision: made.result === 'committed' ? made.revision : '',
      subject: 'Bump <b>web</b> to 1.1.0',
      author: 'Windlass',
      trailers: [
        ['Windlass-Policy', 'web'],
        ['Windlass-Event', 'e-1'],
      ],
      files: ['web.yaml'],
    });
    expect(Date.parse(ours!.at)).toBe(Date.parse('2026-11-22T10:00:00Z'));
    expect(first).toMatchObject({ subject: 'Begin', files: ['web.yaml'] });
    expect(await config.commits(1)).toHaveLength(1);
  });
});
