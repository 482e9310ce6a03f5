import { UserError } from '../../model/errors.ts';
import { runGit } from './run.ts';

/** The version of the git program on PATH: `2.43.0`. Throws `UserError` where there is none. */
export async function gitVersion(): Promise<string> {
  const { stdout } = await runGit({ args: ['--version'], timeout: 10_000 });
  const version = /git version (\d[\d.]*)/.exec(stdout.toString('utf8'))?.[1];
  if (version !== undefined) return version.replace(/\.$/, '');
  throw new UserError('the git program does not say its version: install Git 2.32 or newer', { code: 'git-missing' });
}
