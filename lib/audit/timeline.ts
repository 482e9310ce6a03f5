import type { AuditKind, AuditRecord } from '../model/audit-record.ts';
import { recordsOfCommit } from './commit-records.ts';
import { cursorOf, type HistoryCommit, type PullRequest } from './ports.ts';

/** What the timeline is about: one image policy, or one sync, with the key of windlass.yaml that it was expanded from where that is another one. */
export type TimelineSubject = { image: string } | { sync: string; template?: string };

/** One line of a timeline: a commit with the records of what it did, or a record of its own. */
export interface TimelineEntry {
  /** ISO 8601, UTC; of a commit when it came to the branch, in whole seconds. */
  at: string;
  /** `commit` for one that Windlass did not make; else the kind of the records. */
  what: AuditKind | 'commit';
  who: string;
  text: string;
  result: AuditRecord['result'];
  revision?: string;
  pullRequest?: PullRequest;
  /** Absent where Git was not read, or not so far back. */
  commit?: HistoryCommit;
  records: AuditRecord[];
}

/** Kinds of records that only say again what a commit did. */
const ofCommits: ReadonlySet<AuditKind> = new Set<AuditKind>([
  'bumped',
  'rolled-back',
  'held',
  'released',
  'suspended',
  'resumed',
  'sweep-found',
]);

/** What comes first within a second: a commit's time has no parts of one, and what it brought about came after it. */
const order: readonly (readonly TimelineEntry['what'][])[] = [
  ['push-received', 'scan-finished'],
  ['commit', 'bumped', 'rolled-back', 'held', 'released', 'suspended', 'resumed'],
];

/** Commits and records as one timeline, newest first: a commit and its records are one entry, and so are an incident and the drift that opened it. */
export function mergeTimeline(
  commits: readonly HistoryCommit[],
  records: readonly AuditRecord[],
  about: TimelineSubject,
): TimelineEntry[] {
  const known = new Map(commits.map((commit) => [commit.revision, commit]));
  const ofCommit = new Map<string, AuditRecord[]>();
  const ofIncident = new Map<string, AuditRecord[]>();
  const alone: AuditRecord[] = [];
  const distinct = [...new Map(records.map((one) => [one.id, one])).values()];
  for (const record of distinct.sort((a, b) => (cursorOf(a) < cursorOf(b) ? -1 : 1))) {
    const incident = record.subjects.find((subject) => subject.startsWith('incident:'));
    if (ofCommits.has(record.kind) && record.revision !== undefined) add(ofCommit, record.revision, record);
    else if (incident !== undefined) add(ofIncident, `${incident} ${record.at}`, record);
    else alone.push(record);
  }
  const entries = [
    ...[...known.values()].map((commit) => commitEntry(commit, ofCommit.get(commit.revision) ?? [], about)),
    ...[...ofCommit].filter(([revision]) => !known.has(revision)).map(([, told]) => recordEntry(told)),
    ...[...ofIncident.values()].map(recordEntry),
    ...alone.map((record) => recordEntry([record])),
  ];
  return entries.sort(newestFirst);
}

/** The pull request that a subject names, as GitHub writes it when it merges or squashes. */
export function pullRequestIn(subject: string): PullRequest | undefined {
  const number = /^Merge pull request #(\d+)\b/.exec(subject)?.[1] ?? /\(#(\d+)\)$/.exec(subject)?.[1];
  return number === undefined ? undefined : { number: Number(number) };
}

function add(groups: Map<string, AuditRecord[]>, key: string, record: AuditRecord): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [record]);
  else group.push(record);
}

/** What it did is told by its trailers, which the records repeat: so the text is the same where there are none. */
function commitEntry(commit: HistoryCommit, records: AuditRecord[], about: TimelineSubject): TimelineEntry {
  const told = recordsOfCommit(commit);
  const isOfOther = ({ subjects }: AuditRecord) =>
    'image' in about && subjects.some((one) => one.startsWith('image:')) && !subjects.includes(`image:${about.image}`);
  const mine = told.filter((record) => !isOfOther(record));
  const [first] = mine;
  const who = commit.trailers.find(([key]) => key === 'Windlass-Who')?.[1];
  const pullRequest = pullRequestIn(commit.subject);
  return {
    at: `${new Date(commit.committedAt).toISOString().slice(0, 19)}.000Z`,
    what: first?.kind ?? 'commit',
    who: first?.actor ?? (who || commit.author),
    text: first === undefined ? commit.subject : textOf(mine),
    result: 'ok',
    revision: commit.revision,
    ...(pullRequest && { pullRequest }),
    commit,
    records,
  };
}

/** One record, or several of one moment: the drift says more than that an incident opened. */
function recordEntry(records: readonly AuditRecord[]): TimelineEntry {
  const main = records.find(({ kind }) => kind === 'drift-found') ?? records[0]!;
  const texts = ofCommits.has(main.kind) ? records.filter(({ kind }) => kind === main.kind) : [main];
  return {
    at: main.at,
    what: main.kind,
    who: main.actor,
    text: textOf(texts),
    result: main.result,
    ...(main.revision !== undefined && { revision: main.revision }),
    records: [...records],
  };
}

/** In an order that does not depend on who told it. */
function textOf(records: readonly AuditRecord[]): string {
  return records
    .map(({ summary }) => summary)
    .sort()
    .join('; ');
}

function newestFirst(a: TimelineEntry, b: TimelineEntry): number {
  const [second, other] = [a.at.slice(0, 19), b.at.slice(0, 19)];
  if (second !== other) return second < other ? 1 : -1;
  return rank(b) - rank(a) || (a.at < b.at ? 1 : a.at > b.at ? -1 : 0);
}

function rank({ what }: TimelineEntry): number {
  const found = order.findIndex((kinds) => kinds.includes(what));
  return found < 0 ? order.length : found;
}
