import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * How many files below a directory are not as they were committed, new ones too; ignored ones do not count. Undefined where it is no working tree,
 * or git does not answer in time. Writes nothing, not even git's index.
 */
export async function uncommittedIn(
  directory: string,
  env: Record<string, string | undefined>,
): Promise<number | undefined> {
  const safe = ['--no-optional-locks', '-c', 'core.fsmonitor=false'];
  const args = [...safe, 'status', '--porcelain', '--untracked-files=all', '--', '.'];
  const options = { cwd: directory, env, timeout: 10_000, maxBuffer: 64 * 1024 * 1024 };
  const answer = await promisify(execFile)('git', args, options).catch(() => undefined);
  return answer?.stdout.split('\n').filter((line) => line !== '').length;
}
