import { join } from 'node:path';
import { type Content, gitIn, type TestRepo, testRepo } from '../adapters/git/repos.ts';
import { type Ran, windlass } from '../helpers/io.ts';

/** A config repo of a person who is at a terminal. */
export interface Desk {
  git: TestRepo;
  /** Runs the CLI as that person. */
  run(...argv: string[]): Promise<Ran>;
  /** The same, in another environment as well. */
  runWith(env: Record<string, string>, ...argv: string[]): Promise<Ran>;
  show(path: string, revision?: string): string;
  /** The whole message of a commit, without the newlines at its end. */
  message(revision?: string): string;
  commits(): number;
}

/** Makes a bare repository, and a home directory where git knows Ada. */
export function desk(files: Record<string, Content>): Desk {
  const git = testRepo(files);
  gitIn(git.root, 'config', '--file', join(git.root, '.gitconfig'), 'user.name', 'Ada');
  gitIn(git.root, 'config', '--file', join(git.root, '.gitconfig'), 'user.email', 'ada@example.com');
  const base = { PATH: process.env['PATH'], HOME: git.root, WINDLASS_CACHE: join(git.root, 'cache') };
  const runWith = (env: Record<string, string>, ...argv: string[]) =>
    windlass(argv, { cwd: git.root, env: { ...base, ...env } });
  return {
    git,
    run: (...argv) => runWith({}, ...argv),
    runWith,
    show: (path, revision = 'main') => git.git('show', `${revision}:${path}`),
    message: (revision = 'main') => git.git('log', '-1', '--format=%B', revision),
    commits: () => Number(git.git('rev-list', '--count', 'main')),
  };
}
