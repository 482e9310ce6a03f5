import { namesOf } from '../model/audit-subjects.ts';
import { isTrouble, messageOf, UserError } from '../model/errors.ts';
import type { GitHistory, HistoryCommit, PageOfRecords, RecordsReader } from './ports.ts';

/** Commits that are looked through for those of one person, or for one that begins so. */
const mostCommits = 2_000;

/** The config repo, for the questions that need it. */
export interface GitDeps {
  /** Opened where a question needs it. */
  history(): Promise<GitHistory>;
  /** Told why Git was not asked: the records answer alone. */
  warn(message: string): void;
}

/** The commits of one person. */
export interface AuthoredCommits {
  /** Newest first. */
  commits: HistoryCommit[];
  /** True where older commits were not looked through. */
  more: boolean;
}

/**
 * The commits of a page's span of time whose author, or whose `Windlass-Who`, goes by the name; undefined, with a warning, where Git cannot be read. Where
 * there are more than the page holds, `isFull`: it ends with the last of them, and with those of the same second.
 */
export async function commitsBy(
  who: string,
  { before, since, limit }: PageOfRecords,
  deps: GitDeps,
): Promise<(AuthoredCommits & { isFull: boolean }) | undefined> {
  const names = new Set(namesOf(who));
  const until = before?.split('#')[0];
  return await fromGit(deps, async (history) => {
    const commits: HistoryCommit[] = [];
    let seen = 0;
    for await (const commit of history.commits({ from: await history.head(), ...(since !== undefined && { since }) })) {
      seen += 1;
      if (seen > mostCommits) return { commits, more: true, isFull: false };
      if (until !== undefined && commit.committedAt >= until) continue;
      if (!peopleOf(commit).some((one) => namesOf(one).some((name) => names.has(name)))) continue;
      if (commits.length >= limit && commit.committedAt < commits.at(-1)!.committedAt)
        return { commits, more: false, isFull: true };
      commits.push(commit);
    }
    return { commits, more: false, isFull: false };
  });
}

/** The whole id of a revision that may be a short one. Throws `UserError` where that is unknown, or several begin so. */
export async function wholeRevision(short: string, deps: GitDeps & { records: RecordsReader }): Promise<string> {
  if (short.length >= 40) return short;
  const states = await deps.records.syncs();
  const known = states.flatMap(({ revision, settled }) => [revision, settled]);
  const found = new Set(known.filter((one) => one?.startsWith(short)) as string[]);
  if (found.size === 0)
    for (const one of (await fromGit(deps, (history) => beginning(short, history))) ?? []) found.add(one);
  const [revision, another] = found;
  if (revision !== undefined && another === undefined) return revision;
  const why =
    another === undefined ? `no commit is known that begins with "${short}"` : `several commits begin with "${short}"`;
  throw new UserError(`${why}: give more digits, or all 40 of them`, { code: 'unknown-revision', subject: short });
}

async function beginning(short: string, history: GitHistory): Promise<string[]> {
  const found: string[] = [];
  let seen = 0;
  for await (const { revision } of history.commits({ from: await history.head() })) {
    if (revision.startsWith(short)) found.push(revision);
    seen += 1;
    if (seen >= mostCommits) break;
  }
  return found;
}

/** What cannot be read in Git is said, and the records answer alone. */
async function fromGit<T>(
  { history, warn }: GitDeps,
  ask: (history: GitHistory) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await ask(await history());
  } catch (error) {
    if (!isTrouble(error)) throw error;
    warn(`Git was not asked: ${messageOf(error)}`);
    return undefined;
  }
}

function peopleOf({ author, mail = '', trailers }: HistoryCommit): string[] {
  const who = trailers.filter(([key]) => key === 'Windlass-Who' || key === 'Co-authored-by').map(([, value]) => value);
  return [author, mail, ...who];
}
