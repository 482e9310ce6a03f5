import { pathsBuiltOn } from '../config/built-on.ts';
import type { SyncSpec } from '../config/config.ts';
import { holdPath, holdsDirectory } from '../config/holds.ts';
import type { LineCommit } from '../model/config-repo.ts';
import type { RollbackWanted } from '../model/messages.ts';
import { type RollbackStory, rollbackStoryIn } from '../model/rollback-story.ts';
import { fewOf } from '../model/shorten.ts';
import { sortHolds } from '../policy/holds.ts';
import type { Look } from './look.ts';
import { imagesMoved } from './moved-images.ts';
import { short } from './order.ts';
import { asOwn } from './own.ts';
import type { RollbackRepo } from './ports.ts';
import { mostCommits, type Suspects, suspectsOf, usedIn } from './suspects.ts';

/** Milliseconds in which no more than `rollback.perHour` automatic rollbacks are made. */
const hour = 3_600_000;

/** Why nothing is rolled back although it was asked for: a person has to look. */
export interface Refusal {
  verdict: 'refuse';
  code: string;
  /** Reads behind "shop-prod was not rolled back: ". */
  reason: string;
  /** What is known of the cause. */
  suspects?: Suspects;
  /** The wish is none that windlass.yaml grants: it is written down, and nobody is told. */
  unasked?: boolean;
}

/** What is to become of a wish. */
export type Judgement =
  | { verdict: 'undo'; look: Look; suspects: Suspects }
  | Refusal
  /** No bump is the cause, or nobody asked for a rollback of it: as good as no wish. */
  | { verdict: 'leave'; reason: string }
  /** This wish made a rollback already. */
  | { verdict: 'done'; commit: LineCommit; story: RollbackStory };

/**
 * Judges a wish by the head of the branch: a rollback is made where bumps alone are in question, somebody asked for it in windlass.yaml, and it was not
 * made before. Throws what the repo throws.
 */
export async function judge(
  wanted: RollbackWanted,
  look: Look,
  { repo, now }: { repo: RollbackRepo; now: Date },
): Promise<Judgement> {
  const sync = look.config.syncs.find(({ name, cluster }) => name === wanted.sync && cluster === wanted.cluster);
  if (sync === undefined) {
    const reason = `windlass.yaml has no such sync in the cluster ${wanted.cluster}`;
    return { ...refuse('not-of-cluster', reason), unasked: true };
  }
  const late = await repo.history(look.head, { limit: mostCommits });
  const rollbacks = await rollbacksIn(repo, late);
  const done = rollbacks.find(({ story }) => story.automatic === wanted.run && story.target === nameOf(sync));
  if (done !== undefined) return { verdict: 'done', ...done };
  if (!(await repo.isAncestor(wanted.revision, look.head)))
    return refuse('not-in-branch', `the branch ${repo.branch} does not have ${short(wanted.revision)} any more`);
  // What was done about it by then nobody would see: whether it was rolled back, and released.
  if (!late.some(({ revision }) => revision === wanted.revision))
    return refuse('too-long-ago', `more than ${mostCommits} commits came after ${short(wanted.revision)}`);
  const suspects = await suspectsOf(repo, look, sync, wanted);
  if (suspects === undefined)
    return refuse('too-long-ago', `the sync was healthy more than ${mostCommits} commits ago`);
  const isAsked = (image: string) => sync.rollback !== undefined || look.config.images[image]?.rollback !== undefined;
  const known = { look, sync, suspects, rollbacks, now, isAsked };
  return suspects.images.some(isAsked) ? judgeSuspects(known) : await judgePeople(repo, wanted, known);
}

/**
 * Where no bump moved an image of which that was asked: people may have, by a merge or a squash of a bump with commits of theirs, or by hand. Nothing of theirs
 * is undone, and they are told.
 */
async function judgePeople(
  repo: RollbackRepo,
  { revision, settled }: RollbackWanted,
  known: Known,
): Promise<Judgement> {
  const { look, sync, suspects, isAsked } = known;
  const { images, others } = suspects;
  const nothing = leave(
    images.length === 0
      ? 'no bump is among what changed since it was healthy'
      : `nobody asked for rollbacks of ${fewOf(images, 5)}`,
  );
  const paths = pathsBuiltOn(sync, look.files);
  if (others.length === 0 || ![...usedIn(look, paths)].some(isAsked)) return nothing;
  const back = others.flatMap((commit) => rollbackStoryIn(commit) ?? []);
  const moved = (await imagesMoved(repo, look, { older: settled, newer: revision, paths })).filter(
    (image) => isAsked(image) && !back.some((story) => hasBack(story, image)),
  );
  if (moved.length === 0) return nothing;
  const reason = `${fewOf(moved, 5)} moved with what people changed: ${toldOf(others, 'came since it was healthy')}`;
  return { ...refuse('moved-by-people', reason), suspects: { ...suspects, images: moved } };
}

function judgeSuspects(known: Known): Judgement {
  const { look, suspects, isAsked } = known;
  const { bumps, images } = suspects;
  const before = known.rollbacks.filter(({ story }) => bumps.some(({ revision }) => story.reverts.includes(revision)));
  if (before.length > 0) {
    const stays = images.filter((image) => isAsked(image) && !before.some(({ story }) => hasBack(story, image)));
    if (stays.length === 0) return leave('the bump was rolled back already');
    const reason = `${short(before[0]!.commit.revision)} rolled the bump back already, and left ${fewOf(stays, 5)} where it is`;
    return { ...refuse('rolled-back-in-part', reason), suspects };
  }
  const refusal = refusalOf(
    known,
    images.filter((image) => !isAsked(image)),
  );
  return refusal === undefined ? { verdict: 'undo', look, suspects } : { ...refusal, suspects };
}

interface Known {
  look: Look;
  sync: SyncSpec;
  suspects: Suspects;
  /** Among the last commits of the branch. */
  rollbacks: readonly MadeRollback[];
  now: Date;
  /** Whether windlass.yaml asks for rollbacks of an image, in this sync. */
  isAsked(image: string): boolean;
}

function refusalOf({ look, suspects, rollbacks, now }: Known, unasked: readonly string[]): Refusal | undefined {
  const { others, images } = suspects;
  if (others.length > 0) return refuse('other-commits', toldOf(others, 'changed it too'));
  if (unasked.length > 0)
    return refuse('not-asked', `${fewOf(unasked, 5)} came with it, and windlass.yaml asks for no rollback of that`);
  const held = sortHolds(look.holds, now).active.find(({ image }) => images.includes(image));
  if (held !== undefined) return refuse('held', `${held.image} is held already, by ${holdPath(held)}`);
  for (const image of images) {
    const unclear = look.unreadable.find(({ name }) => name === undefined || name === image);
    if (unclear !== undefined)
      return refuse('held', `${unclear.problems[0]?.file ?? holdsDirectory} may hold ${image}, and cannot be read`);
  }
  const { perHour } = look.config.rollback;
  const from = new Date(now.getTime() - hour).toISOString();
  const made = rollbacks.filter(({ commit, story }) => story.automatic !== undefined && timeOf(commit) > from);
  if (made.length < perHour) return undefined;
  return refuse('too-many', `windlass.yaml allows ${perHour} in an hour, and so many were made`);
}

interface MadeRollback {
  commit: LineCommit;
  story: RollbackStory;
}

async function rollbacksIn(repo: RollbackRepo, commits: readonly LineCommit[]): Promise<MadeRollback[]> {
  const found: MadeRollback[] = [];
  for (const one of commits) {
    // Many merges may be of bumps, which are none: only what says so has to prove it.
    const commit = one.merged !== undefined && rollbackStoryIn(one.merged) ? await asOwn(repo, one) : one;
    const story = rollbackStoryIn(commit);
    if (story !== undefined) found.push({ commit, story });
  }
  return found;
}

/** The newest of some commits, and how many more there are. */
function toldOf(commits: readonly LineCommit[], did: string): string {
  const [{ revision, author, subject }, ...more] = commits as [LineCommit, ...LineCommit[]];
  return `${short(revision)} of ${author} ${did}, "${subject}"${more.length === 0 ? '' : ` (and ${more.length} more)`}`;
}

function hasBack({ images }: RollbackStory, image: string): boolean {
  return images.some(({ policy }) => policy === image);
}

/** Git tells times with their offsets. */
function timeOf({ at }: LineCommit): string {
  return new Date(at).toISOString();
}

function nameOf({ name }: SyncSpec): string {
  return `sync/${name}`;
}

function refuse(code: string, reason: string): Refusal {
  return { verdict: 'refuse', code, reason };
}

function leave(reason: string): Judgement {
  return { verdict: 'leave', reason };
}
