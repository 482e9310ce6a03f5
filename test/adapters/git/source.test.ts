import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openGitSource } from '../../../lib/adapters/git/source.ts';
import { gitIn, type TestRepo, testRepo } from './repos.ts';

function open(repo: TestRepo, more: { maxFiles?: number; maxBytes?: number; treesDir?: string } = {}) {
  return openGitSource({ url: repo.bare, branch: 'main', cacheDir: join(repo.root, 'cache'), ...more });
}

describe('a source by the git binary', () => {
  it('opens one revision, whatever the branch does meanwhile, and takes it away on close', async () => {
    const repo = testRepo({ 'apps/web.yaml': 'kind: A\n', 'apps/b/c.yaml': 'kind: C\n', 'other.yaml': 'x\n' });
    const source = open(repo);
    const tree = await source.open(await source.head());
    repo.push({ 'apps/web.yaml': 'kind: B\n' });
    expect((await tree.files('apps')).map((file) => file.path)).toEqual(['apps/b/c.yaml', 'apps/web.yaml']);
    expect(await tree.files('app')).toEqual([]);
    expect((await tree.files('.')).length).toBe(3);
    expect(new TextDecoder().decode(await tree.read('apps/web.yaml'))).toBe('kind: A\n');
    expect(readFileSync(join(await tree.checkOut!(), 'apps/web.yaml'), 'utf8')).toBe('kind: A\n');
    await expect(tree.read('apps/none.yaml')).rejects.toThrow('is not a file of commit');
    await expect(tree.read('../tree/other.yaml')).rejects.toThrow('is not a file of commit');
    const directory = await tree.checkOut!();
    await tree.close();
    expect(existsSync(directory)).toBe(false);
  });

  it('checks nothing out for a few small files, and the whole tree once for many or a large one', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `maps/${index}.yaml`);
    const repo = testRepo({
      ...Object.fromEntries(names.map((name) => [name, `name: ${name}\n`])),
      'large.txt': 'x'.repeat(2_000_000),
    });
    const treesDir = join(repo.root, 'trees');
    const source = open(repo, { treesDir });
    const head = await source.head();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const trees = () => (existsSync(treesDir) ? readdirSync(treesDir) : []);

    const tree = await source.open(head);
    expect(await Promise.all(names.slice(0, 5).map(async (name) => text(await tree.read(name))))).toEqual(
      names.slice(0, 5).map((name) => `name: ${name}\n`),
    );
    expect(trees()).toEqual([]);
    expect(await Promise.all(names.map(async (name) => text(await tree.read(name))))).toEqual(
      names.map((name) => `name: ${name}\n`),
    );
    expect(trees()).toHaveLength(1);
    expect(await tree.checkOut!()).toBe(join(treesDir, trees()[0]!, 'tree'));
    await tree.close();
    expect(trees()).toEqual([]);

    const other = await source.open(head);
    expect((await other.read('large.txt')).length).toBe(2_000_000);
    expect(trees()).toHaveLength(1);
    await other.close();
    const untouched = await source.open(head);
    await untouched.close();
    expect(trees()).toEqual([]);
  });

  it('keeps bytes and links as they are in Git', async () => {
    const repo = testRepo({
      '.gitattributes': '* text eol=crlf ident filter=lfs\nhidden.yaml export-ignore\n',
      'a.yaml': '# $Id$\nunix\n',
      'crlf.yaml': 'dos\r\n',
      'hidden.yaml': 'here\n',
      link: { link: '../../../etc/passwd' },
    });
    // Git itself would turn the line ends of what is added by these attributes: put the exact bytes there.
    const raw = gitIn(repo.work, 'hash-object', '-w', '--no-filters', 'crlf.yaml');
    gitIn(repo.work, 'update-index', '--cacheinfo', `100644,${raw},crlf.yaml`);
    gitIn(repo.work, 'commit', '--quiet', '--allow-empty', '-m', 'Exact bytes');
    gitIn(repo.work, 'push', '--quiet', repo.bare, 'HEAD:main');
    const source = open(repo);
    const tree = await source.open(await source.head());
    expect(readFileSync(join(await tree.checkOut!(), 'a.yaml'), 'utf8')).toBe('# $Id$\nunix\n');
    expect(readFileSync(join(await tree.checkOut!(), 'crlf.yaml'), 'utf8')).toBe('dos\r\n');
    expect(readFileSync(join(await tree.checkOut!(), 'hidden.yaml'), 'utf8')).toBe('here\n');
    expect(lstatSync(join(await tree.checkOut!(), 'link')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(await tree.checkOut!(), 'link'))).toBe('../../../etc/passwd');
    expect((await tree.files('.')).find((file) => file.path === 'link')).toMatchObject({
      kind: 'symlink',
      target: '../../../etc/passwd',
    });
    await expect(tree.read('link')).rejects.toThrow('is not a file of commit');
    await tree.close();
  });

  it('refuses a tree with too many files or bytes before it writes one', async () => {
    const repo = testRepo({ 'a.yaml': 'x'.repeat(100), 'b.yaml': 'y' });
    const head = await open(repo).head();
    await expect(open(repo, { maxFiles: 1 }).open(head)).rejects.toThrow('has 2 files');
    await expect(open(repo, { maxBytes: 100 }).open(head)).rejects.toThrow('101 bytes');
  });

  it('knows whether a commit is part of the history', async () => {
    const repo = testRepo({ 'a.yaml': '1\n' });
    const source = open(repo);
    const first = await source.head();
    const second = repo.push({ 'a.yaml': '2\n' });
    expect(await source.isAncestor(first, second)).toBe(true);
    expect(await source.isAncestor(second, second)).toBe(true);
    expect(await source.isAncestor(second, first)).toBe(false);
    gitIn(repo.work, 'checkout', '--quiet', '--orphan', 'fresh');
    gitIn(repo.work, 'commit', '--quiet', '-m', 'History rewritten');
    gitIn(repo.work, 'push', '--quiet', '--force', repo.bare, 'HEAD:main');
    const third = await source.head();
    expect(await source.isAncestor(second, third)).toBe(false);
    expect(await source.isAncestor('f'.repeat(40), third)).toBe(false);
  });

  it('lists a submodule without fetching it', async () => {
    const repo = testRepo({ 'a.yaml': '1\n' });
    gitIn(repo.work, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},vendor`);
    gitIn(repo.work, 'commit', '--quiet', '-m', 'Submodule');
    gitIn(repo.work, 'push', '--quiet', repo.bare, 'HEAD:main');
    const source = open(repo);
    const tree = await source.open(await source.head());
    expect(await tree.files('.')).toContainEqual({ path: 'vendor', size: 0, kind: 'submodule', id: '1'.repeat(40) });
    await tree.close();
  });

  it("tells Git's id of each file, which is another one only when its content is", async () => {
    const repo = testRepo({ 'a.yaml': '1\n', 'b.yaml': '1\n', 'c.yaml': '2\n' });
    const tree = await open(repo).open(gitIn(repo.work, 'rev-parse', 'HEAD').trim());
    const ids = new Map((await tree.files('.')).map(({ path, id }) => [path, id]));
    expect(ids.get('a.yaml')).toBe(gitIn(repo.work, 'rev-parse', 'HEAD:a.yaml').trim());
    expect(ids.get('b.yaml')).toBe(ids.get('a.yaml'));
    expect(ids.get('c.yaml')).not.toBe(ids.get('a.yaml'));
    await tree.close();
  });
});
