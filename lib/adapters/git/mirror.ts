import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { GitAccess } from './access.ts';
import { type Copy, copyName, openCopy } from './copy.ts';
import { remoteFailure } from './failure.ts';
import { branchMissing, headsOf } from './heads.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { checkBranch, parseRemote, type Remote, remoteName } from './remote.ts';
import { type GitAnswer, runGit } from './run.ts';

/** Where a config repo is, and where its copy is kept. */
export interface MirrorOptions {
  /** `https://`, `ssh://`, `user@host:path`, `file://` or a path; a bare repository or one with a worktree. */
  url: string;
  branch: string;
  /** Directory for copies of repositories. Nothing in it is precious: it may be deleted whenever no Windlass runs. */
  cacheDir: string;
  /** `none` unless told. */
  access?: GitAccess;
}

/** A bare copy of one branch of a remote repository: objects are read from it, never from the remote. */
export interface Mirror extends Copy {
  readonly remote: Remote;
  readonly branch: string;
  /** The remote branch's head, asked anew. Throws `UserError` when there is no such branch or repository. */
  head(): Promise<string>;
  /** The same, and the heads of all branches by their names. */
  heads(): Promise<{ head: string; heads: Map<string, string> }>;
  /**
   * Makes sure that a commit of the branch is here, with its history unless the copy has the latest commits alone. Throws `UserError` when the branch
   * does not have it, or the repository is a clone on this machine that does not have the history.
   */
  ensure(revision: string): Promise<void>;
  /** True when the object is here, without asking the remote. */
  has(revision: string): Promise<boolean>;
}

/** How much of the branch a copy has: its `whole` history, or the `latest` commits, each with its tree and without what was before it. */
export type Depth = 'whole' | 'latest';

const revisionPattern = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** Opens the copy of a remote branch; nothing is read or made before it is used. Throws `UserError` for an impossible URL or branch name. */
export function openMirror(options: MirrorOptions, depth: Depth = 'whole'): Mirror {
  const remote = parseRemote(options.url, options.access);
  const branch = checkBranch(options.branch);
  const name = depth === 'whole' ? copyName(remote, branch) : copyName(remote, branch, depth);
  const copy = openCopy(remote, join(resolve(options.cacheDir), name));

  const has = async (revision: string): Promise<boolean> => {
    if (!existsSync(copy.gitDir)) return false;
    return (await copy.ask({ args: ['cat-file', '-e', `${checkRevision(revision)}^{commit}`] })).code === 0;
  };
  const fetch = (revision: string): Promise<void> =>
    depth === 'whole'
      ? fetchWhole(copy, remote, branch)
      : fetchLatest(copy, remote, branch, revision, () => has(revision));
  // Asked once: whoever looks at each commit does not start a git for it.
  let isUncut = depth === 'latest';

  return {
    ...copy,
    remote,
    branch,
    has,
    head: async () => (await headsOf(remote, branch)).head,
    heads: () => headsOf(remote, branch),
    ensure: async (revision) => {
      if (!isUncut) await checkUncut(remote);
      isUncut = true;
      if (await has(revision)) return;
      await oneAtATime(`fetch ${copy.gitDir}`, async () => {
        if (!(await has(revision))) await fetch(revision);
      });
      if (await has(revision)) return;
      throw new UserError(`${remote.shown} has no commit ${revision} on branch ${branch}`, {
        code: 'revision-missing',
        subject: revision,
      });
    },
  };
}

/** Throws a plain `Error` unless the text is a full commit id: a revision comes from git, never from a person. */
export function checkRevision(revision: string): string {
  if (!revisionPattern.test(revision)) throw new Error(`${JSON.stringify(revision)} is not a full commit id`);
  return revision;
}

/** Git gives the commits of a shallow clone, without a word of those that are missing: whoever follows the history then meets a hole. */
async function checkUncut({ directory, shown }: Remote): Promise<void> {
  if (directory === undefined) return;
  const own = join(directory, '.git');
  const answer = await runGit({
    args: ['rev-parse', '--is-shallow-repository'],
    gitDir: existsSync(own) ? own : directory,
  });
  if (answer.stdout.toString('utf8').trim() !== 'true') return;
  throw new UserError(
    `${shown} is a shallow clone, and the history is needed\n` +
      'run git fetch --unshallow there, or clone it without --depth (actions/checkout: fetch-depth: 0)',
    { code: 'repo-shallow', subject: shown },
  );
}

async function fetchWhole(copy: Copy, remote: Remote, branch: string): Promise<void> {
  checkFetched(await copy.fetch([remoteName, refspec(branch)]), remote, branch);
}

/**
 * The branch's head alone; of what is here already nothing comes again. Where the branch has moved on since the commit was its head, that
 * commit by its id, and from a server that gives none by id, everything.
 */
async function fetchLatest(
  copy: Copy,
  remote: Remote,
  branch: string,
  revision: string,
  isHere: () => Promise<boolean>,
): Promise<void> {
  const latest = await copy.fetch(['--depth=1', remoteName, refspec(branch)]);
  if (latest.code !== 0 && /support shallow/.test(latest.stderr)) return fetchWhole(copy, remote, branch);
  checkFetched(latest, remote, branch);
  if (await isHere()) return;
  const byId = await copy.fetch(['--depth=1', remoteName, checkRevision(revision)]);
  if (byId.code === 0 || /not our ref/.test(byId.stderr)) return;
  if (!/unadvertised object/.test(byId.stderr)) throw remoteFailure('fetch from', remote, byId);
  checkFetched(await copy.fetch(['--unshallow', remoteName, refspec(branch)]), remote, branch);
}

function refspec(branch: string): string {
  return `+refs/heads/${branch}:refs/heads/${branch}`;
}

function checkFetched(answer: GitAnswer, remote: Remote, branch: string): void {
  if (answer.code === 0) return;
  if (/couldn't find remote ref/.test(answer.stderr)) throw branchMissing(remote, branch, []);
  throw remoteFailure('fetch from', remote, answer);
}
