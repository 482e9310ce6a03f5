import type { ImageEntry } from '../config/config.ts';
import { parseDuration } from '../config/duration.ts';
import { type CurrentTexts, currentOf } from '../edit/current.ts';
import type { LineCommit } from '../model/config-repo.ts';
import { isTrouble, messageOf, UserError } from '../model/errors.ts';
import { compilePolicy } from '../policy/policy.ts';
import { factsOf, type TagFacts } from '../policy/tag-facts.ts';
import type { Look } from './look.ts';
import type { RollbackRegistry, RollbackRepo } from './ports.ts';
import { type ImageText, textsThen } from './texts.ts';
import { walkBack } from './then.ts';

/** So many commits of the image's files are looked at for a tag or digest: fewer where the registry has it, and it is told for people alone. */
const [mostNeeded, mostTold] = [200, 40];

/** A tag or digest that an image can go to. */
export interface KnownTag {
  /** The last commit at which Git had it; absent where the registry alone knows it. */
  had?: LineCommit;
  remarks: string[];
}

/**
 * Makes sure that a word is a tag of the image: the registry lists it, or Git had it. Throws `UserError` for one that neither knows, and says what was
 * looked for; `guessed` where the word could have been a commit or a time as well.
 */
export async function knownTag(
  { tag, guessed }: { tag: string; guessed?: boolean },
  of: Known,
  registry: RollbackRegistry | undefined,
): Promise<KnownTag> {
  const { entry } = of;
  const listed = await listedAs(entry.image, tag, registry);
  const has = ({ tags }: CurrentTexts) => tags.includes(tag);
  const had = await lastWith(has, of, 'facts' in listed ? mostTold : mostNeeded);
  if (!('facts' in listed) && had === undefined && !has(saidIn(of.now, entry)))
    throw new UserError(
      `"${entry.name}" never had the tag ${tag} in Git, and ${listed.not}${guessed ? '; it is no commit of the branch and no time either: these are written 3f0c2a9, 2h, 3d (ago), 2026-11-22, 2026-11-22T12:00 (UTC)' : ''}`,
      { code: 'unknown-tag', subject: tag },
    );
  const misfit = misfitOf(entry, 'facts' in listed ? listed.facts : { tag });
  const remarks = misfit === undefined ? [] : [`the policy of ${entry.name} would not take ${tag}: ${misfit}`];
  return { ...(had === undefined ? {} : { had }), remarks };
}

/**
 * Throws `UserError` where what was taken for a commit or a time is a tag of the image as well, by the registry or by Git: nobody knows then which one is
 * meant. A registry that cannot be asked has none.
 */
export async function checkNoTag(
  { written, ...to }: { written?: string } & ({ revision: string } | { time: Date }),
  of: Known,
  registry: RollbackRegistry | undefined,
): Promise<void> {
  const { entry } = of;
  if (written === undefined || entry.digest !== undefined || !(await isTagOf(written, of, registry))) return;
  const [kind, other] = 'time' in to ? ['time', 'a time'] : ['commit', 'a commit'];
  const commands = ['tag', kind].map((form) => `  windlass rollback image/${entry.name} --to ${form}:${written}`);
  throw new UserError([`${written} is a tag of "${entry.name}" and ${other}: say which one`, ...commands].join('\n'), {
    code: 'ambiguous',
    subject: entry.name,
  });
}

/** What the policy has no place for, and `2h`, are looked for in the registry and at the head alone: Git's past is long. */
async function isTagOf(text: string, of: Known, registry: RollbackRegistry | undefined): Promise<boolean> {
  if ('facts' in (await listedAs(of.entry.image, text, registry))) return true;
  const has = ({ tags }: CurrentTexts) => tags.includes(text);
  if (has(saidIn(of.now, of.entry))) return true;
  const place = compilePolicy(of.entry).place(text);
  const isOdd = parseDuration(text) !== undefined || ('misfit' in place && !place.unknownAge);
  return !isOdd && (await lastWith(has, of, mostNeeded)) !== undefined;
}

/** The same of the digest of a digest policy: the registry is asked about one that Git never had. */
export async function knownDigest(
  digest: string,
  of: Known,
  registry: RollbackRegistry | undefined,
): Promise<KnownTag> {
  const { entry } = of;
  const has = ({ digests }: CurrentTexts) => digests.some((one) => one.digest === digest);
  const had = await lastWith(has, of, mostNeeded);
  if (had !== undefined) return { had, remarks: [] };
  const unknown = has(saidIn(of.now, entry)) ? undefined : await whyUnknown(entry.image, digest, registry);
  if (unknown === undefined) return { remarks: [] };
  throw new UserError(`"${entry.name}" never had the digest ${digest} in Git, and ${unknown}`, {
    code: 'unknown-tag',
    subject: digest,
  });
}

/** Why the registry is no witness of a digest; undefined where it has it. */
async function whyUnknown(
  image: string,
  digest: string,
  registry: RollbackRegistry | undefined,
): Promise<string | undefined> {
  if (registry === undefined) return `no registry was asked for ${image}`;
  try {
    await registry.details(image, digest);
    return undefined;
  } catch (error) {
    if (!isTrouble(error)) throw error;
    return `the registry of ${image} does not tell of it: ${messageOf(error).split('\n', 1)[0]}`;
  }
}

/** The image, its texts of the head, and where they come from. */
interface Known {
  entry: ImageEntry;
  now: readonly ImageText[];
  look: Look;
  repo: RollbackRepo;
}

/** What the registry says of the tag, or in words that it does not. */
async function listedAs(
  image: string,
  tag: string,
  registry: RollbackRegistry | undefined,
): Promise<{ facts: TagFacts } | { not: string }> {
  try {
    const found = await registry?.tag(image, tag);
    if (found !== undefined) return { facts: found };
    return {
      not: registry === undefined ? `no registry was asked for ${image}` : `the registry of ${image} has no such tag`,
    };
  } catch (error) {
    if (!isTrouble(error)) throw error;
    return { not: `the registry of ${image} cannot be asked (${messageOf(error).split('\n', 1)[0]})` };
  }
}

async function lastWith(
  has: (texts: CurrentTexts) => boolean,
  { entry, now, look, repo }: Known,
  most: number,
): Promise<LineCommit | undefined> {
  for await (const { older, changes } of walkBack(repo, look, now, most)) {
    const texts = await textsThen(repo, { older, changes, config: look.config }, entry.name, now);
    if (has(saidIn(texts, entry))) return (await repo.history(older, { limit: 1 }))[0];
  }
  return undefined;
}

function saidIn(texts: readonly ImageText[], { name }: ImageEntry): CurrentTexts {
  return currentOf(
    texts.map(({ marker }) => marker),
    name,
  );
}

/** Throws `UserError` for a tag that has no place in the order of the policy: nothing could ever be after it. One that the policy does not want has a place. */
export function checkOrdered(entry: ImageEntry, tag: string): void {
  const place = compilePolicy(entry).place(tag);
  if ('rank' in place || place.unknownAge) return;
  throw new UserError(
    `--past ${tag}: the policy of ${entry.name} cannot order it (${place.misfit}), and takes nothing after it`,
    {
      code: 'hold-past',
      subject: entry.name,
    },
  );
}

/** Why the policy does not take a tag; undefined where it may: an age that nobody knows is no reason. */
function misfitOf(entry: ImageEntry, facts: TagFacts): string | undefined {
  const place = compilePolicy(entry).place(factsOf(facts));
  if ('rank' in place) return place.unwanted;
  return place.unknownAge ? undefined : place.misfit;
}
