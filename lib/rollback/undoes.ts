import type { ImageEntry } from '../config/config.ts';
import { currentOf } from '../edit/current.ts';
import { storyIn } from '../model/bump-story.ts';
import type { LineCommit } from '../model/config-repo.ts';
import { fewOf } from '../model/shorten.ts';
import type { Look } from './look.ts';
import type { RollbackRepo } from './ports.ts';
import { type ImageText, textsThen } from './texts.ts';
import { walkBack } from './then.ts';

/** So many commits of the image's files are looked at for what people did to its texts: it is told for people alone. */
const mostTold = 40;

/** The commits up to the head that changed a text of the image, newest first, whoever made them: all after an older one, or so many. */
export async function changesSince(
  repo: RollbackRepo,
  look: Look,
  { entry, now, older, most }: { entry: ImageEntry; now: readonly ImageText[]; older?: string; most?: number },
): Promise<LineCommit[]> {
  const found: LineCommit[] = [];
  let said = saidBy(now);
  for await (const { commit, older: before, changes } of walkBack(repo, look, now, mostTold, older)) {
    // What it goes back to has this behind it.
    if (older !== undefined && (await repo.isAncestor(commit.revision, older))) break;
    const then = saidBy(await textsThen(repo, { older: before, changes, config: look.config }, entry.name, now));
    if (then !== said) found.push(commit);
    if (found.length === most) break;
    said = then;
  }
  return found;
}

/** Without places: a file with another name, or a line more above, is no change of the image. */
function saidBy(texts: readonly ImageText[]): string {
  return JSON.stringify(texts.map(({ marker: { part, value } }) => [part, value]).sort());
}

/** What stays of a bump of which only some images go back, in words; undefined where all do, and for a commit that is no bump. */
export function stayingOf(commit: Pick<LineCommit, 'trailers'>, back: ReadonlySet<string>): string | undefined {
  const images = storyIn(commit)?.images.map(({ policy }) => policy) ?? [];
  const stays = images.filter((policy) => !back.has(policy));
  if (stays.length === 0 || stays.length === images.length) return undefined;
  return `${fewOf(stays, 5)} ${stays.length === 1 ? 'stays' : 'stay'}`;
}

/** Other images of the same repository that have what this one goes back from, and stay there. */
export function siblingsThatStay(
  { config, files }: Look,
  { entry, from }: { entry: ImageEntry; from: Parameters<typeof currentOf>[0] },
  back: ReadonlySet<string>,
): string[] {
  const bad = currentOf(from, entry.name);
  const badDigests = new Set(bad.digests.flatMap(({ digest }) => digest ?? []));
  const markers = files.flatMap(({ facts }) => facts.markers);
  return Object.values(config.images)
    .filter(({ name, image }) => image === entry.image && !back.has(name))
    .flatMap(({ name }) => {
      const { tags, digests } = currentOf(markers, name);
      const same = [
        ...tags.filter((tag) => bad.tags.includes(tag)),
        ...(bad.tags.length > 0
          ? []
          : digests.flatMap(({ digest }) => digest ?? []).filter((one) => badDigests.has(one))),
      ];
      return same.length === 0 ? [] : [`${name} has ${fewOf([...new Set(same)], 2)}, too, and stays`];
    });
}
