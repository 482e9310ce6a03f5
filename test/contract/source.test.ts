import { join } from 'node:path';
import type { GitAccess } from '../../lib/adapters/git/access.ts';
import { openGitSource } from '../../lib/adapters/git/source.ts';
import { serve, trustServers } from '../adapters/git/https-server.ts';
import { gitIn, type TestRepo, testRepo } from '../adapters/git/repos.ts';
import { type MakeSource, type SourceUnderTest, sourceSuite } from './source-suite.ts';

trustServers();

const token = 'ghs_canary0123456789abcdef';

sourceSuite(
  'a Git repository on this machine',
  at(async (repo) => ({ url: repo.bare })),
);
sourceSuite(
  'a Git server by https',
  at(async (repo) => {
    const server = await serve(repo.root, token);
    return { url: `${server.url}/config.git`, access: { kind: 'token', token: async () => token } };
  }),
);

function at(place: (repo: TestRepo) => Promise<{ url: string; access?: GitAccess }>): MakeSource {
  return async (files) => {
    const repo = testRepo({});
    repo.push(files as Parameters<TestRepo['push']>[0]);
    const found = await place(repo);
    let caches = 0;
    const treesDir = join(repo.root, 'trees');
    const made: SourceUnderTest = {
      treesDir,
      open: (options = {}) => {
        const cacheDir = join(repo.root, `cache-${++caches}`);
        return openGitSource({ ...found, branch: 'main', cacheDir, treesDir, ...options });
      },
      push: (changed) => repo.push(changed as Parameters<TestRepo['push']>[0]),
      pushSubmodule: (path, commit) => {
        gitIn(repo.work, 'update-index', '--add', '--cacheinfo', `160000,${commit},${path}`);
        return pushed(repo, 'Submodule');
      },
      rewrite: () => {
        gitIn(repo.work, 'checkout', '--quiet', '--orphan', 'fresh');
        return pushed(repo, 'History rewritten');
      },
    };
    return made;
  };
}

function pushed(repo: TestRepo, message: string): string {
  gitIn(repo.work, 'commit', '--quiet', '-m', message);
  gitIn(repo.work, 'push', '--quiet', '--force', repo.bare, 'HEAD:main');
  return gitIn(repo.work, 'rev-parse', 'HEAD');
}
