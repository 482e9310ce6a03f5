import type { ImageEntry } from '../config/config.ts';
import { holdFile, holdProblem } from '../config/holds.ts';
import { currentOf } from '../edit/current.ts';
import type { CommitRequest } from '../model/config-repo.ts';
import { formatProblem, UserError } from '../model/errors.ts';
import { holdTrailers } from '../model/rollback-story.ts';
import { hasPassed } from '../model/until.ts';
import { digestOrTag } from '../policy/choose-digest.ts';
import type { Hold } from '../policy/spec.ts';
import { heldAlready, holdFor } from './held.ts';
import { imageNamed, type Look } from './look.ts';
import type { RollbackRegistry, RollbackRepo } from './ports.ts';
import { checkOrdered, type KnownTag, knownDigest, knownTag } from './tag-then.ts';
import { textsNow } from './texts.ts';

/** What is to be held, and by whom. */
export interface HoldOrder {
  image: string;
  /** What Git has unless told. */
  tag?: string | undefined;
  /** The highest tag of the registry and of Git unless told. */
  past?: string | undefined;
  until?: string | undefined;
  who: string;
  why: string;
  now: Date;
}

/** A hold that is to be made. */
export interface PlannedHold {
  hold: Hold;
  path: string;
  remarks: string[];
  commit: Pick<CommitRequest, 'files' | 'trailers'>;
}

/**
 * Plans the hold of an image where it is. Throws `UserError` for an image that there is not, for one of which Git has several tags or none while none is
 * named, for a tag that its policy cannot hold or that neither Git nor the registry has, and for a `past` that the policy cannot order.
 */
export async function planHold(
  order: HoldOrder,
  look: Look,
  { repo, registry }: { repo: RollbackRepo; registry: RollbackRegistry | undefined },
): Promise<PlannedHold> {
  const entry = imageNamed(look, order.image);
  const markers = look.files.flatMap(({ facts }) => facts.markers).filter(({ policy }) => policy === entry.name);
  const { tags, digests } = currentOf(markers, entry.name);
  const there = entry.digest === undefined ? tags : digests.flatMap(({ digest }) => digest ?? []);
  const several = [...new Set(there)];
  if (order.tag === undefined && several.length !== 1) {
    const has = several.length === 0 ? 'nothing that can be held' : several.join(' and ');
    throw new UserError(`Git has ${has} for "${entry.name}": say with --tag what is to be kept`, {
      code: 'hold-tag',
      subject: entry.name,
    });
  }
  const facts = { entry, from: markers, to: markers, holds: look.holds };
  const made = await holdFor(facts, { ...order, head: look.head }, registry);
  if ('reason' in made && (order.tag === undefined || order.past === undefined))
    throw new UserError(made.reason, { code: 'hold-tag', subject: entry.name });
  const found = 'hold' in made ? made.hold : undefined;
  const { tag = found!.tag, past = found!.past, until } = order;
  const hold = checked({ ...holdAlone(order, look, entry.name), ...found, tag, past, ...(until && { until }) }, look);
  const { path, content } = holdFile(hold);
  if (entry.digest === undefined && order.past !== undefined) checkOrdered(entry, order.past);
  const text = digestOrTag(tag);
  const isKnown = order.tag === undefined || several.includes(text);
  const known = isKnown ? { remarks: [] } : await witnessed(text, entry, look, { repo, registry });
  const unlike = several.length > 0 && !several.includes(text);
  const { who } = order;
  return {
    hold,
    path,
    remarks: [
      ...made.remarks,
      ...known.remarks,
      ...heldAlready(hold, look.holds),
      ...(unlike ? [`Git has ${several.join(' and ')}: a hold does not change that, windlass rollback does`] : []),
    ],
    commit: {
      files: [{ path, bytes: new TextEncoder().encode(content) }],
      trailers: holdTrailers({ act: 'held', image: hold.image, files: [path], tag, past, until, who }),
    },
  };
}

/** The holds of a head about one image, or all: those that are in force, and those whose time has passed. */
export function holdsAbout(
  look: Pick<Look, 'holds'>,
  image: string | undefined,
  now: Date,
): { hold: Hold; isVoid: boolean }[] {
  return look.holds
    .filter((hold) => image === undefined || hold.image === image)
    .map((hold) => ({ hold, isVoid: hasPassed(hold.until, now) }));
}

async function witnessed(
  text: string,
  entry: ImageEntry,
  look: Look,
  { repo, registry }: { repo: RollbackRepo; registry: RollbackRegistry | undefined },
): Promise<KnownTag> {
  const of = { entry, now: await textsNow(repo, look, entry.name), look, repo };
  return entry.digest === undefined
    ? await knownTag({ tag: text }, of, registry)
    : await knownDigest(text, of, registry);
}

function holdAlone(
  { who, why, now }: HoldOrder,
  { head }: Look,
  image: string,
): Pick<Hold, 'id' | 'image' | 'by' | 'why' | 'at'> {
  return { id: head.slice(0, 8), image, by: who, why, at: now.toISOString() };
}

function checked(hold: Hold, { config }: Look): Hold {
  const problem = holdProblem(hold, config.images);
  if (problem === undefined) return hold;
  throw new UserError(formatProblem(problem), { code: problem.code, subject: hold.image, problems: [problem] });
}
