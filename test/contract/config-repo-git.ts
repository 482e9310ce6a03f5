import { join } from 'node:path';
import { openGitConfigRepo } from '../../lib/adapters/git/config-repo.ts';
import type { CheckedOut } from '../../lib/adapters/git/push.ts';
import { gitIn, type TestRepo, testRepo, writeFiles } from '../adapters/git/repos.ts';
import type { ConfigRepoUnderTest, Content, Make } from './config-repo-under-test.ts';

const author = { name: 'Windlass', email: 'windlass@example.com' };

/** Where Windlass finds the repository that a person has as `repo`, and how it pushes there. */
export interface Place {
  url: string;
  /** The repository that the host has, for a look at it. */
  directory: string;
  checkedOut?: CheckedOut;
}

/** Starts repositories that Windlass reaches at a place, and a person by the directory. */
export function makeAt(place: (repo: TestRepo) => Place | Promise<Place>): Make {
  return async (files, options = {}) => {
    const repo = testRepo({});
    pushFiles(repo, files, 'main');
    return underTest(repo, await place(repo), options);
  };
}

function underTest(repo: TestRepo, place: Place, options: { maxFileBytes?: number }): ConfigRepoUnderTest {
  const { url, directory } = place;
  let caches = 0;
  const open = (cache: string) =>
    openGitConfigRepo({
      url,
      branch: 'main',
      cacheDir: join(repo.root, cache),
      author,
      checkedOut: place.checkedOut,
      ...options,
    });
  /** A checkout is a person's own: what was pushed elsewhere comes there by a pull. */
  const arrive = (revision: string, force = false): string => {
    if (directory !== repo.bare) {
      gitIn(directory, 'fetch', '--quiet', repo.bare, '+refs/heads/windlass/*:refs/heads/windlass/*', 'main');
      gitIn(directory, 'fetch', '--quiet', repo.bare, 'main');
      gitIn(directory, ...(force ? ['reset', '--quiet', '--hard'] : ['merge', '--quiet', '--ff-only']), 'FETCH_HEAD');
    }
    return revision;
  };
  return {
    repo: open('cache'),
    again: (how) => open(how === 'bare' ? `cache-${++caches}` : 'cache'),
    push: async (files, branch = 'main') => {
      if (branch !== 'main' && directory !== repo.bare)
        gitIn(repo.bare, 'fetch', '--quiet', directory, `+${branch}:${branch}`);
      return arrive(pushFiles(repo, files, branch));
    },
    amend: async (files) => arrive(pushFiles(repo, files, 'main', true), true),
    show: async (path, revision = 'main') => blob(directory, `${revision}:${path}`),
    mode: async (path) => gitIn(directory, 'ls-tree', 'main', '--', path).split(' ')[0]!,
    commit: async (revision) => {
      const [parents, by, at] = gitIn(directory, 'show', '-s', '--format=%P%n%an%n%aI', revision).split('\n');
      const message = gitIn(directory, 'show', '-s', '--format=%B', revision);
      return { message, parents: parents!.split(' '), author: by!, at: at! };
    },
    branch: async (name) =>
      gitIn(directory, 'for-each-ref', '--format=%(objectname)', `refs/heads/${name}`) || undefined,
    merge: async (branch) => {
      gitIn(repo.work, 'fetch', '--quiet', directory, 'main', branch);
      gitIn(repo.work, 'reset', '--quiet', '--hard', gitIn(directory, 'rev-parse', 'main'));
      gitIn(repo.work, 'merge', '--quiet', '--no-ff', '--no-edit', gitIn(directory, 'rev-parse', branch));
      gitIn(repo.work, 'push', '--quiet', repo.bare, 'HEAD:main');
      arrive('');
    },
    deleteBranch: async (name) => {
      gitIn(directory, 'branch', '--quiet', '-D', name);
    },
  };
}

/** Commits in the person's clone and pushes, executable files as such; answers the commit. */
function pushFiles(repo: TestRepo, files: Record<string, Content | undefined>, branch: string, amend = false): string {
  const { work, bare } = repo;
  gitIn(work, 'fetch', '--quiet', bare, branch);
  gitIn(work, 'reset', '--quiet', '--hard', 'FETCH_HEAD');
  const plain = Object.entries(files).map(
    ([path, content]): [string, string | Uint8Array | { link: string } | undefined] => [
      path,
      typeof content === 'object' && 'executable' in content ? content.executable : content,
    ],
  );
  writeFiles(work, Object.fromEntries(plain));
  gitIn(work, 'add', '--all');
  for (const [path, content] of Object.entries(files))
    if (typeof content === 'object' && 'executable' in content) gitIn(work, 'update-index', '--chmod=+x', path);
  gitIn(work, 'commit', '--quiet', '--allow-empty', ...(amend ? ['--amend'] : []), '--message', 'Change by hand');
  gitIn(work, 'push', '--quiet', '--force', bare, `HEAD:${branch}`);
  return gitIn(work, 'rev-parse', 'HEAD');
}

function blob(directory: string, name: string): Uint8Array | undefined {
  // The helper trims what git prints: base64 comes through unharmed.
  const script =
    'alias.bytes=!f() { git cat-file -e "$1" 2>/dev/null && echo there && git cat-file blob "$1" | base64 -w0; }; f';
  try {
    const [there, base64] = gitIn(directory, '-c', script, 'bytes', name).split('\n');
    return there === 'there' ? new Uint8Array(Buffer.from(base64 ?? '', 'base64')) : undefined;
  } catch {
    return undefined;
  }
}
