import { compareBytes } from './bytes.ts';
import type { InGit } from './in-git.ts';
import type { PlacedTag, Policy } from './policy.ts';

/** What is to be, in short. */
export interface Verdict {
  /** The tag that Git should have; may be the one that it has. Undefined when Git stays as it is, for the cause in `kept`. */
  chosen?: string;
  /**
   * `no-fit`: no tag fits the policy. `hold`: only tags that a hold keeps back. `waiting`: only tags that are barred for now.
   * `downgrade`: Git has a newer one. `no-newer`: Git has one of equal rank (`v1.2.0` and `1.2.0`), or nothing was pushed since it was set.
   * `unknown-age`: nothing tells how old the one in Git is (`newest` only).
   */
  kept?: 'no-fit' | 'hold' | 'waiting' | 'downgrade' | 'no-newer' | 'unknown-age';
  /** One sentence for people. */
  reason: string;
}

/** Says whether the best tag that is there replaces what Git has. */
export function judge(
  best: PlacedTag,
  { newest: current, unknown }: InGit,
  { policy, barred }: { policy: Policy; barred?: ReadonlyMap<string, string> },
): Verdict {
  const chosen: Verdict = { chosen: best.tag, reason: `the newest tag that fits the policy ${policy.rule}` };
  if (unknown.length > 0) {
    const why = `nothing tells when ${unknown.join(', ')} in Git was pushed`;
    if (policy.allowDowngrade)
      return { ...chosen, reason: `${chosen.reason}; ${why}, and allowDowngrade takes an older one` };
    return { kept: 'unknown-age', reason: `${why}: ${best.tag} may be older, and allowDowngrade: true would take it` };
  }
  if (current === undefined || current.tag === best.tag) return chosen;
  const order = newer(policy, best, current);
  if (order > 0) return chosen;
  if (order === 0) return { kept: 'no-newer', reason: `Git has ${current.tag}, which ${best.tag} is not newer than` };
  const bar = barred?.get(current.tag);
  if (bar !== undefined) {
    return {
      kept: 'no-newer',
      reason: `Git has ${current.tag}, and what would keep it back now (${bar}) does not take it away`,
    };
  }
  if (policy.allowDowngrade) {
    return { ...chosen, reason: `${chosen.reason}; older than ${current.tag} in Git, which allowDowngrade permits` };
  }
  if (current.since !== undefined) {
    const since = current.since.toISOString();
    return {
      kept: 'no-newer',
      reason: `the registry does not tell when ${current.tag} in Git was pushed, and no image that fits was pushed after ${since}, when it was set`,
    };
  }
  return {
    kept: 'downgrade',
    reason: `Git has ${current.tag}, and the newest tag that fits, ${best.tag}, is older: allowDowngrade: true would take it`,
  };
}

/**
 * Positive when `a` is newer than `b`. Beside the policy's own order one rule: of two images pushed in one moment the one with the greater
 * tag is the newer one, as it is among the registry's tags; two tags of one image are of equal rank, so that nothing is rolled out for nothing.
 */
function newer(policy: Policy, a: PlacedTag, b: PlacedTag): number {
  const order = policy.compare(a, b);
  if (order !== 0 || policy.kind !== 'newest') return order;
  const isSame = a.digest === undefined || b.digest === undefined || a.digest === b.digest;
  return isSame ? 0 : compareBytes(a.tag, b.tag);
}
