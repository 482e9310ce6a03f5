import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeBareRepo } from '../../../lib/adapters/git/bare-repo.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'bare-repo-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const options = () => ({
  path: join(home, 'made', 'repo.git'),
  branch: 'main',
  from: join(home, 'source'),
  subject: 'Import the example',
  author: { name: 'Windlass', email: 'windlass@localhost' },
  at: new Date('2026-01-02T03:04:05Z'),
});

const git = (...args: string[]) =>
  execFileSync('git', ['--git-dir', options().path, ...args], { encoding: 'utf8' }).trim();

describe('a bare repository made of a directory', () => {
  it('has every file in one commit', async () => {
    await mkdir(join(home, 'source', 'apps'), { recursive: true });
    await writeFile(join(home, 'source', 'windlass.yaml'), 'windlass: 1\r\n');
    await writeFile(join(home, 'source', '.gitignore'), 'apps\n');
    await writeFile(join(home, 'source', 'apps', 'web.yaml'), 'kind: X\n');
    expect(await makeBareRepo(options())).toBe('made');
    expect(git('ls-tree', '-r', '--name-only', 'main').split('\n')).toEqual([
      '.gitignore',
      'apps/web.yaml',
      'windlass.yaml',
    ]);
    expect(execFileSync('git', ['--git-dir', options().path, 'show', 'main:windlass.yaml'], { encoding: 'utf8' })).toBe(
      'windlass: 1\r\n',
    );
    expect(git('log', '--format=%s %an %at', 'main')).toBe('Import the example Windlass 1767323045');
    expect(git('symbolic-ref', 'HEAD')).toBe('refs/heads/main');
  });

  it('is left as it is when it is there already', async () => {
    await mkdir(join(home, 'source'));
    await writeFile(join(home, 'source', 'a'), 'a');
    await makeBareRepo(options());
    const head = git('rev-parse', 'main');
    await writeFile(join(home, 'source', 'a'), 'b');
    expect(await makeBareRepo(options())).toBe('kept');
    expect(git('rev-parse', 'main')).toBe(head);
  });

  it('leaves nothing behind when it cannot be made', async () => {
    await expect(makeBareRepo(options())).rejects.toThrow('cannot make the repository');
    expect(await readdir(join(home, 'made'))).toEqual([]);
  });
});
