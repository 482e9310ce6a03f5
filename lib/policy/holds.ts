import { UserError } from '../model/errors.ts';
import { endOf } from '../model/until.ts';
import type { PlacedTag, Policy } from './policy.ts';
import type { Hold } from './spec.ts';

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

/** The active hold that keeps a tag from being taken; undefined when the tag is after `past` of each. A `past` without a place in the order holds everything. */
export function holdOn(policy: Policy, tag: PlacedTag, active: readonly Hold[]): Hold | undefined {
  return active.find((hold) => !passes(policy, tag, hold));
}

/** True when a tag is strictly after what the hold saw: a tag of equal rank, or the same one pushed again, is not. */
export function passes(policy: Policy, tag: PlacedTag, hold: Hold): boolean {
  const past = policy.place(hold.past);
  return 'rank' in past && policy.compare(tag, past) > 0;
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
