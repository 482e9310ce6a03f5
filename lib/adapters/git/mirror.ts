import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RetryableError, UserError } from '../../model/errors.ts';
import type { GitAccess } from './access.ts';
import { remoteFailure } from './failure.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { checkBranch, parseRemote, type Remote, remoteName } from './remote.ts';
import { type GitAnswer, type GitCall, runGit } from './run.ts';

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
export interface Mirror {
  readonly remote: Remote;
  readonly branch: string;
  /** The bare repository that is the copy; it exists after the first `ensure`. */
  readonly gitDir: string;
  /** The remote branch's head, asked anew. Throws `UserError` when there is no such branch or repository. */
  head(): Promise<string>;
  /** The same, and the heads of all branches by their names. */
  heads(): Promise<{ head: string; heads: Map<string, string> }>;
  /** Makes sure that a commit of the branch is here. Throws `UserError` when the branch does not have it. */
  ensure(revision: string): Promise<void>;
  /** True when the object is here, without asking the remote. */
  has(revision: string): Promise<boolean>;
  /** Runs git on the copy and throws a plain `Error` when it fails: what is done here has no reason to fail. */
  run(call: Omit<GitCall, 'gitDir'>): Promise<Buffer>;
  /** Runs git on the copy, with the remote's address, and answers whatever came out. */
  ask(call: Omit<GitCall, 'gitDir'>): Promise<GitAnswer>;
}

const fetchTimeout = 10 * 60_000;
const revisionPattern = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** Attributes of the tree must not change bytes on their way out (line ends, keywords, filters such as LFS). */
const noFilters = '* -text -ident -filter -working-tree-encoding -export-ignore -export-subst\n';

/** Opens the copy of a remote branch; nothing is read or made before it is used. Throws `UserError` for an impossible URL or branch name. */
export function openMirror(options: MirrorOptions): Mirror {
  const remote = parseRemote(options.url);
  const branch = checkBranch(options.branch);
  const gitDir = join(resolve(options.cacheDir), `${nameFor(remote, branch)}.git`);
  const ref = `refs/heads/${branch}`;

  const ask = (call: Omit<GitCall, 'gitDir'>): Promise<GitAnswer> =>
    runGit({ ...call, gitDir, config: [...remote.config, ...(call.config ?? [])] });

  const run = async (call: Omit<GitCall, 'gitDir'>): Promise<Buffer> => {
    const answer = await ask(call);
    if (answer.code === 0) return answer.stdout;
    throw new Error(`git ${call.args[0]} failed with ${answer.code}: ${answer.stderr.trim()}`);
  };

  const has = async (revision: string): Promise<boolean> => {
    if (!existsSync(gitDir)) return false;
    return (await ask({ args: ['cat-file', '-e', `${checkRevision(revision)}^{commit}`] })).code === 0;
  };

  const fetch = async (): Promise<void> => {
    if (!existsSync(gitDir)) await makeEmpty(gitDir);
    const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', remoteName, `+${ref}:${ref}`];
    const answer = await untilUnlocked(() => ask({ args, timeout: fetchTimeout }));
    if (answer.code === 0) return;
    if (/couldn't find remote ref/.test(answer.stderr)) throw branchMissing(remote, branch, []);
    throw remoteFailure('fetch from', remote, answer);
  };

  return {
    remote,
    branch,
    gitDir,
    has,
    run,
    ask,
    head: async () => (await remoteHeads(remote, branch)).head,
    heads: () => remoteHeads(remote, branch),
    ensure: async (revision) => {
      if (await has(revision)) return;
      await oneAtATime(`fetch ${gitDir}`, async () => {
        if (!(await has(revision))) await fetch();
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

async function remoteHeads(remote: Remote, branch: string): Promise<{ head: string; heads: Map<string, string> }> {
  const answer = await runGit({ args: ['ls-remote', '--heads', remoteName], config: remote.config });
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

function branchMissing(remote: Remote, branch: string, others: string[]): UserError {
  const known =
    others.length === 0
      ? 'it has no commit yet'
      : `it has ${others.slice(0, 10).join(', ')}${others.length > 10 ? ` and ${others.length - 10} more` : ''}`;
  return new UserError(`${remote.shown} has no branch ${branch} (${known}): push the branch first, or name another`, {
    code: 'branch-missing',
    subject: branch,
  });
}

function nameFor(remote: Remote, branch: string): string {
  const words = (remote.shown.split(/[/:]/).filter(Boolean).at(-1) ?? 'repo')
    .replace(/\.git$/, '')
    .replace(/[^A-Za-z0-9._-]/g, '-');
  const hash = createHash('sha256').update(`${remote.shown}\0${branch}`).digest('hex').slice(0, 12);
  return `${words}-${hash}`;
}

/** Makes the empty copy beside its place and renames it there, so that a copy that exists is a whole one. */
async function makeEmpty(gitDir: string): Promise<void> {
  const made = `${gitDir}.${process.pid}.new`;
  await rm(made, { recursive: true, force: true });
  await mkdir(dirname(gitDir), { recursive: true });
  const answer = await runGit({ args: ['init', '--quiet', '--bare', '--template=', made] });
  if (answer.code !== 0)
    throw new UserError(`cannot make ${made}: ${answer.stderr.trim()}`, { code: 'cache-dir', subject: made });
  await mkdir(join(made, 'info'), { recursive: true });
  await writeFile(join(made, 'info', 'attributes'), noFilters);
  try {
    await rename(made, gitDir);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    if (!existsSync(gitDir)) throw error;
  }
}

/** Another process may hold one of git's lock files for a moment; one that nobody holds any more (a machine that stopped) is taken away. */
async function untilUnlocked(attempt: () => Promise<GitAnswer>): Promise<GitAnswer> {
  for (let tries = 1; ; tries++) {
    const answer = await attempt();
    const lock = /'([^']+\.lock)'|cannot lock ref/.exec(answer.stderr);
    if (answer.code === 0 || lock === null) return answer;
    if (tries === 20)
      throw new RetryableError(`another git process holds the copy: ${answer.stderr.trim()}`, { code: 'git-locked' });
    if (lock[1] !== undefined && (await ageOf(lock[1])) > fetchTimeout) await rm(lock[1], { force: true });
    await new Promise((done) => setTimeout(done, 50 + Math.random() * 200));
  }
}

async function ageOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  return found === undefined ? 0 : Date.now() - found.mtimeMs;
}
