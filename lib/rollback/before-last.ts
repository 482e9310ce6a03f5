import { pathsBuiltOn } from '../config/built-on.ts';
import type { ImageEntry } from '../config/config.ts';
import { currentOf } from '../edit/current.ts';
import type { LineCommit } from '../model/config-repo.ts';
import { UserError } from '../model/errors.ts';
import { rollbackStoryIn } from '../model/rollback-story.ts';
import { fewOf } from '../model/shorten.ts';
import { isWithin } from '../model/tree-path.ts';
import { digestIn, digestOrTag } from '../policy/choose-digest.ts';
import { isChange, type Wishes, wishesOfThen } from './image.ts';
import type { Look } from './look.ts';
import { short } from './order.ts';
import { asOwn } from './own.ts';
import type { RollbackDeps, RollbackRepo } from './ports.ts';
import type { ImageText } from './texts.ts';
import { checkNoRollback, type Then, walkBack } from './then.ts';

/** So many commits that touch an image's files are looked at, and so many are asked about whether what they had was healthy. */
const [mostSteps, mostAsked] = [200, 10];

/** What an image had before, and what was passed over on the way there. */
type Before = Then & Wishes & { remarks: string[] };

/** What the image's texts were during some commits. */
interface Former extends Wishes, Pick<Then, 'changes'> {
  /** The last of these commits. */
  last: string;
  tags: string[];
}

/**
 * Finds what the image had before the last commit that changed a text of it; what was rolled back before, and what was never healthy by the records, is passed
 * over, with a remark. Throws `UserError` where there is nothing, or where that commit was a rollback: to go back from that would be to go forward again.
 */
export async function beforeLastChange(
  repo: RollbackRepo,
  look: Look,
  entry: ImageEntry,
  now: readonly ImageText[],
  health: RollbackDeps['health'],
): Promise<Before> {
  const syncs = syncsWith(look, now);
  const remarks: string[] = [];
  const end = async ({ last, changes, wishes, conflicts }: Former): Promise<Before> => {
    const [commit] = await repo.history(last, { limit: 1 });
    return { commit: commit!, changes, wishes, conflicts, remarks };
  };
  const isWell = async ({ last, tags }: Former, brought?: LineCommit): Promise<boolean> => {
    const after = brought?.parent;
    const during = await repo.history(last, { limit: mostAsked, ...(after === undefined ? {} : { after }) });
    const revisions = during.map(({ revision }) => revision);
    const ill = await health?.(revisions, syncs);
    if (ill !== undefined) remarks.push(`${fewOf(tags, 2)} is passed over: ${ill}`);
    return ill === undefined;
  };
  let said = `${saidBy(now.map((text) => ({ text, value: text.marker.value })))}[]`;
  let found: Former | undefined;
  let isFirst = true;
  for await (const { commit, older, changes } of walkBack(repo, look, now, mostSteps)) {
    const state = await wishesOfThen(repo, look, entry, { older, changes, now });
    const saidThen = saidBy(state.wishes) + JSON.stringify(state.conflicts);
    if (saidThen === said) continue;
    if (isFirst) checkNoRollback(await asOwn(repo, commit), entry.name);
    if (found !== undefined && (await isWell(found, commit))) return end(found);
    [said, isFirst, found] = [saidThen, false, { ...state, changes, last: older, tags: tagsOf(state, entry) }];
    if (state.conflicts.length > 0) return end(found);
    const known = whyNot(found.tags, entry.name, look);
    if (known !== undefined) remarks.push(`${known.tag} is passed over: ${known.why}`);
    if (known !== undefined || !state.wishes.some(isChange)) found = undefined;
    else if (health === undefined) return end(found);
  }
  if (found !== undefined && (await isWell(found))) return end(found);
  throw new UserError(
    [
      `nothing in Git tells what "${entry.name}" had before: name a commit, a tag or a time with --to`,
      ...remarks.map((remark) => `  ${remark}`),
    ].join('\n'),
    { code: 'no-change-found', subject: entry.name },
  );
}

function saidBy(texts: readonly { text: ImageText; value: string }[]): string {
  return JSON.stringify(texts.map(({ text: { path, marker }, value }) => [path, marker.spot.start, value]).sort());
}

/** What an image had is told apart by: its tags; under a digest policy, where the tag is the same all along, its digests. */
export function tagsOf({ wishes }: Pick<Wishes, 'wishes'>, entry: ImageEntry): string[] {
  const { tags, digests } = currentOf(
    wishes.map(({ marker, value }) => ({ ...marker, value })),
    entry.name,
  );
  return entry.digest === undefined && tags.length > 0 ? tags : digests.flatMap(({ digest }) => digest ?? []);
}

/** Why people, or Windlass, went back from this once; undefined where the last commits tell of no such thing. */
export function whyNot(
  tags: readonly string[],
  name: string,
  { recent, holds }: Look,
): { tag: string; why: string } | undefined {
  // One that keeps what it is past is against nothing but what is newer.
  const hold = holds.find(
    ({ image, tag, past }) =>
      image === name && digestOrTag(tag) !== digestOrTag(past) && tags.includes(digestOrTag(past)),
  );
  if (hold !== undefined) return { tag: hold.past, why: `a hold of ${hold.by} is against it (${hold.why})` };
  for (const commit of recent) {
    const from = rollbackStoryIn(commit)?.images.find(({ policy }) => policy === name)?.from ?? [];
    const isOf = (tag: string) => (text: string) =>
      text === tag || text.startsWith(`${tag}@`) || digestIn(text) === tag;
    const back = tags.find((tag) => from.some(isOf(tag)));
    if (back !== undefined) return { tag: back, why: `${short(commit.revision)} rolled it back (${commit.subject})` };
  }
  return undefined;
}

/** The syncs that are built of one of the texts' files. */
function syncsWith({ config, files }: Look, now: readonly ImageText[]): string[] {
  return config.syncs
    .filter((sync) => pathsBuiltOn(sync, files).some((one) => now.some(({ path }) => isWithin(one, path))))
    .map(({ name }) => name);
}
