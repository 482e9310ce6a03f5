import { messageOf, UserError } from '../../model/errors.ts';
import { runGit } from './run.ts';

/** Makes a repository of a directory that is none, with `main` as its branch. Throws `UserError` where git refuses. */
export async function initRepo(directory: string): Promise<void> {
  const { code, stderr } = await runGit({ args: ['init', '--quiet', '--initial-branch=main', '--', directory] });
  if (code === 0) return;
  throw new UserError(`git makes no repository of ${directory}: ${messageOf(stderr.trim())}`, { code: 'git-failed' });
}
