import type { AuditRecord } from '../model/audit-record.ts';
import type { CommitRequest, RecentCommit, RepoFile, Survey, Surveyed } from '../model/config-repo.ts';
import { UserError } from '../model/errors.ts';
import type { Bumped, Notice, Wake } from '../model/messages.ts';
import type { ImageState } from '../model/state.ts';
import type { ScanState } from '../policy/gates.ts';

export type { CommitRequest, RecentCommit, RepoFile, Survey, Surveyed } from '../model/config-repo.ts';
export type { ImageState } from '../model/state.ts';

/** The branch at one commit: what each bump reads, as one snapshot. */
export interface Head {
  revision: string;
  /** windlass.yaml; undefined when the commit does not have it. */
  windlassFile?: Uint8Array;
  /** The files directly in `holds/` and in `suspends/`. */
  holds: RepoFile[];
  suspends: RepoFile[];
  /** The last commits, newest first: the head itself and up to 19 before it. */
  recent: RecentCommit[];
  /** The proposals of bump that are open, or were declined and have their branch still. */
  proposals: Proposal[];
}

/** The config repo as bump sees it: look at the head, survey a revision, commit on top of it. */
export interface ConfigRepo {
  /** The branch that bump writes to. */
  readonly branch: string;
  /** The branch as it is now. Throws `UserError` when the branch is missing, `RetryableError` when the host cannot be reached. */
  head(): Promise<Head>;
  /** The facts of all files at a revision; binary files have none. */
  survey<Facts>(revision: string, survey: Survey<Facts>): Promise<Surveyed<Facts>>;
  /** Plain files at a revision, in the order asked for. Throws `UserError` for one that is missing, too large, a link or a submodule. */
  read(revision: string, paths: readonly string[]): Promise<RepoFile[]>;
  /** When the last commit up to a revision was made that changed one of the files; undefined when none did. */
  changedAt(revision: string, paths: readonly string[]): Promise<Date | undefined>;
  /**
   * Makes ONE commit on `parent` and moves the branch, if its head still is `parent` (compare and swap).
   * `head-moved`: somebody was first; nothing was written. `at` is the commit's own time as a later `head` tells it, where that is not the
   * time of the request.
   */
  commit(
    request: CommitRequest,
  ): Promise<{ result: 'committed'; revision: string; at?: string } | { result: 'head-moved' }>;
  /**
   * Makes the group's one open proposal have exactly this one commit on `parent`: opened, or its branch moved there, with title, description
   * and wishes as they are now. What the host does not grant (a reviewer, auto-merge) is a warning.
   */
  propose(request: ProposalRequest): Promise<Proposed>;
  /** Closes a proposal, says why on it, and takes its branch away; one that is gone already is well. */
  withdraw(proposal: Proposal, why: string): Promise<void>;
}

/** Where an adapter keeps what it knows of a branch between two invocations. Losing it costs a reading anew, never more; `save` may fail in silence. */
export interface SurveyStore {
  load(key: string): Promise<Uint8Array | undefined>;
  save(key: string, content: Uint8Array): Promise<void>;
}

/** The branches of proposals begin with this; the group's name follows. */
export const proposalPrefix = 'windlass/bump/';

/** The branch of a group. Throws `UserError` for a name that git does not take. */
export function proposalBranch(group: string): string {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(group) && !group.includes('..') && !group.endsWith('.lock'))
    return `${proposalPrefix}${group}`;
  throw new UserError(`"${group}" cannot be the end of a branch's name: use letters, digits, dots and dashes`, {
    code: 'proposal-group',
    subject: group,
  });
}

/** The branch that a proposal is made on. Throws `UserError` for a name that git does not take. */
export function branchOf({ branch, group }: Pick<ProposalRequest, 'branch' | 'group'>): string {
  return branch ?? proposalBranch(group);
}

/** A pull request of bump; where the host has none, the branch that a person makes one of. */
export interface Proposal {
  group: string;
  branch: string;
  /** The commit at the branch's head, and its trailers: none of bump's means that a person worked on the branch. */
  revision: string;
  trailers: [key: string, value: string][];
  /** `declined`: a person closed it without merging. */
  state: 'open' | 'declined';
  /** True when it cannot be merged any more, because the branch changed beside it; as far as the host tells. */
  conflicts?: boolean;
  number?: number;
  url?: string;
  /**
   * The changes that the open pull request says it has, by `describesIn`; empty when it says none, or was not opened yet. Absent where the host
   * has no descriptions.
   */
  describes?: string;
  /** The commit's own time (ISO 8601), where the host tells it: a record that got lost is written again with it. */
  at?: string;
}

const mark = /<!-- windlass: (\S+) -->/g;

/** The last line of a description, which a host does not show: what the pull request says that it changes. */
export function describing(identity: string): string {
  return `<!-- windlass: ${identity} -->`;
}

/** What a description says that its pull request changes; empty when it does not say. */
export function describesIn(description: string): string {
  return [...description.matchAll(mark)].at(-1)?.[1] ?? '';
}

/** What a proposal is to be. */
export interface ProposalRequest extends CommitRequest {
  group: string;
  /** Instead of the group's: a new branch that no bump looks after. Throws `RetryableError` where it is there already. */
  branch?: string;
  title: string;
  /** Markdown. */
  description: string;
  labels: string[];
  /** Users, and teams as `org/team`. */
  reviewers: string[];
  autoMerge: boolean;
  /** The commit that the proposal's branch has by the last head: a branch that somebody moved since stays there, with a `RetryableError`. */
  replaces?: string;
  /** The commit `replaces` has the changes already and stays: only the pull request is opened or mended. */
  keeps?: boolean;
}

/** A proposal that was made. */
export interface Proposed {
  revision: string;
  branch: string;
  /** Absent where the host has no pull requests. */
  number?: number;
  url?: string;
  /** The commit's own time, where that is not the time of the request. */
  at?: string;
  warnings: string[];
}

/** One tag of an image. */
export interface RegistryTag {
  tag: string;
  /** `sha256:...`, where the registry tells it without another request. */
  digest?: string;
  /** ISO 8601: when the image (not the tag) was pushed first, where the registry tells it. */
  pushedAt?: string;
}

/** What an image is, from its index, manifest and config. */
export interface ImageDetails {
  /** Of what the tag points at: the index, where there is one. */
  digest: string;
  /** `linux/amd64`, `linux/arm64/v8`; attestations are none. */
  platforms: string[];
  /** The config's labels (`org.opencontainers.image.revision` ...), with the annotations of index and manifest; of several platforms those of the first. */
  labels: Record<string, string>;
}

/**
 * The registry as bump sees it. Every method throws `RetryableError` for trouble that may pass and `UserError` for a missing repository or
 * missing rights: an error is never an empty answer.
 */
export interface Registry {
  /** ALL tags of a repository: never an empty or partial list for one that failed or was cut short. */
  tags(repository: string): Promise<RegistryTag[]>;
  /** Where one tag points now; undefined when the registry says that there is no such tag. */
  tag(repository: string, tag: string): Promise<(RegistryTag & { digest: string }) | undefined>;
  /** What the image behind a tag or digest is. */
  details(repository: string, reference: string): Promise<ImageDetails>;
  /** The scan of one image. */
  scan(repository: string, digest: string): Promise<ScanState>;
}

/** Where bump writes what it did. */
export interface BumpRecords {
  /** Appends; a record that is there already is left as it is. */
  append(records: AuditRecord[]): Promise<void>;
  /** Up to which of the commits on a branch that tell of bumps, rollbacks, holds and suspends everything was recorded; undefined when that was never said. */
  recordedUpTo(branch: string): Promise<string | undefined>;
  /** Says it; called after `append`. */
  saveRecordedUpTo(branch: string, revision: string): Promise<void>;
  /** What the page and `status` show of each image. */
  saveImages(images: ImageState[]): Promise<void>;
  /** Tells the world outside of this flow that a commit was made. */
  announce(message: Bumped): Promise<void>;
}

/** Reaches one puller that watches; one in a CronJob cannot be woken. */
export interface WakeSender {
  /** Takes a few seconds at most, or throws: who is not woken looks a little later by itself. */
  send(message: Wake): Promise<void>;
}

/** Tells people what became of bumps. Methods throw `RetryableError` where that cannot be done now. */
export interface BumpNotices {
  /** Puts a message on the notify queue; the same one twice is told once. */
  send(notice: Notice): Promise<void>;
  /** The troubles that people know of: the code of each, by its subject. */
  troubles(): Promise<ReadonlyMap<string, string>>;
  /** That people know of one; undefined: it is over. */
  saveTrouble(subject: string, code: string | undefined): Promise<void>;
}

/** Everything that bump needs of the outside. */
export interface BumpPorts {
  repo: ConfigRepo;
  registry: Registry;
  records: BumpRecords;
  /** Waits between two tries, in milliseconds. */
  sleep(milliseconds: number): Promise<void>;
  /** From 0 to less than 1: keeps writers that lost the same race from meeting again. */
  random(): number;
  /** The pullers to wake when a commit is in the branch; none unless told. */
  wakes?: readonly WakeSender[];
  /** Nobody is told unless given. */
  notices?: BumpNotices;
}
