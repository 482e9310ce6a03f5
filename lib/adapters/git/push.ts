import { RetryableError, UserError } from '../../model/errors.ts';
import { remoteFailure, whatGitSaid } from './failure.ts';
import type { Mirror } from './mirror.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { type Remote, remoteName } from './remote.ts';
import type { GitAnswer } from './run.ts';

/**
 * What to do when the remote is a repository with a worktree that has the branch checked out.
 * `refuse`: git refuses to push there. `update-when-clean`: git moves the branch and the files together, and refuses when the worktree
 * or the index differ from the head (git's `receive.denyCurrentBranch=updateInstead`, for this push only): nobody's work is touched.
 */
export type CheckedOut = 'refuse' | 'update-when-clean';

/**
 * Moves the remote branch from `parent` to `revision`, if it still is at `parent`. An answer that got lost is made up for by asking for the head.
 * Throws `UserError` when the remote refuses (a hook, a protected branch, a checked-out branch), `RetryableError` when it cannot be reached.
 */
export function pushCommit(
  mirror: Mirror,
  parent: string,
  revision: string,
  checkedOut: CheckedOut,
): Promise<'pushed' | 'head-moved'> {
  // Git guards a branch against two pushes at once, but not a worktree that moves with it.
  return oneAtATime(`push ${mirror.remote.shown}`, () => push(mirror, parent, revision, checkedOut));
}

async function push(
  mirror: Mirror,
  parent: string,
  revision: string,
  checkedOut: CheckedOut,
): Promise<'pushed' | 'head-moved'> {
  const ref = `refs/heads/${mirror.branch}`;
  const receive =
    checkedOut === 'update-when-clean'
      ? ['--receive-pack=git -c receive.denyCurrentBranch=updateInstead receive-pack']
      : [];
  const args = [
    'push',
    '--porcelain',
    '--no-verify',
    `--force-with-lease=${ref}:${parent}`,
    ...receive,
    remoteName,
    `${revision}:${ref}`,
  ];
  const answer = await mirror.askRemote({ args, timeout: 120_000 }).catch((error: unknown) => error);
  if (isAnswer(answer) && answer.code === 0) return 'pushed';

  const head = await mirror.head().catch(() => undefined);
  if (head === revision) return 'pushed';
  if (head !== undefined && head !== parent) return (await contains(mirror, head, revision)) ? 'pushed' : 'head-moved';
  if (!isAnswer(answer)) throw answer;
  throw isRejection(answer)
    ? rejected(mirror.remote, mirror.branch, answer)
    : remoteFailure('push to', mirror.remote, answer);
}

function isAnswer(value: unknown): value is GitAnswer {
  return typeof value === 'object' && value !== null && 'code' in value && 'stdout' in value;
}

/** Somebody may have pushed on top of a commit of ours whose answer was lost. */
async function contains(mirror: Mirror, head: string, revision: string): Promise<boolean> {
  await mirror.ensure(head);
  return (await mirror.ask({ args: ['merge-base', '--is-ancestor', revision, head] })).code === 0;
}

function isRejection(answer: GitAnswer): boolean {
  return /^!\t/m.test(answer.stdout.toString('utf8'));
}

function rejected(remote: Remote, branch: string, answer: GitAnswer): Error {
  const reason = /^!\t[^\t]*\t(.*)$/m.exec(answer.stdout.toString('utf8'))?.[1] ?? 'rejected';
  if (reason.includes('branch is currently checked out')) return checkedOutThere(remote, branch);
  if (/Up-to-date check failed|Could not update working tree/.test(reason)) return worktreeBusy(remote, reason);
  if (/has (?:un)?staged changes/.test(reason)) return worktreeDirty(remote, branch);
  // A hook that refuses has a reason of its own, and may print anything.
  const isOfFiles = /unpacker error|failed to update ref/.test(reason);
  const unwritable = isOfFiles ? notWritable.exec(answer.stderr)?.[0] : undefined;
  if (unwritable !== undefined) return cannotBeWritten(remote, branch, unwritable);
  const said = answer.stderr
    .split('\n')
    .filter((line) => line.startsWith('remote:'))
    .map((line) => line.slice('remote:'.length))
    .join('\n');
  const text = [whatGitSaid(reason, remote), ...(said.trim() === '' ? [] : [whatGitSaid(said, remote)])].join(': ');
  return new UserError(
    `${remote.shown} refused the push to ${branch}: ${text}\nallow Windlass to push to this branch (a hook or a branch protection refuses it)`,
    { code: 'push-rejected', subject: branch },
  );
}

/** What the git of the repository says where its files cannot be written: neither a hook nor a rule of the branch. */
const notWritable =
  /unable to create temporary object directory|insufficient permission for adding an object|Permission denied|Read-only file system|No space left on device/;

function cannotBeWritten(remote: Remote, branch: string, why: string): UserError {
  return new UserError(
    `${remote.shown} could not take the push to ${branch}: ${why}\n` +
      'let the user whom Git runs as there write to the files of the repository, and see that the disk has room',
    { code: 'push-rejected', subject: branch },
  );
}

function checkedOutThere(remote: Remote, branch: string): UserError {
  return new UserError(
    `${remote.shown} has ${branch} checked out, so Git refuses a push to it\n` +
      'let Windlass use a bare repository (git clone --bare), or allow it there: git config receive.denyCurrentBranch updateInstead',
    { code: 'branch-checked-out', subject: branch },
  );
}

function worktreeBusy(remote: Remote, reason: string): RetryableError {
  return new RetryableError(`${remote.shown} is being changed by another git process: ${whatGitSaid(reason, remote)}`, {
    code: 'worktree-busy',
    subject: remote.shown,
  });
}

function worktreeDirty(remote: Remote, branch: string): UserError {
  return new UserError(
    `${remote.shown} has ${branch} checked out with changes that are not committed, so it was left alone\n` +
      'commit or stash them there; the next push or sweep makes the commit',
    { code: 'worktree-dirty', subject: branch },
  );
}
