import { holdsDirectory } from '../config/holds.ts';
import { suspendsDirectory } from '../config/suspends.ts';
import { aboutSubject, stopsSubject } from './commit-subject.ts';
import { followed } from './followed.ts';
import { orNote } from './or-note.ts';
import { cursorOf, type GitHistory, type HistoryCommit, type RecordsReader } from './ports.ts';
import { mergeTimeline, type TimelineEntry, type TimelineSubject } from './timeline.ts';

/** Which timeline is asked for. */
export interface TimelineOrder {
  about: TimelineSubject;
  /** ISO 8601, UTC, milliseconds. */
  since?: string;
  /** So many entries at most. */
  limit: number;
}

/** Git as a timeline reads it: a head, and the files and directories that decide about the subject there. */
export interface GitSide {
  history: GitHistory;
  head: string;
  paths: readonly string[];
}

/** A timeline, and what could not be found out for it. */
export interface Timeline {
  entries: TimelineEntry[];
  notes: string[];
}

/** The Git log and the records of one image or sync as one timeline, newest first. Either side may be absent. Throws what they throw. */
export async function timelineOf(
  order: TimelineOrder,
  { git, records }: { git?: GitSide | undefined; records?: Pick<RecordsReader, 'about'> | undefined },
): Promise<Timeline> {
  if (git === undefined) return { entries: await withRecords(order, [], records), notes: [] };
  const { commits, lost } = await commitsAbout(order, git);
  const timeline = await withPullRequests(await withRecords(order, commits, records), git.history);
  const notes = [...lost].map((revision) => `${revision.slice(0, 8)} ${movedMany}`);
  return { ...timeline, notes: [...timeline.notes, ...notes] };
}

const movedMany = 'moved too many files to follow them: commits to them under other names before it are not shown';

/**
 * The newest commits of the subject: those of its files, by whatever names they had, and those that stopped it or let it go on. `lost`: the commits
 * that moved too many files.
 */
async function commitsAbout(
  { about, since, limit }: TimelineOrder,
  { history, head, paths }: GitSide,
): Promise<{ commits: HistoryCommit[]; lost: Set<string> }> {
  const from = { from: head, ...(since !== undefined && { since }) };
  const lost = new Set<string>();
  const files = followed({ ...from, paths }, history, (revision) => lost.add(revision));
  const own = await newest(files, limit, (commit) => aboutSubject(commit, about));
  const stops = await newest(
    history.commits({ ...from, paths: [holdsDirectory, suspendsDirectory] }),
    limit,
    (commit) => stopsSubject(commit, about, history),
  );
  const commits = [...new Map([...own, ...stops].map((commit) => [commit.revision, commit])).values()];
  return { commits, lost };
}

async function newest(
  commits: AsyncIterable<HistoryCommit>,
  limit: number,
  isWanted: (commit: HistoryCommit) => boolean | Promise<boolean>,
): Promise<HistoryCommit[]> {
  const found: HistoryCommit[] = [];
  for await (const commit of commits) {
    if (await isWanted(commit)) found.push(commit);
    if (found.length >= limit) break;
  }
  return found;
}

/** Reads records until there are as many entries as wanted that nothing older can come between. */
async function withRecords(
  { about, since, limit }: TimelineOrder,
  commits: readonly HistoryCommit[],
  reader: Pick<RecordsReader, 'about'> | undefined,
): Promise<TimelineEntry[]> {
  if (reader === undefined) return mergeTimeline(commits, [], about).slice(0, limit);
  const subject = 'image' in about ? `image:${about.image}` : `sync:${about.sync}`;
  const size = 2 * limit;
  const records: Awaited<ReturnType<typeof reader.about>> = [];
  for (;;) {
    const last = records.at(-1);
    const before = last && { before: cursorOf(last) };
    const page = await reader.about(subject, { limit: size, ...(since !== undefined && { since }), ...before });
    records.push(...page);
    const entries = mergeTimeline(commits, records, about);
    const horizon = page.length < size ? '' : page.at(-1)!.at;
    // Of the second of the oldest record there may be more, which belong before or behind it.
    const settled = entries.filter(({ at }) => at.slice(0, 19) > horizon.slice(0, 19));
    if (horizon === '' || settled.length >= limit) return entries.slice(0, limit);
  }
}

/** Asks the host for the pull requests of commits whose subject names none. It is no reason to show nothing that it cannot tell. */
async function withPullRequests(entries: TimelineEntry[], { pullRequests }: GitHistory): Promise<Timeline> {
  const untold = entries.filter(({ commit, pullRequest }) => commit !== undefined && pullRequest === undefined);
  if (pullRequests === undefined || untold.length === 0) return { entries, notes: [] };
  const notes: string[] = [];
  const found = await orNote(notes, 'pull requests are not known', () =>
    pullRequests(untold.map(({ revision }) => revision!)),
  );
  const named = entries.map((entry) => {
    const pullRequest = entry.pullRequest ?? found?.get(entry.revision ?? '');
    return entry.commit === undefined || pullRequest === undefined ? entry : { ...entry, pullRequest };
  });
  return { entries: named, notes };
}
