import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Where a clone came from (`remote.origin.url`), without the user and password that may be in it. Undefined where the directory is no clone. */
export async function originOf(
  directory: string,
  env: Record<string, string | undefined>,
): Promise<string | undefined> {
  const args = ['config', '--local', '--get', 'remote.origin.url'];
  const answer = await promisify(execFile)('git', args, { cwd: directory, env, timeout: 10_000 }).catch(
    () => undefined,
  );
  const url = answer?.stdout.trim();
  return url ? url.replace(/^(https?:\/\/)[^/@]*@/, '$1') : undefined;
}
