import type { BumpResult } from '../bump/bump.ts';
import type { CommitRequest, ConfigRepo, ImageState } from '../bump/ports.ts';
import type { ImageWait, ProposalSummary } from '../bump/tell.ts';
import type { SkippedMarker } from '../edit/source-file.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import { type MovedImage, storyIn } from '../model/bump-story.ts';
import { commitMessage } from '../model/commit-message.ts';
import type { ImageChange } from '../model/messages.ts';
import { unifiedDiff } from './output/unified-diff.ts';
import type { Watched } from './watched-repo.ts';

/** One file that a commit changes. */
export interface ReportedFile {
  path: string;
  /** Unified; only of a dry run, null otherwise. */
  diff: string | null;
}

/** A commit that was made, or would be. */
export interface ReportedCommit {
  /** Null in a dry run. */
  revision: string | null;
  message: string;
  images: MovedImage[];
  changes: ImageChange[];
  files: ReportedFile[];
}

/** A proposal that was made or would be, was withdrawn, waits for somebody, or could not be made. */
export interface ReportedProposal {
  group: string;
  act: ProposalSummary['act'];
  branch: string | null;
  number: number | null;
  url: string | null;
  title: string | null;
  /** Why it waits, was withdrawn, or could not be made. */
  reason: string | null;
  images: MovedImage[];
  changes: ImageChange[];
  message: string | null;
  labels: string[];
  reviewers: string[];
  autoMerge: boolean;
  /** What the host did not grant. */
  warnings: string[];
  files: ReportedFile[];
}

/** What a sweep from the command line did or, in a dry run, would do: what both forms of output are made from. */
export interface SweepReport {
  /** The repository, without user and password. */
  repo: string;
  branch: string;
  /** The commit that was looked at. */
  head: string | null;
  dryRun: boolean;
  commit: ReportedCommit | null;
  proposals: ReportedProposal[];
  images: Pick<ImageState, 'policy' | 'repository' | 'rule' | 'current' | 'newest' | 'waiting'>[];
  waits: ImageWait[];
  skipped: SkippedMarker[];
  /** Why the host did not take the commit. */
  failure: BumpResult['failure'] | null;
  /** What a function would have put into the table of records; empty in a dry run. */
  records: AuditRecord[];
}

/** What a report is made from, beside the result. */
export interface Swept {
  shown: string;
  dryRun: boolean;
  repo: Pick<ConfigRepo, 'branch' | 'read'>;
  watched: Watched;
  records: AuditRecord[];
}

/** Puts a sweep's result and what was seen of the repo together. Reads the files as they were for the diffs of a dry run. */
export async function reportOf(result: BumpResult, swept: Swept): Promise<SweepReport> {
  const { shown, dryRun, repo, watched, records } = swept;
  const { commit, head = null } = watched;
  const before = dryRun ? await filesBefore(repo, watched) : undefined;
  const committed = commit && commitOf(commit, watched.revision, result.bumped?.changes ?? [], before);
  // A proposal stands on the commit.
  for (const { path, bytes } of commit?.files ?? []) before?.set(path, bytes);
  return {
    repo: shown,
    branch: repo.branch,
    head,
    dryRun,
    commit: committed ?? null,
    proposals: result.proposals.map((summary) => proposalOf(summary, watched, before)),
    images: result.images.map(({ policy, repository, rule, current, newest, waiting }) => ({
      ...{ policy, repository, rule, current },
      ...(newest === undefined ? {} : { newest }),
      ...(waiting === undefined ? {} : { waiting }),
    })),
    waits: result.waits,
    skipped: result.skipped.map(({ file, line, reason }) => ({ file, line, reason })),
    failure: result.failure ?? null,
    records: dryRun ? [] : records,
  };
}

type Contents = Map<string, Uint8Array | undefined>;

async function filesBefore(repo: Pick<ConfigRepo, 'read'>, { commit, proposals, head }: Watched): Promise<Contents> {
  const requests = [...(commit === undefined ? [] : [commit]), ...proposals.map(({ request }) => request)];
  const paths = [...new Set(requests.flatMap(({ files }) => files.map(({ path }) => path)))];
  if (head === undefined || paths.length === 0) return new Map();
  return new Map((await repo.read(head, paths)).map(({ path, bytes }) => [path, bytes]));
}

function commitOf(
  request: CommitRequest,
  revision: string | undefined,
  changes: ImageChange[],
  before: Contents | undefined,
): ReportedCommit {
  return {
    revision: revision ?? null,
    message: commitMessage(request),
    images: storyIn(request)?.images ?? [],
    changes,
    files: filesOf(request, before),
  };
}

function filesOf({ files }: Pick<CommitRequest, 'files'>, before: Contents | undefined): ReportedFile[] {
  return files.map(({ path, bytes }) => ({
    path,
    diff: before === undefined ? null : unifiedDiff(path, textOf(before.get(path)), textOf(bytes)),
  }));
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function proposalOf(summary: ProposalSummary, watched: Watched, before: Contents | undefined): ReportedProposal {
  const { group, act, waiting, url, changes } = summary;
  const made = watched.proposals.find(({ request }) => request.group === group);
  const gone = watched.withdrawn.find(({ proposal }) => proposal.group === group);
  const { request, proposed } = made ?? {};
  return {
    group,
    act,
    branch: proposed?.branch ?? gone?.proposal.branch ?? null,
    number: proposed?.number ?? gone?.proposal.number ?? null,
    url: url ?? gone?.proposal.url ?? null,
    title: request?.title ?? null,
    reason: (act === 'propose' ? undefined : (waiting ?? gone?.why)) ?? null,
    images: (request && storyIn(request)?.images) ?? [],
    changes,
    message: request === undefined ? null : commitMessage(request),
    labels: request?.labels ?? [],
    reviewers: request?.reviewers ?? [],
    autoMerge: request?.autoMerge ?? false,
    warnings: proposed?.warnings ?? [],
    files: request === undefined ? [] : filesOf(request, before),
  };
}
