import { holdPath } from '../config/holds.ts';
import type { Hold } from '../policy/spec.ts';
import type { Outcome } from './decision.ts';
import { expected, type RouteWish } from './edit-route.ts';
import type { CommitRequest } from './ports.ts';

/**
 * The holds that end with the changes of one route: those that no other place of the image needs any more. `isDone` tells of the other
 * outcomes whether Git has what they choose by then.
 */
export function endedBy(wishes: readonly RouteWish[], isDone: (other: RouteWish) => boolean): Hold[] {
  return wishes.flatMap(({ decision, outcome }) => {
    const others = decision.outcomes.filter((other) => other !== outcome);
    const past = (hold: Hold, other: Outcome) =>
      other.ref !== undefined && other.released.includes(hold) && isDone({ decision, outcome: other, ref: other.ref });
    return outcome.released.filter((hold) => others.every((other) => past(hold, other)));
  });
}

/** True when Git has what an outcome chooses at all of its places. */
export function isInGit(wish: RouteWish): boolean {
  return expected(wish).length === 0;
}

/** A hold's file goes with the bump that ends it. */
export function deletionsOf(released: readonly Hold[]): CommitRequest['files'] {
  return released.map((hold) => ({ path: holdPath(hold), bytes: undefined }));
}
