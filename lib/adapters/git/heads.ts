import { UserError } from '../../model/errors.ts';
import { fewOf } from '../../model/shorten.ts';
import { runOnRemote } from './credentials.ts';
import { remoteFailure } from './failure.ts';
import { type Remote, remoteName } from './remote.ts';

/** The heads of all branches by their names, and that of one: git cannot ask for less. Throws `UserError` when there is no branch of that name. */
export async function headsOf(remote: Remote, branch: string): Promise<{ head: string; heads: Map<string, string> }> {
  const answer = await runOnRemote(remote, { args: ['ls-remote', '--heads', remoteName] });
  if (answer.code !== 0) throw remoteFailure('read', remote, answer);
  const heads = new Map<string, string>();
  for (const line of answer.stdout.toString('utf8').split('\n')) {
    const [revision, ref] = line.split('\t');
    if (revision !== undefined && ref?.startsWith('refs/heads/')) heads.set(ref.slice('refs/heads/'.length), revision);
  }
  const head = heads.get(branch);
  if (head === undefined) throw branchMissing(remote, branch, [...heads.keys()]);
  return { head, heads };
}

/** The error for a branch that a remote does not have; `others` are those that it has. */
export function branchMissing(remote: Remote, branch: string, others: readonly string[]): UserError {
  const known = others.length === 0 ? 'it has no commit yet' : `it has ${fewOf(others, 10)}`;
  return new UserError(`${remote.shown} has no branch ${branch} (${known}): push the branch first, or name another`, {
    code: 'branch-missing',
    subject: branch,
  });
}
