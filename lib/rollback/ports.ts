import type {
  CommitRequest,
  FileChange,
  HistoryQuestion,
  LineCommit,
  RecentCommit,
  RepoFile,
  Survey,
  Surveyed,
} from '../model/config-repo.ts';

/** The branch at one commit, as far as a rollback needs it. */
export interface RollbackHead {
  revision: string;
  /** windlass.yaml; undefined when the commit does not have it. */
  windlassFile?: Uint8Array;
  /** The files directly in `holds/`. */
  holds: RepoFile[];
  /** The last commits, newest first. */
  recent: RecentCommit[];
}

/**
 * The past of a config repo. Methods throw `UserError` for a commit that is not there, `RetryableError` where the host cannot be reached.
 */
export interface RepoPast {
  /** The commits of the line that ends at a revision, newest first. Throws `UserError` where it would have to look at too many. */
  history(revision: string, question: HistoryQuestion): Promise<LineCommit[]>;
  /** What became of each file from one commit to another one. */
  changes(older: string, newer: string): Promise<FileChange[]>;
  /** The whole id of a commit by a part of it (7 hex digits or more); undefined when there is none, or several. */
  find(id: string): Promise<string | undefined>;
  /** True when the one commit is the other or part of its history. */
  isAncestor(ancestor: string, revision: string): Promise<boolean>;
}

/** The config repo as a rollback sees it. */
export interface RollbackRepo extends RepoPast {
  readonly branch: string;
  /** The branch as it is now. Throws `UserError` when the branch is missing, `RetryableError` when the host cannot be reached. */
  head(): Promise<RollbackHead>;
  /** The facts of all files at a revision. */
  survey<Facts>(revision: string, survey: Survey<Facts>): Promise<Surveyed<Facts>>;
  /** Plain files at a revision, in the order asked for. Throws `UserError` for one that is missing, too large, a link or a submodule. */
  read(revision: string, paths: readonly string[]): Promise<RepoFile[]>;
  /** Makes ONE commit on `parent` and moves the branch, if its head still is `parent`. */
  commit(
    request: CommitRequest,
  ): Promise<{ result: 'committed'; revision: string; at?: string } | { result: 'head-moved' }>;
}

/** The registry as a rollback sees it: without it a rollback goes by Git alone. */
export interface RollbackRegistry {
  /** ALL tags of a repository. Throws `UserError` or `RetryableError` where that cannot be told. */
  tags(repository: string): Promise<{ tag: string; digest?: string; pushedAt?: string }[]>;
  /** Where one tag points now; undefined when the registry says that there is no such tag. */
  tag(repository: string, tag: string): Promise<{ tag: string; digest: string } | undefined>;
  /** What is behind a tag or digest. Throws `UserError` where there is nothing. */
  details(repository: string, reference: string): Promise<{ digest: string }>;
}

/** What a rollback needs beside the repo. */
export interface RollbackDeps {
  /** Absent, or failing: Git alone says how far images have come, with a remark. */
  registry?: RollbackRegistry;
  /**
   * By the records, why what these commits had was never healthy in one of the syncs, in words; undefined where it was, or nobody knows. Absent where there
   * are no records: then Git alone says what to go back to. Throws `RetryableError` when they cannot be read now.
   */
  health?(revisions: readonly string[], syncs: readonly string[]): Promise<string | undefined>;
  /** Waits between two tries, in milliseconds. */
  sleep(milliseconds: number): Promise<void>;
  /** From 0 to less than 1: keeps writers that lost the same race from meeting again. */
  random(): number;
}
