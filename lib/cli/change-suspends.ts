import type { CommitRequest, ConfigRepo, Head } from '../bump/ports.ts';
import type { Unreadable } from '../config/stop-files.ts';
import { readSuspends, type Suspend, suspendPath } from '../config/suspends.ts';
import { type Problem, RetryableError } from '../model/errors.ts';
import { hasPassed } from '../model/until.ts';
import { type SuspendSubject, targetOf } from './suspend-target.ts';

/** A suspend of the branch, and whether it stops anything still. */
export interface ListedSuspend extends Suspend {
  path: string;
  /** Its `until` has passed. */
  isVoid: boolean;
}

/** What is suspended at a head, and what cannot be read there. */
export interface SuspendsAt {
  listed: ListedSuspend[];
  unreadable: Unreadable[];
}

/** Reads the suspends of a head. */
export function suspendsAt({ suspends: files }: Pick<Head, 'suspends'>, now: Date): SuspendsAt {
  const { suspends, unreadable } = readSuspends(files);
  const listed = suspends.map(
    (suspend): ListedSuspend => ({
      ...suspend,
      path: suspendPath(suspend),
      isVoid: hasPassed(suspend.until, now),
    }),
  );
  return { listed, unreadable };
}

/** What is wrong with the files that cannot be read, each once. */
export function problemsOf({ unreadable }: SuspendsAt): Problem[] {
  return [...new Set(unreadable.flatMap(({ problems }) => problems))];
}

/** In words, the files that cannot be read and may stop the subject: what somebody meant by one nobody knows. */
export function mayStop({ unreadable }: SuspendsAt, { image, sync }: SuspendSubject): string[] {
  const subject = image ?? sync;
  const theirs = unreadable.filter(({ name }) => subject === undefined || name === undefined || name === subject);
  const files = new Set(theirs.flatMap(({ problems }) => problems.flatMap(({ file }) => file ?? [])));
  return [...files].map((file) => `${file} cannot be read, and stops what it may be about: mend or delete it`);
}

/** Those that are about exactly this. */
export function aboutExactly(listed: readonly ListedSuspend[], subject: SuspendSubject): ListedSuspend[] {
  return listed.filter((one) => targetOf(one) === targetOf(subject));
}

/** What a change of `suspends/` wants of a head: the commit, or nothing when it is so already. */
export type StopChange = Omit<CommitRequest, 'parent' | 'at'> | undefined;

/** A change that was made. In a dry run, and when nothing was to change, without a revision. */
export interface ChangedStops {
  head: Head;
  change: StopChange;
  revision?: string;
}

/** How often a change is tried again when somebody else was first. */
const attempts = 5;

/** Plans a change on the head and commits it, anew on the new head when the branch moved meanwhile. Throws what the plan and the repo throw. */
export async function changeStops(
  repo: ConfigRepo,
  plan: (head: Head) => Promise<StopChange>,
  { dryRun, now, sleep }: { dryRun: boolean; now: Date; sleep: (milliseconds: number) => Promise<void> },
): Promise<ChangedStops> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const head = await repo.head();
    const change = await plan(head);
    if (change === undefined || dryRun) return { head, change };
    const made = await repo.commit({ ...change, parent: head.revision, at: now });
    if (made.result === 'committed') return { head, change, revision: made.revision };
    await sleep(Math.round(100 * 2 ** attempt * Math.random()));
  }
  throw new RetryableError(`the head of ${repo.branch} moved ${attempts} times while it was written to`, {
    code: 'head-moved',
  });
}
