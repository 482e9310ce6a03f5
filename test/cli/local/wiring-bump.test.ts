import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openGitConfigRepo } from '../../../lib/adapters/git/config-repo.ts';
import { openLocalRegistry } from '../../../lib/adapters/local/registry.ts';
import type { Io } from '../../../lib/cli/command.ts';
import type { Closers } from '../../../lib/cli/local/closers.ts';
import { createTeller } from '../../../lib/cli/local/teller.ts';
import { type BumpBase, wireBump } from '../../../lib/cli/local/wiring-bump.ts';
import type { Parts } from '../../../lib/cli/local/wiring-parts.ts';
import { openRegistries } from '../../../lib/cli/local/wiring-registries.ts';
import { temporaryDirectory } from '../../adapters/git/repos.ts';

const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/web';

function worktree(): string {
  const directory = temporaryDirectory();
  const git = (...args: string[]) => execFileSync('git', ['-C', directory, ...args], { stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Ada');
  git('config', 'user.email', 'ada@acme.example');
  writeFileSync(join(directory, 'windlass.yaml'), `windlass: 1\nimages:\n  web: { image: ${image}, semver: "*" }\n`);
  writeFileSync(join(directory, 'web.yaml'), `image: ${image}:1.0.0 # {"$imagepolicy": "web"}\n`);
  git('add', '--all');
  git('commit', '--quiet', '--message', 'Begin');
  return directory;
}

it('a push that met a dirty worktree is answered once that is clean, and is told in one form', async () => {
  process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT';
  const url = worktree();
  const state = temporaryDirectory();
  let printed = '';
  const write = (text: string) => {
    printed += text;
  };
  const io = {
    env: {},
    now: () => new Date(),
    stdout: { write },
    stderr: { write },
  } as unknown as Io;
  const author = { name: 'Windlass', email: 'windlass@localhost' };
  const repo = openGitConfigRepo({
    url,
    branch: 'main',
    cacheDir: join(state, 'cache'),
    author,
    checkedOut: 'update-when-clean',
  });
  const records = {
    append: async () => {},
    recordedUpTo: async () => undefined,
    saveRecordedUpTo: async () => {},
    saveImages: async () => {},
  };
  const closers: Closers = [];
  const end = new AbortController();
  onTestFinished(async () => {
    end.abort();
    for (const close of closers) await close();
  });
  const registry = openLocalRegistry(join(state, 'registry'));
  await registry.push(image, '1.0.0', new Date());
  const base: BumpBase = { repo, registry, real: openRegistries([], io), images: () => [image], pause: 300 };
  const parts = { records, repo: { url, branch: 'main', howToMerge: () => '' } } as unknown as Parts;
  const bump = wireBump(parts, base, io, createTeller(io), { send: async () => {} }, closers, end.signal, () => {});

  const mine = join(url, 'mine.txt');
  writeFileSync(join(url, 'windlass.yaml'), `${readFileSync(join(url, 'windlass.yaml'), 'utf8')}# mine\n`);
  writeFileSync(mine, 'not committed');
  await bump.push(image, '1.1.0');
  await expect.poll(() => printed).toContain('commit or stash them there');
  await bump.sweep('clock');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(printed).not.toContain('\\u000a');
  expect(printed).not.toMatch(/(?:wait|skip) /);
  expect(printed.split('commit or stash them there')).toHaveLength(2);

  execFileSync('git', ['-C', url, 'checkout', '--quiet', '--', '.']);
  rmSync(mine);
  await expect.poll(() => readFileSync(join(url, 'web.yaml'), 'utf8')).toContain(':1.1.0');
  await expect.poll(() => printed).toContain('bump  web to 1.1.0');
  expect(printed).not.toContain('no event led to');
});
