import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openGitConfigRepo } from '../../lib/adapters/git/config-repo.ts';
import type { CheckedOut } from '../../lib/adapters/git/push.ts';
import { gitIn, type TestRepo, testRepo } from '../adapters/git/repos.ts';
import { type ConfigRepoUnderTest, configRepoSuite } from './config-repo-suite.ts';

function underTest(repo: TestRepo, url: string, checkedOut: CheckedOut = 'refuse'): ConfigRepoUnderTest {
  const author = { name: 'Windlass', email: 'windlass@example.com' };
  const directory = url === repo.bare || url.startsWith('file:') ? repo.bare : url;
  return {
    repo: openGitConfigRepo({ url, branch: 'main', cacheDir: join(repo.root, 'cache'), author, checkedOut }),
    push: async (files) => {
      const revision = repo.push(files);
      if (directory !== repo.bare) gitIn(directory, 'pull', '--quiet', '--ff-only', repo.bare, 'main');
      return revision;
    },
    // cat-file, because the helper trims what git prints.
    show: async (path) => untrimmed(directory, `main:${path}`),
    commit: async (revision) => {
      const [parents, author, at] = gitIn(directory, 'show', '-s', '--format=%P%n%an%n%aI', revision).split('\n');
      const message = gitIn(directory, 'show', '-s', '--format=%B', revision);
      return { message, parents: parents!.split(' '), author: author!, at: at! };
    },
  };
}

function untrimmed(directory: string, name: string): string {
  const quoted = gitIn(directory, '-c', 'alias.json=!f() { git cat-file blob "$1" | base64 -w0; }; f', 'json', name);
  return Buffer.from(quoted, 'base64').toString('utf8');
}

configRepoSuite('a bare repository', async (files) => {
  const repo = testRepo(files);
  return underTest(repo, repo.bare);
});

configRepoSuite('a file URL', async (files) => {
  const repo = testRepo(files);
  return underTest(repo, pathToFileURL(repo.bare).href);
});

configRepoSuite('a person’s own clean checkout', async (files) => {
  const repo = testRepo(files);
  const checkout = join(repo.root, 'checkout');
  gitIn(repo.root, 'clone', '--quiet', repo.bare, checkout);
  return underTest(repo, checkout, 'update-when-clean');
});
