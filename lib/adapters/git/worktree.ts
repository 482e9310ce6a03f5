import { runGit } from './run.ts';

/** True for a repository on this machine with files beside it; false for a bare one, and for what git does not take for a repository. */
export async function hasWorktree(path: string): Promise<boolean> {
  const { code, stdout } = await runGit({ args: ['-C', path, 'rev-parse', '--is-bare-repository'] });
  return code === 0 && stdout.toString('utf8').trim() === 'false';
}
