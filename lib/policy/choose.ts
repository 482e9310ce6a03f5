import { compareBytes } from './bytes.ts';
import { holdOn, passes, sortHolds } from './holds.ts';
import type { MisfitTag, PlacedTag, Policy } from './policy.ts';
import type { Hold } from './spec.ts';

/** Why a tag was chosen, or why not. */
export interface TagReason {
  tag: string;
  reason: string;
}

/** What a policy says about an image at one moment. */
export interface Choice {
  /** The tag that Git should have; may be the one that it has. Undefined when Git stays as it is, for the cause in `kept`. */
  chosen?: string;
  /**
   * `no-fit`: no tag fits the policy. `hold`: only tags that a hold keeps back. `downgrade`: Git has a newer one.
   * `no-newer`: Git has one of equal rank (`v1.2.0` and `1.2.0`).
   */
  kept?: 'no-fit' | 'hold' | 'downgrade' | 'no-newer';
  /** One sentence for people. */
  reason: string;
  /** Texts in Git that have no place in the policy's order (`latest`, a placeholder), and are replaced by `chosen`. */
  adopted: string[];
  /** Each tag of the list once, in the list's order. */
  tags: TagReason[];
  /** Holds past their `until`: void, to be reported. */
  expiredHolds: Hold[];
  /** Holds that `chosen` passes: their files go with the bump. */
  releasedHolds: Hold[];
}

/** What `choose` decides from. */
export interface Question {
  policy: Policy;
  /** ALL tags of the image, in any order: the order has no influence. */
  tags: readonly string[];
  /** What Git has now: one tag, or those of several markers. The newest of them counts. */
  current?: string | readonly string[];
  /** Values in Git without a tag (`acme/web`, an empty text): never ranked, always adopted. */
  untagged?: readonly string[];
  /** The holds of this image. */
  holds?: readonly Hold[];
  now: Date;
}

/**
 * Chooses the newest tag that the policy wants, no hold keeps back and is not older than what Git has.
 * Of tags with equal rank the one whose text is greater, byte by byte, is taken. Throws `UserError` for a hold that cannot be read.
 */
export function choose({ policy, tags, current = [], untagged = [], holds = [], now }: Question): Choice {
  const { active, expired } = sortHolds(holds, now);
  const places = [...new Set(tags)].map((tag) => policy.place(tag));
  const wanted = places.filter(isPlaced).filter((tag) => tag.unwanted === undefined);
  const free = wanted.filter((tag) => holdOn(policy, tag, active) === undefined);
  const inGit = [current].flat().map((tag) => policy.place(tag));
  const best = newestOf(policy, free);
  const verdict = judge(policy, best, wanted.length, active, newestOf(policy, inGit.filter(isPlaced)));
  const context = { policy, best, active, chosen: verdict.chosen, reason: verdict.reason };
  return {
    ...verdict,
    adopted:
      verdict.chosen === undefined
        ? []
        : [...inGit.filter((tag) => 'misfit' in tag).map(({ tag }) => tag), ...untagged],
    tags: places.map((tag) => ({ tag: tag.tag, reason: reasonFor(tag, context) })),
    expiredHolds: expired,
    releasedHolds:
      verdict.chosen === undefined || best === undefined ? [] : holds.filter((hold) => passes(policy, best, hold)),
  };
}

type Verdict = Pick<Choice, 'chosen' | 'kept' | 'reason'>;

function judge(
  policy: Policy,
  best: PlacedTag | undefined,
  wanted: number,
  active: readonly Hold[],
  current: PlacedTag | undefined,
): Verdict {
  if (best === undefined) {
    if (wanted === 0) return { kept: 'no-fit', reason: `no tag fits the policy ${policy.rule}` };
    return { kept: 'hold', reason: `${active.map(describe).join('; ')}, and no newer tag fits` };
  }
  const chosen: Verdict = { chosen: best.tag, reason: `the newest tag that fits the policy ${policy.rule}` };
  if (current === undefined || current.tag === best.tag) return chosen;
  const order = policy.compare(best, current);
  if (order > 0) return chosen;
  if (order === 0) return { kept: 'no-newer', reason: `Git has ${current.tag}, which ${best.tag} is not newer than` };
  if (policy.allowDowngrade)
    return { ...chosen, reason: `${chosen.reason}; older than ${current.tag} in Git, which allowDowngrade permits` };
  return {
    kept: 'downgrade',
    reason: `Git has ${current.tag}, and the newest tag that fits, ${best.tag}, is older: allowDowngrade: true would take it`,
  };
}

interface Context {
  policy: Policy;
  best: PlacedTag | undefined;
  active: readonly Hold[];
  chosen: string | undefined;
  reason: string;
}

function reasonFor(tag: PlacedTag | MisfitTag, { policy, best, active, chosen, reason }: Context): string {
  if ('misfit' in tag) return tag.misfit;
  if (tag.unwanted !== undefined) return tag.unwanted;
  const hold = holdOn(policy, tag, active);
  if (hold !== undefined) return `is held back: ${describe(hold)}`;
  if (tag.tag === best?.tag) return chosen === undefined ? `not taken: ${reason}` : `chosen: ${reason}`;
  if (policy.compare(tag, best!) < 0) return `is older than ${best!.tag}`;
  return `has the same rank as ${best!.tag}, whose text is the greater one`;
}

function describe(hold: Hold): string {
  const until = hold.until === undefined ? '' : ` until ${hold.until}`;
  const why = hold.why === undefined ? '' : ` (${hold.why})`;
  return `a hold keeps ${hold.tag} and takes only tags after ${hold.past}${until}${why}`;
}

function newestOf(policy: Policy, tags: readonly PlacedTag[]): PlacedTag | undefined {
  let best: PlacedTag | undefined;
  for (const tag of tags) {
    if (best === undefined || (policy.compare(tag, best) || compareBytes(tag.tag, best.tag)) > 0) best = tag;
  }
  return best;
}

function isPlaced(tag: PlacedTag | MisfitTag): tag is PlacedTag {
  return 'rank' in tag;
}
