import { UserError } from '../model/errors.ts';
import { endOf } from '../model/until.ts';
import type { PlacedTag, Policy } from './policy.ts';
import type { Hold } from './spec.ts';
import type { TagFacts } from './tag-facts.ts';

/** The holds of one image at one moment. */
export interface HoldState {
  /** In force. */
  active: Hold[];
  /** Past their `until`: void, to be reported. */
  expired: Hold[];
}

/** Parts holds by their `until`. Throws `UserError` for an `until` that is no date: a hold that cannot be read is never taken for a void one. */
export function sortHolds(holds: readonly Hold[], now: Date): HoldState {
  const expired = holds.filter((hold) => endOfHold(hold) <= now.getTime());
  return { active: holds.filter((hold) => !expired.includes(hold)), expired };
}

/** A hold, and the place of its `past` in the policy's order. Without a place everything is held. */
export interface Limit {
  hold: Hold;
  past: PlacedTag | undefined;
}

/**
 * Finds the place of a hold's `past`. For `newest` that is its push time; where the registry does not list it any more, the time when the
 * hold was made: whatever was pushed before then is older than the hold, or is what it keeps back.
 */
export function limitOf(policy: Policy, hold: Hold, listed: ReadonlyMap<string, TagFacts>): Limit {
  const past = policy.place(listed.get(hold.past) ?? hold.past);
  if ('rank' in past) return { hold, past };
  const made = hold.at === undefined ? undefined : endOf(hold.at);
  if (made === undefined) return { hold, past: undefined };
  const then = policy.place({ tag: hold.past, pushedAt: new Date(made).toISOString() });
  return { hold, past: 'rank' in then ? then : undefined };
}

/** The hold that keeps a tag from being taken; undefined when the tag passes all of them. */
export function holdOn(policy: Policy, tag: PlacedTag, limits: readonly Limit[]): Hold | undefined {
  return limits.find((limit) => !passes(policy, tag, limit))?.hold;
}

/** True when a tag is strictly after what the hold saw: a tag of equal rank is not, and the hold's own tags are not, however late they are pushed again. */
export function passes(policy: Policy, tag: PlacedTag, { hold, past }: Limit): boolean {
  return past !== undefined && tag.tag !== hold.tag && tag.tag !== hold.past && policy.compare(tag, past) > 0;
}

const takesOf: Partial<Record<Policy['kind'], string>> = {
  newest: 'takes only images pushed after',
  digest: 'does not take',
};

/** A hold in a sentence. */
export function describeHold({ tag, past, until, why }: Hold, kind: Policy['kind']): string {
  const takes = takesOf[kind] ?? 'takes only tags after';
  const end = `${until === undefined ? '' : ` until ${until}`}${why === undefined ? '' : ` (${why})`}`;
  return `a hold keeps ${tag} and ${takes} ${past}${end}`;
}

/** Milliseconds since 1970 from which on the hold is void. */
function endOfHold(hold: Hold): number {
  const end = hold.until === undefined ? Number.POSITIVE_INFINITY : endOf(hold.until);
  if (end !== undefined) return end;
  throw new UserError(
    `the hold ${hold.id} of ${hold.image} ends "${hold.until}", which is no date: write 2027-01-31 or 2027-01-31T12:00:00Z`,
    { code: 'hold-until', subject: hold.image },
  );
}
