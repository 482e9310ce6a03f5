import type { CommitRequest, LineCommit, RecentCommit } from '../model/config-repo.ts';
import type { ImageChange } from '../model/messages.ts';
import type { RollbackStory } from '../model/rollback-story.ts';
import type { Hold } from '../policy/spec.ts';
import type { Conflict } from './conflict.ts';

/**
 * What a rollback is to go back to. `guessed`: nobody said that it is a tag, and it is no commit and no time. `written`: nobody said that it is no tag, and
 * as a tag it is this.
 */
export type GoBackTo =
  | { revision: string; written?: string }
  | { tag: string; guessed?: boolean }
  | { time: Date; written?: string };

/** What is asked for. */
export interface RollbackOrder {
  /** A name in `images`, or the expanded name of a sync. */
  target: { image: string } | { sync: string };
  /** Unless told: what was before the last change. A tag is for an image only. */
  to?: GoBackTo | undefined;
  /**
   * Instead of `to`: exactly what this commit of a bump changed, of the target alone; with `also`, the ones before it, newest first, between which nothing
   * else of the target changed.
   */
  undo?: { bump: string; also?: readonly string[] } | undefined;
  /** Paths outside of a sync's own that go back with it. */
  include?: readonly string[] | undefined;
  /** Who asks; absent where no person does. */
  who?: string | undefined;
  why?: string | undefined;
  /** Where no person asks: the run of the report that does. */
  automatic?: string | undefined;
  now: Date;
}

/** One file that goes back; `after` is undefined for one that goes, `before` for one that comes again. */
export interface RolledBackFile {
  path: string;
  before: Uint8Array | undefined;
  after: Uint8Array | undefined;
}

/** A commit that is undone. `inPart`: what of it is not, in words. */
export interface UndoneCommit extends RecentCommit {
  inPart?: string;
}

/** What a rollback would do: nothing is written yet. */
export interface RollbackPlan {
  result: 'plan';
  order: RollbackOrder;
  /** The head that it is planned on. */
  head: string;
  /** The commit whose state comes back; absent where an image goes to a tag. */
  back?: LineCommit;
  /** Of a tag: the last commit at which Git had it; absent where it never did. */
  had?: LineCommit;
  story: RollbackStory;
  holds: Hold[];
  /** Every text of an image that changes, at its line in the head's file. */
  changes: ImageChange[];
  /** Without the files of holds. */
  files: RolledBackFile[];
  /** The commits that it undoes, newest first: bumps, and those of people. */
  reverts: UndoneCommit[];
  /** Other syncs that are built of a file that changes. */
  alsoChanges: string[];
  /** What people should know although it can be done. */
  remarks: string[];
  commit: Omit<CommitRequest, 'at'>;
}

/**
 * Why nothing is done. `nothing-to-do`: Git has it so already. `conflict`: something else changed there since. `outside`: the sync is built of
 * files outside of its path that differ, and was not asked to take along.
 */
export interface NoRollback {
  result: 'none';
  code: 'nothing-to-do' | 'conflict' | 'outside' | 'not-of-target';
  reason: string;
  conflicts: Conflict[];
}

/** The target as commands and trailers write it: `image/web`, `sync/shop-prod`. */
export function targetName({ target }: Pick<RollbackOrder, 'target'>): string {
  return 'image' in target ? `image/${target.image}` : `sync/${target.sync}`;
}

/** The beginning of a commit's id, as lists show it. */
export function short(revision: string): string {
  return revision.slice(0, 12);
}
