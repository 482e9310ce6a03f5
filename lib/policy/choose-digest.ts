import { isDigest } from '../model/image-ref.ts';
import type { TagReason } from './choose.ts';
import { describeHold, sortHolds } from './holds.ts';
import type { Policy } from './policy.ts';
import type { Hold } from './spec.ts';

/** What one place in Git that can hold a digest has now. */
export interface DigestInGit {
  /** Absent where the place holds a digest alone. */
  tag?: string;
  digest?: string;
}

/** What `chooseDigest` decides from. */
export interface DigestQuestion {
  /** A `digest` policy. */
  policy: Policy;
  /** What the followed tag points at now; undefined when the registry has no such tag. */
  digest: string | undefined;
  current?: readonly DigestInGit[];
  /** Values in Git with neither tag nor digest: always adopted. */
  untagged?: readonly string[];
  /** The holds of this image. */
  holds?: readonly Hold[];
  /** Digests that a gate or a missing platform keeps back for now, and why. Never chosen. */
  barred?: ReadonlyMap<string, string>;
  now: Date;
}

/** What a `digest` policy says about an image at one moment. */
export interface DigestChoice {
  /** What Git should have; may be what it has. Undefined when Git stays as it is, for the cause in `kept`. */
  chosen?: { tag: string; digest: string };
  /** `no-fit`: the registry has no such tag. `no-newer`: Git has it, although it would be barred now. */
  kept?: 'no-fit' | 'hold' | 'waiting' | 'no-newer';
  /** One sentence for people. */
  reason: string;
  /** Texts in Git without a digest, or with another tag, that are replaced by `chosen`. */
  adopted: string[];
  /** The digest that is barred and would be taken, written `latest@sha256:...`. */
  waiting: TagReason[];
  /** What is said of the followed tag. */
  tags: TagReason[];
  expiredHolds: Hold[];
  /** Holds that `chosen` passes: their files go with the bump. */
  releasedHolds: Hold[];
}

/**
 * Follows one tag by its digest. Digests have no order: whatever the tag points at is taken, except what a hold names. Throws `UserError`
 * for a hold that cannot be read.
 */
export function chooseDigest(question: DigestQuestion): DigestChoice {
  const { policy, digest, current = [], untagged = [], holds = [], now } = question;
  const { active, expired } = sortHolds(holds, now);
  const tag = policy.follows!;
  const verdict = judge(question, tag, active);
  const isTaken = verdict.chosen !== undefined;
  const strange = current.filter((place) => place.digest === undefined || (place.tag ?? tag) !== tag);
  return {
    ...verdict,
    adopted: isTaken ? [...new Set([...strange.map(textOf), ...untagged])] : [],
    waiting: verdict.kept === 'waiting' ? [{ tag: `${tag}@${digest}`, reason: question.barred!.get(digest!)! }] : [],
    tags: digest === undefined ? [] : [{ tag, reason: `${isTaken ? 'chosen' : 'not taken'}: ${verdict.reason}` }],
    expiredHolds: expired,
    releasedHolds: isTaken ? holds.filter((hold) => passesDigest(digest!, hold)) : [],
  };
}

function judge(
  { policy, digest, current = [], untagged = [], barred }: DigestQuestion,
  tag: string,
  active: readonly Hold[],
): Pick<DigestChoice, 'chosen' | 'kept' | 'reason'> {
  if (digest === undefined) return { kept: 'no-fit', reason: `the registry has no tag ${tag} of ${policy.image}` };
  if (!isDigest(digest))
    return { kept: 'no-fit', reason: `the registry says that ${tag} is at "${digest}", which is no digest` };
  const held = active.filter((hold) => !passesDigest(digest, hold));
  if (held.length > 0) {
    const why = held.map((hold) => describeHold(hold, policy.kind)).join('; ');
    return { kept: 'hold', reason: `${why}, and ${tag} is at ${digest}` };
  }
  const bar = barred?.get(digest);
  if (bar === undefined) return { chosen: { tag, digest }, reason: `what ${tag} points at` };
  const isThere = current.length > 0 && untagged.length === 0 && current.every((place) => place.digest === digest);
  if (isThere)
    return {
      kept: 'no-newer',
      reason: `Git has ${digest}, and what would keep it back now (${bar}) does not take it away`,
    };
  return { kept: 'waiting', reason: `${tag}@${digest} waits: ${bar}` };
}

/** True when a digest is neither what a hold keeps back nor what it keeps. A `past` that is no digest (the policy was changed) holds everything. */
function passesDigest(digest: string, hold: Hold): boolean {
  const past = digestIn(hold.past);
  return past !== undefined && past !== digest.toLowerCase() && digestIn(hold.tag) !== digest.toLowerCase();
}

/** The digest of a hold's text, `sha256:...` or `latest@sha256:...`; undefined where there is none. */
export function digestIn(text: string): string | undefined {
  const digest = text.slice(text.indexOf('@') + 1);
  return isDigest(digest) ? digest.toLowerCase() : undefined;
}

/** What a hold's text is compared by: its digest, where it has one, else the tag. */
export function digestOrTag(text: string): string {
  return digestIn(text) ?? text;
}

function textOf({ tag, digest }: DigestInGit): string {
  return [tag, digest].filter((part) => part !== undefined).join('@');
}
