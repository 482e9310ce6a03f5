import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Author } from './commit.ts';

/**
 * Who commits here by git's own rules: `GIT_AUTHOR_NAME` and `_EMAIL`, else `user.name` and `user.email` of the directory's repository, the person or the
 * machine. Undefined where nobody has said it (git's guess from the names of user and machine is none), or there is no git.
 */
export async function personOf(
  directory: string,
  env: Record<string, string | undefined>,
): Promise<Author | undefined> {
  const args = ['-c', 'user.useConfigOnly=true', 'var', 'GIT_AUTHOR_IDENT'];
  const answer = await promisify(execFile)('git', args, { cwd: directory, env, timeout: 10_000 }).catch(
    () => undefined,
  );
  const [, name, email] = /^(.*) <([^<>]*)> \d+ [+-]\d{4}\s*$/.exec(answer?.stdout ?? '') ?? [];
  return name === undefined || email === undefined || name === '' ? undefined : { name, email };
}
