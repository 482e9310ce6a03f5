import type { ConfigRepo } from '../../bump/ports.ts';
import type { Config, ImageEntry } from '../../config/config.ts';
import { imageSurvey } from '../../config/image-survey.ts';
import { currentOf } from '../../edit/current.ts';
import { ecrRepository } from '../../model/ecr.ts';
import { choose } from '../../policy/choose.ts';
import { compilePolicy } from '../../policy/policy.ts';
import { imageMeant } from './pushes.ts';

/** A push that would be taken now, for a person to try. */
export interface NextPush {
  /** The image as `windlass local push` takes it, as short as it can be. */
  image: string;
  tag: string;
  /** A version after `tag` whose pods crash, where the policy takes it. */
  broken?: string;
}

/** The next minor version above what Git has, for the first image of windlass.yaml that has versions; undefined where none would be taken. */
export async function nextPush(
  config: Config,
  repo: Pick<ConfigRepo, 'survey'>,
  revision: string,
  now: Date,
): Promise<NextPush | undefined> {
  const { files } = await repo.survey(revision, imageSurvey(config));
  const marked = files.flatMap(({ facts }) => facts.markers);
  const entries = Object.values(config.images);
  for (const entry of entries) {
    const tags = currentOf(marked, entry.name).tags;
    const [tag, later] = minorsAfter(tags);
    if (tag === undefined || later === undefined || !isTaken(entry, tags, tag, now)) continue;
    const broken = `${later}-broken`;
    return {
      image: shortest(
        entry.image,
        entries.map(({ image }) => image),
      ),
      tag,
      ...(isTaken(entry, [...tags, tag], broken, now) ? { broken } : {}),
    };
  }
  return undefined;
}

/** The two minor versions after the newest of these; none where one is no version. */
function minorsAfter(tags: readonly string[]): string[] {
  const versions = tags.map((tag) => /^(v?)(\d{1,9})\.(\d{1,9})\.\d+(?:[-+].*)?$/.exec(tag));
  const read = versions.flatMap((match) => match ?? []).length === 0 || versions.includes(null) ? [] : versions;
  const newest = read
    .map((match) => ({ v: match![1]!, major: Number(match![2]), minor: Number(match![3]) }))
    .sort((a, b) => b.major - a.major || b.minor - a.minor)[0];
  return newest === undefined ? [] : [1, 2].map((more) => `${newest.v}${newest.major}.${newest.minor + more}.0`);
}

function isTaken(entry: ImageEntry, tags: readonly string[], tag: string, now: Date): boolean {
  if (entry.notYet !== undefined) return false;
  return choose({ policy: compilePolicy(entry), tags: [...tags, tag], current: tags, now }).chosen === tag;
}

function shortest(image: string, images: readonly string[]): string {
  const short = ecrRepository(image)?.name ?? image.split('/').slice(-1).join('');
  const meant = [...new Set(images)].filter((one) => one === short || one.endsWith(`/${short}`));
  return meant.length === 1 ? short : imageMeant(image, images);
}
