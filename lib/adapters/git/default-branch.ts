import { UserError } from '../../model/errors.ts';
import type { GitAccess } from './access.ts';
import { runOnRemote } from './credentials.ts';
import { remoteFailure } from './failure.ts';
import { parseRemote, remoteName } from './remote.ts';

/** The branch that the repository's HEAD names: what a clone would check out. Throws `UserError` where it names none. */
export async function defaultBranch(url: string, access?: GitAccess): Promise<string> {
  return (await defaultHead(url, access)).branch;
}

/** The same, and the commit at its head, for one question. Throws what `defaultBranch` throws. */
export async function defaultHead(url: string, access?: GitAccess): Promise<{ branch: string; head: string }> {
  const remote = parseRemote(url, access);
  const answer = await runOnRemote(remote, { args: ['ls-remote', '--symref', remoteName, 'HEAD'] });
  if (answer.code !== 0) throw remoteFailure('read', remote, answer);
  const text = answer.stdout.toString('utf8');
  const branch = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(text)?.[1];
  const head = /^([0-9a-f]{40,64})\tHEAD$/m.exec(text)?.[1];
  if (branch !== undefined && head !== undefined) return { branch, head };
  throw new UserError(`${remote.shown}: its HEAD is no branch that has a commit: name one with --branch`, {
    code: 'no-default-branch',
    subject: remote.shown,
  });
}
