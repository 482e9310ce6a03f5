import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What a directory of a person has to do with a branch. */
export interface LocalBranch {
  /** The remote that has the branch, too: what is committed here alone is not there. Absent where there is none. */
  remote?: string;
  /** It has the branch checked out, with changes of tracked files that are not committed: Git refuses to move it. */
  isDirty: boolean;
}

/** Looks at a branch of a repository on this machine. Writes nothing; what git does not tell in time counts as none. */
export async function localBranch(
  directory: string,
  branch: string,
  env: Record<string, string | undefined>,
): Promise<LocalBranch> {
  const git = async (...args: string[]): Promise<string> => {
    const safe = ['--no-optional-locks', '-c', 'core.fsmonitor=false'];
    const options = { cwd: directory, env, timeout: 10_000, maxBuffer: 64 * 1024 * 1024 };
    const answer = await promisify(execFile)('git', [...safe, ...args], options).catch(() => undefined);
    return answer?.stdout.trim() ?? '';
  };
  const [own, refs, head] = await Promise.all([
    git('config', '--local', '--get', `branch.${branch}.remote`),
    git('for-each-ref', '--format=%(refname:lstrip=2)', 'refs/remotes'),
    git('symbolic-ref', '--quiet', 'HEAD'),
  ]);
  const remotes = refs
    .split('\n')
    .filter((ref) => ref.endsWith(`/${branch}`))
    .map((ref) => ref.slice(0, -branch.length - 1));
  const remote = [own, 'origin', ...remotes].find((name) => remotes.includes(name));
  const isHere = head === `refs/heads/${branch}`;
  const isDirty = isHere && (await git('status', '--porcelain', '--untracked-files=no')) !== '';
  return { isDirty, ...(remote === undefined ? {} : { remote }) };
}
