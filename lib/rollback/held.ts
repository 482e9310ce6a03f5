import { createHash } from 'node:crypto';
import type { ImageEntry } from '../config/config.ts';
import { type CurrentTexts, currentOf } from '../edit/current.ts';
import type { Marker } from '../edit/find-markers.ts';
import { isTrouble, messageOf, UserError } from '../model/errors.ts';
import { toSeconds } from '../model/until.ts';
import { compilePolicy, type PlacedTag, type Policy } from '../policy/policy.ts';
import type { Hold } from '../policy/spec.ts';
import { byTag, type TagFacts } from '../policy/tag-facts.ts';
import { newestOf } from '../policy/tie.ts';
import type { RollbackOrder } from './order.ts';
import type { RollbackRegistry } from './ports.ts';

type Said = Pick<Marker, 'policy' | 'part' | 'value'>;

/** What is known of an image when it is held. */
export interface HoldFacts {
  entry: ImageEntry;
  /** What Git has, and what it goes back to. */
  from: readonly Said[];
  to: readonly Said[];
  /** The holds that there are. */
  holds: readonly Hold[];
}

/** The hold of an image that goes back; `reason` where nothing can be held: a placeholder, or a place without a digest under a digest policy. */
export async function holdFor(
  { entry, from, to, holds }: HoldFacts,
  order: Pick<RollbackOrder, 'who' | 'why' | 'now' | 'automatic'> & { head: string },
  registry: RollbackRegistry | undefined,
): Promise<({ hold: Hold } | { reason: string }) & { remarks: string[] }> {
  const remarks: string[] = [];
  const [had, gets] = [currentOf(from, entry.name), currentOf(to, entry.name)];
  const kept = entry.digest === undefined ? keptTag : keptDigest;
  const found = await kept({ entry, had, gets, holds, remarks, triedAlone: order.automatic !== undefined }, registry);
  if ('reason' in found) return { ...found, remarks };
  const was = entry.digest === undefined ? had.tags.join(' and ') : '';
  const at = toSeconds(order.now.toISOString());
  const hold = {
    id: idOf(order.head, entry.name, at, found.tag),
    image: entry.name,
    ...found,
    by: order.who ?? 'windlass',
    why: order.why ?? `rolled back from ${was || found.past}`,
    at,
  };
  return { hold, remarks };
}

/** A hold that says the same is noted: both must go before the image moves. */
export function heldAlready({ image, tag, past }: Hold, holds: readonly Hold[]): string[] {
  const same = holds.find((one) => one.image === image && one.tag === tag && one.past === past);
  if (same === undefined) return [];
  return [
    `${image} is held on ${tag}, past ${past}, already (${same.by}: ${same.why}): this is a second hold that says the same`,
  ];
}

interface Asked {
  entry: ImageEntry;
  had: CurrentTexts;
  gets: CurrentTexts;
  holds: readonly Hold[];
  remarks: string[];
  /** Only what Git had is held back: nobody looked at what came to the registry meanwhile, and it may be the repair. */
  triedAlone: boolean;
}

type Kept = Pick<Hold, 'tag' | 'past'> | { reason: string };

async function keptTag(asked: Asked, registry: RollbackRegistry | undefined): Promise<Kept> {
  const { entry, had, gets, remarks } = asked;
  const policy = compilePolicy(entry);
  const listed = await listTags(asked, registry);
  const facts = byTag(listed ?? []);
  const tag = highest(policy, gets.tags, facts) ?? gets.tags[0];
  if (tag === undefined)
    return {
      reason: `"${entry.name}" had no tag then (${gets.untagged.join(', ') || 'nothing'}), and only a tag can be held`,
    };
  if (gets.tags.length > 1)
    remarks.push(`${entry.name} goes back to ${gets.tags.join(' and ')}: its hold keeps ${tag}, the highest of them`);
  if (listed !== undefined && !facts.has(tag))
    remarks.push(`${entry.image} has no tag ${tag} any more (deleted or archived): what starts anew cannot pull it`);
  const before = asked.holds.filter(({ image }) => image === entry.name).map(({ past }) => past);
  const known = [...had.tags, ...gets.tags, ...before];
  const past = pastOf(policy, asked.triedAlone ? known : [...facts.keys(), ...known], facts);
  return { tag, past: past ?? had.tags[0] ?? tag };
}

/** The highest of these tags that the policy wants: what it does not want it never takes, and cannot be passed. */
function pastOf(policy: Policy, known: readonly string[], facts: ReadonlyMap<string, TagFacts>): string | undefined {
  const wanted = [...new Set(known)].filter((tag) => {
    const place = policy.place(facts.get(tag) ?? tag);
    return 'rank' in place && place.unwanted === undefined;
  });
  return highest(policy, wanted, facts);
}

function highest(policy: Policy, tags: readonly string[], facts: ReadonlyMap<string, TagFacts>): string | undefined {
  const placed = tags
    .map((tag) => policy.place(facts.get(tag) ?? tag))
    .filter((place): place is PlacedTag => 'rank' in place);
  return newestOf(policy, placed)?.tag;
}

/** A digest policy knows no order: what is not taken again is what its tag points at now, and that is what Git has, or comes next. */
async function keptDigest(asked: Asked, registry: RollbackRegistry | undefined): Promise<Kept> {
  const { entry, had, gets, remarks } = asked;
  const [tag, bad] = [gets, had].map(({ digests }) => digests.find(({ digest }) => digest !== undefined)?.digest);
  if (tag === undefined) return { reason: `"${entry.name}" had no digest then, and its policy can hold nothing else` };
  const now = await ask(asked, registry, async (one) => (await one.tag(entry.image, entry.digest!))?.digest);
  await ask(asked, registry, async (one) => {
    try {
      await one.details(entry.image, tag);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      remarks.push(`${entry.image} may not have ${tag} any more: ${messageOf(error)}`);
    }
  });
  const next = now !== undefined && now !== tag ? now : bad;
  const past = asked.triedAlone ? (bad ?? next) : next;
  return past === undefined
    ? { reason: `"${entry.name}" has no digest in Git that could be held back` }
    : { tag, past };
}

async function listTags(asked: Asked, registry: RollbackRegistry | undefined): Promise<TagFacts[] | undefined> {
  return ask(asked, registry, (one) => one.tags(asked.entry.image));
}

/** An answer of the registry; where it cannot be had, a remark, once. */
async function ask<T>(
  { entry, remarks }: Asked,
  registry: RollbackRegistry | undefined,
  question: (registry: RollbackRegistry) => Promise<T>,
): Promise<T | undefined> {
  const tell = (why: string) => {
    const remark = `the registry of ${entry.image} was not asked (${why}): the hold of ${entry.name} goes by what Git knows`;
    if (!remarks.includes(remark)) remarks.push(remark);
  };
  if (registry === undefined) {
    tell('there is none');
    return undefined;
  }
  try {
    return await question(registry);
  } catch (error) {
    if (!isTrouble(error)) throw error;
    tell(messageOf(error));
    return undefined;
  }
}

/** The same for the same rollback on the same head, another one for every other. */
function idOf(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);
}
