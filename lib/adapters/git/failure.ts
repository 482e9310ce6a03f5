import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RetryableError, UserError } from '../../model/errors.ts';
import type { Remote } from './remote.ts';
import type { GitAnswer } from './run.ts';

interface Rule {
  pattern: RegExp;
  code: string;
  /** What to do, for a failure that the user can mend; without it the failure may go away by itself. */
  todo?: string;
  /** In place of what git prints, where its advice does not help. */
  said?: string;
}

/** In this order: the first that matches what git printed decides. The texts are git's own, in the C locale. */
const rules: readonly Rule[] = [
  {
    pattern: /dubious ownership/,
    code: 'repo-owner',
    said: 'it belongs to another user of this machine',
    todo:
      'run Windlass as that user, change the owner (chown -R), or make a clone of your own with git clone and name that one: ' +
      "safe.directory in your Git configuration does not count, for Windlass runs git without anybody's",
  },
  { pattern: /transport '[^']*' not allowed/, code: 'repo-url', todo: 'use https, ssh, file or a path' },
  {
    pattern:
      /Authentication failed|could not read (?:Username|Password)|Permission denied|HTTP (?:401|403)|returned error: (?:401|403)|access denied/i,
    code: 'repo-access',
    todo: 'check the key or token and its rights on this repository',
  },
  {
    pattern: /Host key verification failed/,
    code: 'repo-host-key',
    todo: "add the host's key to known_hosts after checking it",
  },
  {
    pattern:
      /does not appear to be a git repository|not a git repository|[Rr]epository .*not found|returned error: 404|No such file or directory/,
    code: 'not-a-repository',
    todo: 'there is no Git repository: check the path or URL',
  },
  {
    pattern: /Could not resolve host|Temporary failure in name resolution|Name or service not known/,
    code: 'repo-unreachable',
  },
  {
    pattern:
      /Connection (?:refused|timed out|reset|closed)|Couldn't connect|Failed to connect|Network is unreachable|No route to host/,
    code: 'repo-unreachable',
  },
  {
    pattern: /returned error: (?:429|5\d\d)|early EOF|hung up unexpectedly|RPC failed|unexpected disconnect/,
    code: 'repo-unreachable',
  },
];

/** True when the host did not take the credentials. */
export function isRefused(stderr: string): boolean {
  return rules.find(({ pattern }) => pattern.test(stderr))?.code === 'repo-access';
}

/** The error for a git command on a remote that failed: `UserError` with what to do when the user can mend it, else `RetryableError`. */
export function remoteFailure(action: string, remote: Remote, answer: GitAnswer): UserError | RetryableError {
  const absent = noRepositoryHere(remote, answer);
  if (absent !== undefined) return new UserError(absent, { code: 'not-a-repository', subject: remote.shown });
  const rule = rules.find(({ pattern }) => pattern.test(answer.stderr));
  const said = rule?.said ?? whatGitSaid(answer.stderr, remote);
  const message = `cannot ${action} ${remote.shown}: ${said}`;
  if (rule?.todo !== undefined)
    return new UserError(`${message}\n${rule.todo}`, { code: rule.code, subject: remote.shown });
  return new RetryableError(message, { code: rule?.code ?? 'git-failed', subject: remote.shown });
}

// What git prints of a path on this machine speaks of access rights and remotes: neither is the matter.
function noRepositoryHere({ directory, shown }: Remote, { stderr }: GitAnswer): string | undefined {
  if (directory === undefined || !/does not appear to be a git repository|not a git repository/.test(stderr))
    return undefined;
  const root = rootAround(directory);
  if (root !== undefined) return `${shown} is a directory inside the Git repository ${root}: name its root`;
  return existsSync(directory)
    ? `${shown} is not a Git repository: run git init, git add and git commit there first`
    : `there is no directory ${shown}`;
}

/** The repository that a directory is in, by its `.git`. */
function rootAround(directory: string): string | undefined {
  if (!existsSync(directory)) return undefined;
  for (let at = dirname(resolve(directory)); ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (at === dirname(at)) return undefined;
  }
}

/** What git and the remote printed, in one line for people: without secrets, control characters and progress, at most 1,000 characters. */
export function whatGitSaid(stderr: string, remote: Remote): string {
  let text = stderr;
  for (const secret of remote.secrets) text = text.replaceAll(secret, '***');
  const lines = text
    .split(/[\r\n]+/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a remote may send anything, and it ends on a terminal
    .map((line) => line.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ').trim())
    .filter(
      (line) =>
        line !== '' &&
        !/^(?:remote: )?(?:Enumerating|Counting|Compressing|Receiving|Resolving|Writing|Unpacking) objects|^hint:/.test(
          line,
        ),
    );
  const said = lines.join('; ').slice(0, 1000);
  return said === '' ? 'git gave no reason' : said;
}
