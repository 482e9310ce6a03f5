import type { SyncSpec } from '../config/config.ts';
import { storyIn } from '../model/bump-story.ts';
import type { LineCommit } from '../model/config-repo.ts';
import { rollbackStoryIn } from '../model/rollback-story.ts';
import { compose, conflict, nothing } from './compose.ts';
import { imagesIn, type MovedBySync } from './images-of-sync.ts';
import type { Look } from './look.ts';
import { type NoRollback, type RollbackOrder, type RollbackPlan, short } from './order.ts';
import type { RollbackDeps, RollbackRepo } from './ports.ts';
import { notOfStops } from './suspects.ts';
import { alsoBuiltOf, syncThen } from './sync.ts';
import type { ImageText } from './texts.ts';
import { bumpsSince } from './then.ts';

/** Plans that the files of a sync go back, with a hold for each image whose texts change by that. */
export async function planSync(
  order: RollbackOrder,
  sync: SyncSpec,
  look: Look,
  repo: RollbackRepo,
  { registry, health }: Pick<RollbackDeps, 'registry' | 'health'>,
): Promise<RollbackPlan | NoRollback> {
  const found = await syncThen(repo, look, sync, order, health);
  const back = found.commit;
  if (found.conflicts.length > 0) return conflict(order, found.conflicts);
  if (found.outside.length > 0) return refused(sync, found.outside, back.revision);
  if (found.files.length === 0)
    return nothing('nothing-to-do', `sync/${sync.name} is built of what it was built of at ${short(back.revision)}`);
  const images = await imagesIn(repo, look, found);
  const moved = images.flatMap((image) => {
    const entry = look.config.images[image.policy];
    return entry === undefined || image.to.length === 0 ? [] : [{ entry, ...saidBy(image) }];
  });
  const policies = new Set(moved.map(({ entry }) => entry.name));
  const paths = [sync.path, ...(order.include ?? [])];
  const reverts = await undoneBy(repo, look, { older: back.revision, paths, policies });
  const { files, remarks } = found;
  return compose(
    {
      ...{ order, look, back, moved, files, reverts },
      changes: images.flatMap(({ changes }) => changes),
      alsoChanges: alsoBuiltOf(look, sync, files),
      remarks: [...remarks, ...moved.flatMap(({ entry, from }) => staying(look, entry.name, from, files))],
    },
    registry,
  );
}

/** The bumps that it undoes, and the last commits of people, newest first. */
async function undoneBy(
  repo: RollbackRepo,
  look: Look,
  { older, paths, policies }: { older: string; paths: readonly string[]; policies: ReadonlySet<string> },
): Promise<LineCommit[]> {
  const bumps = policies.size === 0 ? [] : await bumpsSince(repo, look, { older, paths, policies });
  const line = await repo.history(look.head, { paths, after: older, limit: mostInLine });
  const others = line
    .filter((commit) => storyIn(commit) === undefined && !isOfOthers(commit, policies))
    .slice(0, mostOfPeople);
  const told = await notOfStops(repo, others, paths);
  // What it goes back to may have come by a merge, and has these behind it.
  while (told.length > 0 && (await repo.isAncestor(told.at(-1)!.revision, older))) told.pop();
  const found = new Map([...told, ...bumps].map((commit) => [commit.revision, commit]));
  const inLine = line.flatMap(({ revision }) => found.get(revision) ?? []);
  return [...inLine, ...bumps.filter(({ revision }) => !inLine.some((commit) => commit.revision === revision))];
}

/** A rollback of images that stay as they are: with the bump that it undid it comes to nothing. */
function isOfOthers(commit: LineCommit, policies: ReadonlySet<string>): boolean {
  const { target, images } = rollbackStoryIn(commit) ?? {};
  return target?.startsWith('image/') === true && images!.every(({ policy }) => !policies.has(policy));
}

const [mostInLine, mostOfPeople] = [100, 20];

function saidBy({ from, to }: MovedBySync) {
  const said = (texts: readonly ImageText[]) => texts.map(({ marker }) => marker);
  return { from: said(from), to: said(to) };
}

function refused(sync: SyncSpec, outside: readonly string[], then: string): NoRollback {
  const reason = `sync/${sync.name} is built of files outside of ${sync.path} that are not as at ${short(then)}: take them along with --include, or name another commit`;
  const conflicts = outside.map((file) => ({ file, reason: 'it lies outside of the path of the sync, and differs' }));
  return nothing('outside', reason, conflicts);
}

/** Where an image stays at what it goes back from. */
function staying(
  look: Look,
  policy: string,
  from: readonly { value: string }[],
  files: readonly { path: string }[],
): string[] {
  const values = new Set(from.map(({ value }) => value));
  const others = look.files.filter(
    ({ path, facts }) =>
      !files.some((file) => file.path === path) &&
      facts.markers.some((marker) => marker.policy === policy && values.has(marker.value)),
  );
  return others.map(({ path }) => `${policy} stays as it is in ${path}, and the hold stops its bumps there as well`);
}
