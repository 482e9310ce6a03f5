import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RetryableError, UserError } from '../../model/errors.ts';
import { runOnRemote } from './credentials.ts';
import type { Remote } from './remote.ts';
import { type GitAnswer, type GitCall, runGit } from './run.ts';

/** A bare repository on this machine that holds objects of a remote one. It is made at the first fetch. */
export interface Copy {
  readonly gitDir: string;
  /** Runs git on the copy, without a way to any remote, and answers whatever came out. */
  ask(call: Omit<GitCall, 'gitDir'>): Promise<GitAnswer>;
  /** The same, and throws a plain `Error` when it fails: what is done here has no reason to fail. */
  run(call: Omit<GitCall, 'gitDir'>): Promise<Buffer>;
  /** Runs git on the copy with what opens the remote. */
  askRemote(call: Omit<GitCall, 'gitDir'>): Promise<GitAnswer>;
  /** Runs `git fetch --quiet` with these arguments behind it, and answers whatever came out. */
  fetch(args: readonly string[]): Promise<GitAnswer>;
}

const fetchTimeout = 10 * 60_000;

/** Attributes of the tree must not change bytes on their way out (line ends, keywords, filters such as LFS). */
const noFilters = '* -text -ident -filter -working-tree-encoding -export-ignore -export-subst\n';

/** No transport has this name. Where objects are missing on purpose, git would fetch them one by one when it meets them. */
const offline = { GIT_ALLOW_PROTOCOL: 'none' };

/** Opens a copy; nothing is read or made before it is used. */
export function openCopy(remote: Remote, gitDir: string): Copy {
  const ask: Copy['ask'] = (call) => runGit({ ...call, gitDir, env: { ...call.env, ...offline } });
  const askRemote: Copy['askRemote'] = (call) => runOnRemote(remote, { ...call, gitDir });
  return {
    gitDir,
    ask,
    askRemote,
    run: async (call) => {
      const answer = await ask(call);
      if (answer.code === 0) return answer.stdout;
      throw new Error(`git ${call.args[0]} failed with ${answer.code}: ${answer.stderr.trim()}`);
    },
    fetch: async (args) => {
      if (!existsSync(gitDir)) await makeEmpty(gitDir);
      const fixed = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head'];
      return untilUnlocked(() => askRemote({ args: [...fixed, ...args], timeout: fetchTimeout }));
    },
  };
}

/** A directory's name for a copy: the repository's own, so that a person finds it, and a hash of what it is a copy of. */
export function copyName(remote: Remote, ...what: readonly string[]): string {
  const words = (remote.shown.split(/[/:]/).filter(Boolean).at(-1) ?? 'repo')
    .replace(/\.git$/, '')
    .replace(/[^A-Za-z0-9._-]/g, '-');
  const hash = createHash('sha256')
    .update([remote.shown, ...what].join('\0'))
    .digest('hex')
    .slice(0, 12);
  return `${words}-${hash}.git`;
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
    const lock = /'([^']+\.lock)'|cannot lock ref|shallow file has changed/.exec(answer.stderr);
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
