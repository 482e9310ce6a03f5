import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkOutMinimal,
  describeLoop,
  git,
  isSettled,
  type Loop,
  makeDir,
  output,
  processesOf,
  removeDir,
  runWindlass,
  startLoop,
  subjects,
} from '../helpers/loop.ts';

const manifest = 'deploy/web.yaml';

describeLoop('with a config repo of the user', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await makeDir();
  });
  afterAll(() => removeDir(dir));

  const checkout = (name: string) => checkOutMinimal(join(dir, name), 'trunk');

  describe('that is checked out', () => {
    let repo: string;
    let loop: Loop;
    const live = () =>
      loop.kubectl('-n', 'web', 'get', 'deploy/web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}');
    const text = () => readFile(join(repo, manifest), 'utf8');

    beforeAll(async () => {
      repo = await checkout('checkout');
      loop = await startLoop({ dir: join(dir, 'state-checkout'), args: ['--port', '0', '--repo', repo] });
      await loop.until('a healthy web', isSettled);
    });
    afterAll(async () => {
      expect(await loop.stop()).toMatchObject({ code: 0 });
    });

    it('goes by its branch and says so', async () => {
      expect((await loop.state()).repo).toMatchObject({ url: repo, branch: 'trunk' });
      expect(loop.output()).toMatch(/config repo: .*checkout, branch trunk/);
    });

    it('commits into the branch, and moves the files of a clean worktree along', async () => {
      await loop.push('acme/web:1.1.0');
      await loop.until('1.1.0', (now) => now.commits.length === 2 && isSettled(now));
      expect(await subjects(repo, 'trunk')).toEqual(['Bump web to 1.1.0', 'Begin']);
      expect(await text()).toContain('image: ghcr.io/acme/web:1.1.0 #');
      expect(await git(repo, 'status', '--porcelain')).toBe('');
      expect(await live()).toBe('ghcr.io/acme/web:1.1.0');
    });

    it('leaves a worktree with work in it alone, says so, and goes on once that is committed', async () => {
      const mine = (await text()).replace('replicas: 2', 'replicas: 3');
      await writeFile(join(repo, manifest), mine);
      const seen = loop.output().length;
      await loop.push('acme/web:1.2.0');
      const [told] = await loop.prints(/^.*(retry|could not|alert).*$/m, seen);
      expect(told).toMatch(/working|worktree|uncommitted|changes/i);
      expect(await text()).toBe(mine);
      expect(await git(repo, 'status', '--porcelain')).toBe(`M ${manifest}`);
      expect(await subjects(repo, 'trunk')).toHaveLength(2);

      await git(repo, 'commit', '--quiet', '--all', '-m', 'Three of them');
      await loop.until('1.2.0', (now) => now.commits[0]?.subject === 'Bump web to 1.2.0' && isSettled(now));
      expect(await subjects(repo, 'trunk')).toEqual([
        'Bump web to 1.2.0',
        'Three of them',
        'Bump web to 1.1.0',
        'Begin',
      ]);
      expect(await text()).toBe(mine.replace('web:1.1.0', 'web:1.2.0'));
      expect(await live()).toBe('ghcr.io/acme/web:1.2.0');
      expect(await loop.kubectl('-n', 'web', 'get', 'deploy/web', '-o', 'jsonpath={.spec.replicas}')).toBe('3');
    });

    it('leaves no trace of its own in the repository', async () => {
      expect((await git(repo, 'for-each-ref', '--format=%(refname)')).split('\n')).toEqual(['refs/heads/trunk']);
      expect(await git(repo, 'config', '--local', '--list')).not.toMatch(/windlass|denycurrentbranch/i);
    });
  });

  it('that is bare, on a branch by name, works the same', async () => {
    const clone = await checkout('origin');
    const repo = join(dir, 'bare.git');
    await git(clone, 'branch', 'release');
    await git(dir, 'clone', '--quiet', '--bare', clone, repo);
    const loop = await startLoop({
      dir: join(dir, 'state-bare'),
      args: ['--port', '0', '--repo', 'bare.git', '--branch', 'release'],
      cwd: dir,
    });
    await loop.push('ghcr.io/acme/web:1.0.1');
    await loop.until('1.0.1', (now) => now.commits.length === 2 && isSettled(now));
    expect(await subjects(repo, 'release')).toEqual(['Bump web to 1.0.1', 'Begin']);
    expect(await subjects(repo, 'trunk')).toEqual(['Begin']);
    expect(await loop.stop()).toMatchObject({ code: 0 });
  });

  describe('that cannot be used', () => {
    /** Runs on a repo that must be refused; gives what was printed. */
    const refused = async (...args: string[]): Promise<string> => {
      const state = join(dir, 'state-refused');
      const ended = await runWindlass(['local', '--dir', state, '--port', '0', ...args], { cwd: dir });
      expect(ended, output(ended)).toMatchObject({ code: 2, signal: null, stdout: '' });
      expect(ended.stderr).not.toMatch(/^\s+at /m);
      expect(ended.stderr).toMatch(/^error: /m);
      expect(ended.seconds).toBeLessThan(60);
      // Nothing was begun for it.
      expect(ended.stderr).not.toContain('starting etcd');
      expect(await processesOf(state)).toEqual([]);
      return ended.stderr;
    };

    it('says that a directory is no repository, or not there', async () => {
      await mkdir(join(dir, 'plain'));
      expect(await refused('--repo', 'plain')).toMatch(/plain.*\n?.*not a Git repository|no Git repository/);
      expect(await refused('--repo', 'nowhere')).toMatch(/nowhere/);
    });

    it('says that a repository has no commit', async () => {
      await mkdir(join(dir, 'empty'));
      await git(join(dir, 'empty'), 'init', '--quiet');
      expect(await refused('--repo', 'empty')).toMatch(/empty.*commit/);
    });

    it('says that a branch is missing, and which there are', async () => {
      await checkout('branches');
      expect(await refused('--repo', 'branches', '--branch', 'main')).toContain('has no branch main (it has trunk)');
    });

    it('says that windlass.yaml is missing', async () => {
      const repo = await checkout('without');
      await git(repo, 'rm', '--quiet', 'windlass.yaml');
      await git(repo, 'commit', '--quiet', '-m', 'Take it away');
      expect(await refused('--repo', 'without')).toMatch(/windlass\.yaml: there is no such file/);
    });

    it('says what is wrong with windlass.yaml, with line and caret', async () => {
      const repo = await checkout('wrong');
      await writeFile(
        join(repo, 'windlass.yaml'),
        'windlass: 1\nimages:\n  web: { image: ghcr.io/acme/web, semvre: "1" }\n',
      );
      await git(repo, 'commit', '--quiet', '--all', '-m', 'Break it');
      const said = await refused('--repo', 'wrong');
      expect(said).toMatch(/windlass\.yaml:3:\d+/);
      expect(said).toContain('did you mean "semver"?');
      expect(said).toMatch(/^ +\| +\^+$/m);
    });
  });
});
