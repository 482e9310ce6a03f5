import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { gitIn } from '../adapters/git/repos.ts';
import { desk } from './repos.ts';

it.each(['foo', 'http://github.test', 'https//github.test'])(
  'windlass sweep names the variable of an address of GitHub that is none (%s)',
  async (url) => {
    const at = desk({});
    const env = { WINDLASS_GITHUB_API_URL: url, GITHUB_TOKEN: 'ghp_secret' };
    const { code, stderr } = await at.runWith(env, 'sweep', '--repo', 'github:acme/config');
    expect([code, stderr]).toEqual([2, expect.stringContaining(`(${url}): give WINDLASS_GITHUB_API_URL as https://`)]);
  },
);

it('windlass sweep of a directory inside a repository names the root', async () => {
  const at = desk({ 'apps/web.yaml': '' });
  gitIn(at.git.root, 'clone', '--quiet', 'config.git', 'here');
  mkdirSync(join(at.git.root, 'here/apps/deep'), { recursive: true });
  for (const repo of ['here/apps', 'here/apps/deep']) {
    const { code, stderr } = await at.run('sweep', '--repo', repo);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/is a directory inside the Git repository \S+\/here: name its root$/m),
    ]);
  }
});

it.each([
  ['a broken windlass.yaml', 'windlass: 1\nimagse: {}\n', [], 'config-invalid'],
  [
    'a name that there is not',
    'windlass: 1\nimages: {}\nclusters: { main: {} }\n',
    ['--image', 'nope'],
    expect.any(String),
  ],
])('windlass sweep --json prints JSON for %s, beside the error', async (_name, content, argv, code) => {
  const at = desk({ 'windlass.yaml': content });
  const ran = await at.run('sweep', '--json', '--repo', 'config.git', ...argv);
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('error: ')]);
  const { failure, images, proposals, commit } = JSON.parse(ran.stdout);
  expect(failure).toEqual({ code, message: expect.any(String), problems: expect.any(Array) });
  expect([images, proposals, commit]).toEqual([[], [], null]);
});
