import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openGitSource } from '../../../lib/adapters/git/source.ts';
import { UserError } from '../../../lib/model/errors.ts';
import { serve, trustServers } from './https-server.ts';
import { gitIn, type TestRepo, temporaryDirectory, testRepo } from './repos.ts';

trustServers();

const token = 'ghs_canary0123456789abcdef';
const treesDir = (repo: TestRepo) => join(repo.root, 'trees');

async function open(repo: TestRepo) {
  const server = await serve(repo.root, token);
  return openGitSource({
    url: `${server.url}/config.git`,
    branch: 'main',
    cacheDir: join(repo.root, 'cache'),
    treesDir: treesDir(repo),
    access: { kind: 'token', token: async () => token },
  });
}

/** Writes a tree as only an attacker does: git's own commands would refuse its names. */
function pushTree(repo: TestRepo, entries: readonly [mode: string, name: string, oid: string][]): void {
  const parts = entries.flatMap(([mode, name, oid]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
  const commit = gitIn(repo.bare, 'commit-tree', '-m', 'Evil', hash(repo, Buffer.concat(parts)));
  repo.git('update-ref', 'refs/heads/main', commit);
}

function hash(repo: TestRepo, tree: Buffer): string {
  const args = ['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'];
  return execFileSync('git', args, { cwd: repo.bare, input: tree, encoding: 'utf8' }).trim();
}

describe('a config repo that means harm', () => {
  const cases: [name: string, tree: (repo: TestRepo, blob: string, link: string) => Parameters<typeof pushTree>[1]][] =
    [
      ['a path that leads out', (repo, blob) => [['40000', '..', hash(repo, inner('evil.yaml', blob))]]],
      ['a directory .git', (repo, blob) => [['40000', '.git', hash(repo, inner('config', blob))]]],
      ['a directory .Git', (repo, blob) => [['40000', '.Git', hash(repo, inner('config', blob))]]],
      [
        'a link and a directory of one name',
        (repo, blob, link) => [
          ['120000', 'a', link],
          ['40000', 'a', hash(repo, inner('evil.yaml', blob))],
        ],
      ],
    ];
  it.each(cases)('with %s is refused, and nothing is written', async (_name, tree) => {
    const repo = testRepo({ 'a.yaml': 'evil\n', link: { link: '../../out' } });
    const [blob, link] = ['HEAD:a.yaml', 'HEAD:link'].map((name) => gitIn(repo.work, 'rev-parse', name));
    pushTree(repo, tree(repo, blob!, link!));
    const source = await open(repo);
    const error = await source.open(await source.head()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe('tree-path');
    expect(existsSync(treesDir(repo)) ? readdirSync(treesDir(repo)) : []).toEqual([]);
  });

  it('runs no hook, filter or submodule of its own', async () => {
    const seen = join(temporaryDirectory(), 'witness');
    const witness = `touch ${JSON.stringify(seen)}`;
    const repo = testRepo({
      '.gitattributes': '* filter=evil diff=evil merge=evil\n*.bin filter=lfs\n',
      '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c false\n',
      '.lfsconfig': '[lfs]\n\turl = https://evil.example\n',
      'a.yaml': 'kind: A\n',
      'big.bin': `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 1\n`,
      '.githooks/post-checkout': `#!/bin/sh\n${witness}\n`,
    });
    gitIn(repo.work, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},x`);
    gitIn(repo.work, 'commit', '--quiet', '-m', 'Submodule');
    gitIn(repo.work, 'push', '--quiet', repo.bare, 'HEAD:main');
    const source = await open(repo);
    await (await source.open(await source.head())).close();
    // The copy as somebody might leave it who could write there once: its hooks and filters run no more than those of the tree.
    const [copy] = readdirSync(join(repo.root, 'cache'));
    const gitDir = join(repo.root, 'cache', copy!);
    mkdirSync(join(gitDir, 'hooks'), { recursive: true });
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction', 'post-merge']) {
      writeFileSync(join(gitDir, 'hooks', hook), `#!/bin/sh\n${witness}\n`);
      chmodSync(join(gitDir, 'hooks', hook), 0o755);
    }
    gitIn(gitDir, 'config', 'filter.evil.smudge', witness);
    gitIn(gitDir, 'config', 'filter.lfs.smudge', witness);
    repo.push({ 'a.yaml': 'kind: B\n' });
    const tree = await source.open(await source.head());
    expect(readFileSync(join(await tree.checkOut!(), 'a.yaml'), 'utf8')).toBe('kind: B\n');
    expect(readFileSync(join(await tree.checkOut!(), 'big.bin'), 'utf8')).toContain('git-lfs');
    await tree.close();
    expect(existsSync(seen)).toBe(false);
  });
});

function inner(name: string, blob: string): Buffer {
  return Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(blob, 'hex')]);
}
