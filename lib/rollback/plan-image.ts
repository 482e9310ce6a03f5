import type { ImageEntry } from '../config/config.ts';
import { hasDigest } from '../edit/plan-edits.ts';
import type { LineCommit } from '../model/config-repo.ts';
import { UserError } from '../model/errors.ts';
import { type ImageRef, isDigest } from '../model/image-ref.ts';
import { beforeLastChange, tagsOf, whyNot } from './before-last.ts';
import { compose, conflict, nothing } from './compose.ts';
import { edit, imageAtHead, isChange, type Wish, type Wishes, wishesOfRef, wishesOfThen } from './image.ts';
import type { Look } from './look.ts';
import { type NoRollback, type RollbackOrder, type RollbackPlan, short } from './order.ts';
import type { RollbackDeps, RollbackRepo } from './ports.ts';
import { checkNoTag, knownDigest, knownTag } from './tag-then.ts';
import type { ImageText } from './texts.ts';
import { bumpsSince, commitOf } from './then.ts';
import { changesSince } from './undoes.ts';

/** Plans that all texts of an image go back. */
export async function planImage(
  order: RollbackOrder,
  entry: ImageEntry,
  look: Look,
  repo: RollbackRepo,
  { registry, health }: Pick<RollbackDeps, 'registry' | 'health'>,
): Promise<RollbackPlan | NoRollback> {
  const { now, conflicts: lost } = await imageAtHead(repo, look, entry);
  const isNowhere = now.length === 0 && lost.length === 0;
  // Of a commit or a time it can be told where the image was.
  if (isNowhere && (order.to === undefined || 'tag' in order.to)) throw nowhere(entry);
  const found = await wishesFor(order, entry, now, look, repo, { registry, health });
  const conflicts = [...lost, ...found.conflicts];
  if (conflicts.length > 0)
    return conflict(order, conflicts, now.length === 0 || lost.length > 0 ? undefined : byTag(order, entry, found));
  if (isNowhere) throw nowhere(entry);
  const wishes = found.wishes.filter(isChange);
  if (wishes.length === 0) return nothing('nothing-to-do', saidAlready(entry, found.wishes, found.back));
  const edited = edit(wishes);
  if (edited.conflicts.length > 0) return conflict(order, edited.conflicts);
  const reverts = await undoneBy(found.back ?? found.had, entry, now, look, repo);
  const moved = [
    {
      entry,
      from: wishes.map(({ marker }) => marker),
      to: wishes.map(({ marker, value }) => ({ ...marker, value })),
    },
  ];
  const { files, changes } = edited;
  const { back, had } = found;
  const remarks = [...(found.remarks ?? []), ...comesAgain(order, entry, wishes, look)];
  const parts = { order, look, moved, files, changes, reverts, alsoChanges: [], remarks };
  return compose(
    { ...parts, ...(back === undefined ? {} : { back }), ...(had === undefined ? {} : { had }) },
    registry,
  );
}

function nowhere({ name }: ImageEntry): UserError {
  return new UserError(`nothing in Git names "${name}" now: with --to COMMIT it is told where it was then`, {
    code: 'no-place',
    subject: name,
  });
}

/** The command that needs no past, where another one met places that it knows nothing of; undefined where that was it. */
function byTag({ to }: RollbackOrder, entry: ImageEntry, found: Pick<Wishes, 'wishes'>): string | undefined {
  if (to !== undefined && 'tag' in to) return undefined;
  const [tag, ...others] = tagsOf(found, entry);
  const meant = tag !== undefined && others.length === 0 ? tag : entry.digest === undefined ? 'TAG' : 'DIGEST';
  return `windlass rollback image/${entry.name} --to ${meant} sets the places that there are`;
}

/** What was rolled back once comes again only where people name it, and they are told. */
function comesAgain({ to }: RollbackOrder, entry: ImageEntry, wishes: Wish[], look: Look): string[] {
  const known = to === undefined ? undefined : whyNot(tagsOf({ wishes }, entry), entry.name, look);
  return known === undefined ? [] : [`${known.tag} comes again, although ${known.why}`];
}

async function wishesFor(
  { to }: RollbackOrder,
  entry: ImageEntry,
  now: readonly ImageText[],
  look: Look,
  repo: RollbackRepo,
  { registry, health }: Pick<RollbackDeps, 'registry' | 'health'>,
): Promise<Wishes & { back?: LineCommit; had?: LineCommit; remarks?: string[] }> {
  if (to !== undefined && 'tag' in to) {
    const tag = to.tag.replace(/@.*$/, '');
    const of = { entry, now, look, repo };
    const isTag = entry.digest === undefined && !isDigest(to.tag);
    const known = isTag ? await knownTag({ ...to, tag }, of, registry) : undefined;
    const ref = await refOf(to.tag, entry, now, registry);
    return { ...(known ?? (await knownDigest(ref.digest!, of, registry))), ...wishesOfRef(entry, ref, now) };
  }
  if (to === undefined) {
    const { commit, ...before } = await beforeLastChange(repo, look, entry, now, health);
    return { ...before, back: commit };
  }
  await checkNoTag(to, { entry, now, look, repo }, registry);
  const back = await commitOf(repo, look.head, to);
  const changes = await repo.changes(back.revision, look.head);
  return { ...(await wishesOfThen(repo, look, entry, { older: back.revision, changes, now })), back };
}

/** A tag as a reference; with its digest where Git pins one. Throws `UserError` for a tag that the policy cannot have, or whose digest nobody tells. */
async function refOf(
  text: string,
  entry: ImageEntry,
  now: readonly ImageText[],
  registry: RollbackDeps['registry'],
): Promise<ImageRef> {
  const at = text.indexOf('@');
  const [tag, digest] = at >= 0 ? [text.slice(0, at), text.slice(at + 1)] : isDigest(text) ? ['', text] : [text];
  if (entry.digest !== undefined) {
    if (digest !== undefined && (tag === '' || tag === entry.digest))
      return { repository: entry.image, tag: entry.digest, digest };
    throw new UserError(`"${entry.name}" follows the tag ${entry.digest}: name the digest, as in --to sha256:...`, {
      code: 'usage',
      subject: entry.name,
    });
  }
  if (!tag) throw new UserError(`"${entry.name}" goes by tags: name one`, { code: 'usage', subject: entry.name });
  const pinned = now.some(({ marker }) => marker.part === 'digest' || hasDigest(marker.value));
  if (!pinned) return { repository: entry.image, tag };
  const found = digest ?? (await registry?.tag(entry.image, tag))?.digest;
  if (found !== undefined) return { repository: entry.image, tag, digest: found };
  throw new UserError(
    `Git pins digests for "${entry.name}", and the registry does not tell the one of ${tag}: name a commit or a time with --to`,
    { code: 'no-digest', subject: entry.name },
  );
}

function saidAlready({ name }: ImageEntry, wishes: readonly Wish[], then: LineCommit | undefined): string {
  const texts = [...new Set(wishes.map(({ value }) => value))].join(', ');
  const when = then === undefined ? '' : `, as at ${short(then.revision)}`;
  return `"${name}" has ${texts} already${when}`;
}

/** What the plan undoes, newest first: bumps, and what people did to the image's texts; of a tag that Git never had, what brought what it has. */
async function undoneBy(
  back: LineCommit | undefined,
  entry: ImageEntry,
  now: readonly ImageText[],
  look: Look,
  repo: RollbackRepo,
): Promise<LineCommit[]> {
  if (back === undefined) return await changesSince(repo, look, { entry, now, most: 1 });
  const older = back.revision;
  const paths = [...new Set(now.map(({ path }) => path))];
  const bumps = await bumpsSince(repo, look, { older, paths, policies: new Set([entry.name]) });
  const others = await changesSince(repo, look, { entry, now, older });
  const all = new Map([...others, ...bumps].map((commit) => [commit.revision, commit]));
  if (all.size === bumps.length) return bumps;
  const line = await repo.history(look.head, { paths, after: older, limit: mostInLine });
  const places = new Map(line.map(({ revision }, index) => [revision, index]));
  const placeOf = ({ revision }: LineCommit) => places.get(revision) ?? mostInLine;
  return [...all.values()].sort((one, other) => placeOf(one) - placeOf(other));
}

/** Commits of the files between which those that are undone are put in order. */
const mostInLine = 200;
