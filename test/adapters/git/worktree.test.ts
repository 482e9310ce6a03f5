import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { hasWorktree } from '../../../lib/adapters/git/worktree.ts';

it('tells a repository with files from a bare one, and from a directory that is none', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'windlass-worktree-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  execFileSync('git', ['init', '--quiet', join(dir, 'with')]);
  execFileSync('git', ['init', '--quiet', '--bare', join(dir, 'bare')]);
  expect(await hasWorktree(join(dir, 'with'))).toBe(true);
  expect(await hasWorktree(join(dir, 'bare'))).toBe(false);
  expect(await hasWorktree(dir)).toBe(false);
  expect(await hasWorktree(join(dir, 'missing'))).toBe(false);
});
