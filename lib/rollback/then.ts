import { storyIn } from '../model/bump-story.ts';
import type { FileChange, LineCommit } from '../model/config-repo.ts';
import { each } from '../model/each.ts';
import { UserError } from '../model/errors.ts';
import { rollbackStoryIn } from '../model/rollback-story.ts';
import { chained } from './chain.ts';
import type { Look } from './look.ts';
import { type GoBackTo, short } from './order.ts';
import { asOwn } from './own.ts';
import type { RollbackRepo } from './ports.ts';
import { formerPaths, type ImageText } from './texts.ts';

/** A commit to go back to, and what became of the files since. */
export interface Then {
  commit: LineCommit;
  changes: FileChange[];
}

/** The commit that is meant by its id or a time. Throws `UserError` where there is none in the branch. */
export async function commitOf(
  repo: RollbackRepo,
  head: string,
  to: Exclude<GoBackTo, { tag: string }>,
): Promise<LineCommit> {
  const revision = 'revision' in to ? await wholeId(repo, head, to.revision) : head;
  const question = 'time' in to ? { limit: 1, until: to.time } : { limit: 1 };
  const [commit] = await repo.history(revision, question);
  if (commit !== undefined) return commit;
  throw new UserError(`the branch ${repo.branch} has no commit from before ${'time' in to && to.time.toISOString()}`, {
    code: 'no-commit-then',
  });
}

async function wholeId(repo: RollbackRepo, head: string, id: string): Promise<string> {
  const revision = await repo.find(id);
  if (revision === undefined)
    throw new UserError(`there is no commit ${id}, or several: give more of its id`, {
      code: 'unknown-revision',
      subject: id,
    });
  if (await repo.isAncestor(revision, head)) return revision;
  throw new UserError(`the commit ${short(revision)} is no part of the branch ${repo.branch}`, {
    code: 'revision-elsewhere',
    subject: id,
  });
}

/** One step into the past of an image's files. */
interface Step {
  /** It touched one of the files. */
  commit: LineCommit;
  /** Its parent, and what became of files from there to the head. */
  older: string;
  changes: FileChange[];
}

/** Goes back by the commits that touched the files of these texts, newest first, also where the files had other names; up to `after`, where it is told. */
export async function* walkBack(
  repo: RollbackRepo,
  look: Look,
  now: readonly ImageText[],
  most: number,
  after?: string,
): AsyncGenerator<Step> {
  let [from, named, since] = [look.head, look.head, [] as FileChange[]];
  let paths = [...new Set(now.map(({ path }) => path))];
  for (let looked = 0; looked < most && paths.length > 0; looked++) {
    // One at a time: whoever must look far for the next one, as GitHub does, would do so in vain.
    const [commit] = await repo.history(from, { paths, limit: 1, ...(after === undefined ? {} : { after }) });
    if (commit?.parent === undefined) return;
    const changes = chained(await repo.changes(commit.parent, named), since);
    yield { commit, older: commit.parent, changes };
    from = commit.parent;
    const former = [...new Set(now.flatMap(({ path }) => formerPaths(changes)(path) ?? []))];
    // Since here the files have other names.
    if (former.length !== paths.length || former.some((path) => !paths.includes(path)))
      [named, paths, since] = [commit.parent, former, changes];
  }
}

/** Throws `UserError` for a commit that a rollback made. */
export function checkNoRollback(commit: LineCommit, name: string): void {
  if (rollbackStoryIn(commit) === undefined) return;
  throw new UserError(
    `the last change of "${name}" was a rollback itself (${short(commit.revision)}, "${commit.subject}"): name what to go back to with --to`,
    { code: 'rolled-back-already', subject: name },
  );
}

/** The commits of bumps after an older one up to the head that moved one of the images, newest first. */
export async function bumpsSince(
  repo: RollbackRepo,
  look: Look,
  { older, paths, policies }: { older: string; paths: readonly string[]; policies: ReadonlySet<string> },
): Promise<LineCommit[]> {
  const line = await repo.history(look.head, { paths: paths.slice(0, mostPaths), after: older, limit: mostBumps });
  const isMeant = (commit: Pick<LineCommit, 'trailers'>) =>
    storyIn(commit)?.images.some(({ policy }) => policies.has(policy)) ?? false;
  const told = line.filter((commit) => isMeant(commit) || (commit.merged !== undefined && isMeant(commit.merged)));
  const bumps = (await each(told, provedAtOnce, (commit) => asOwn(repo, commit))).filter(isMeant);
  // What it goes back to may have come by a merge: then the line has no end there, and what it has behind it is told, too.
  while (bumps.length > 0 && (await repo.isAncestor(bumps.at(-1)!.revision, older))) bumps.pop();
  return bumps;
}

const mostPaths = 20;
const mostBumps = 100;
const provedAtOnce = 4;
