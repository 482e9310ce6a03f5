import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { checkBranch } from './remote.ts';
import { runGit } from './run.ts';

/** What the first commit of a new bare repository holds. */
export interface BareRepoOptions {
  /** Where the repository is made; its parent directory is made when missing. */
  path: string;
  branch: string;
  /** The directory whose files become the first commit, all of them. */
  from: string;
  subject: string;
  author: { name: string; email: string };
  at: Date;
}

/**
 * Makes a bare repository with one commit of a directory's files. It appears whole or not at all, and one that is there already is left
 * as it is. Throws `UserError` when git cannot make it.
 */
export async function makeBareRepo(options: BareRepoOptions): Promise<'made' | 'kept'> {
  const path = resolve(options.path);
  if (existsSync(path)) return 'kept';
  const branch = checkBranch(options.branch);
  const draft = `${path}.${process.pid}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });

  const git = async (args: string[], env: Record<string, string> = {}): Promise<string> => {
    const answer = await runGit({ args, env, ...(args[0] === 'init' ? {} : { gitDir: draft }) });
    if (answer.code === 0) return answer.stdout.toString('utf8').trim();
    throw new UserError(`cannot make the repository ${path}: ${answer.stderr.trim()}`, {
      code: 'repo-make',
      subject: path,
    });
  };
  const person = (role: string) => ({
    [`GIT_${role}_NAME`]: options.author.name,
    [`GIT_${role}_EMAIL`]: options.author.email,
    [`GIT_${role}_DATE`]: options.at.toISOString(),
  });

  try {
    await git(['init', '--quiet', '--bare', '--template=', `--initial-branch=${branch}`, draft]);
    const index = { GIT_INDEX_FILE: join(draft, 'index.first') };
    await git(['--work-tree', resolve(options.from), 'add', '--all', '--force', '--', '.'], index);
    const tree = await git(['write-tree'], index);
    const commit = await git(['commit-tree', tree, '-m', options.subject], {
      ...person('AUTHOR'),
      ...person('COMMITTER'),
    });
    await git(['update-ref', `refs/heads/${branch}`, commit]);
    await rm(index.GIT_INDEX_FILE, { force: true });
    await rename(draft, path);
    return 'made';
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
