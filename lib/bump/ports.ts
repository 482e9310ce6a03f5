import type { AuditRecord } from '../model/audit-record.ts';
import type { Bumped } from '../model/messages.ts';
import type { CommitSummary, ImageState } from '../model/state.ts';

export type { ImageState } from '../model/state.ts';

/** One file of the config repo at one revision. */
export interface RepoFile {
  /** Path from the repo's root, with `/`. */
  path: string;
  bytes: Uint8Array;
}

/** The config repo as bump sees it: read a revision, commit on top of it. */
export interface ConfigRepo {
  /** The branch that bump writes to. */
  readonly branch: string;
  /** The commit at the branch's head. Throws `UserError` when the branch is missing, `RetryableError` when the host cannot be reached. */
  head(): Promise<string>;
  /** One file; undefined when the revision does not have it. */
  read(revision: string, path: string): Promise<Uint8Array | undefined>;
  /** The files whose bytes contain `text`, except binary ones and those over the size limit (which are listed). */
  filesContaining(revision: string, text: string): Promise<{ files: RepoFile[]; tooLarge: string[] }>;
  /** The files directly in a directory; empty when there is no such directory. */
  filesIn(revision: string, directory: string): Promise<RepoFile[]>;
  /**
   * Makes ONE commit on `parent` and moves the branch, if its head still is `parent` (compare and swap).
   * `head-moved`: somebody was first; nothing was written.
   */
  commit(request: CommitRequest): Promise<{ result: 'committed'; revision: string } | { result: 'head-moved' }>;
  /** The last commits up to a revision, newest first, along first parents. */
  recent(revision: string, limit: number): Promise<CommitSummary[]>;
}

/** One commit: `undefined` as the new bytes deletes the file. Trailers are written at the message's end. */
export interface CommitRequest {
  parent: string;
  files: { path: string; bytes: Uint8Array | undefined }[];
  subject: string;
  body: string[];
  trailers: [key: string, value: string][];
  at: Date;
}

/** One tag of an image. */
export interface RegistryTag {
  tag: string;
  /** `sha256:...`, where the registry tells it without another request. */
  digest?: string;
  /** ISO 8601, where the registry tells it. */
  pushedAt?: string;
}

/** The registry as bump sees it. */
export interface Registry {
  /** ALL tags of a repository. A listing that failed or was cut short throws (`RetryableError`, or `UserError` for a missing repository): it is never an empty or partial list. */
  tags(repository: string): Promise<RegistryTag[]>;
}

/** Where bump writes what it did. */
export interface BumpRecords {
  /** Appends; a record that is there already is left as it is. */
  append(records: AuditRecord[]): Promise<void>;
  /** What the page and `status` show of each image. */
  saveImages(images: ImageState[]): Promise<void>;
  /** Tells the world outside of this flow that a commit was made. */
  announce(message: Bumped): Promise<void>;
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
}
