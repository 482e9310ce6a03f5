import type { Interest } from './interest.ts';
import type { CommitSummary } from './state.ts';

/** One file of the config repo at one revision. */
export interface RepoFile {
  /** Path from the repo's root, with `/`. */
  path: string;
  bytes: Uint8Array;
}

/** A commit without the list of its files, which not every host tells at once. */
export type RecentCommit = Omit<CommitSummary, 'files'>;

/**
 * Reads facts out of the files of a commit. The facts are JSON, and depend on nothing but the file and `key`: whoever keeps them knows by the
 * file's blob and the key that they still hold.
 */
export interface Survey<Facts> {
  key: string;
  interests: readonly Interest[];
  /** Undefined for a file that has none. Pure, never throws. */
  facts(file: RepoFile): Facts | undefined;
}

/** What a survey found. */
export interface Surveyed<Facts> {
  /** By path. */
  files: { path: string; facts: Facts }[];
  /** Files of interest that are larger than the adapter reads. */
  tooLarge: string[];
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

/** A commit of the branch's own line, which goes from each commit to its first parent. */
export interface LineCommit extends RecentCommit {
  /** Absent for the first commit of all. */
  parent?: string;
  /** Of a merge of two: the commit that it brought into the line, the last one of its branch. */
  merged?: RecentCommit & Pick<LineCommit, 'parent'>;
}

/** Which commits of a line are asked for, newest first. */
export interface HistoryQuestion {
  /** Only commits that changed something at or below one of these, against their first parent; all where absent. */
  paths?: readonly string[];
  /** Only commits made at or before this time. */
  until?: Date;
  /** Ends before this commit of the line. */
  after?: string;
  limit: number;
}

/** A file of a commit; `plain` is false for a symbolic link and a submodule. */
export interface FileThere {
  path: string;
  plain: boolean;
}

/** What became of one file between two commits: added (no `was`), deleted (no `is`), changed, or renamed and perhaps changed. */
export interface FileChange {
  was?: FileThere;
  is?: FileThere;
}
