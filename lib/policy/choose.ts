import { describeHold, holdOn, limitOf, passes, sortHolds } from './holds.ts';
import { type InGit, inGit } from './in-git.ts';
import type { MisfitTag, PlacedTag, Policy } from './policy.ts';
import type { Hold } from './spec.ts';
import { byTag, type TagFacts } from './tag-facts.ts';
import { compareTags, newestOf } from './tie.ts';
import { judge, type Verdict } from './verdict.ts';

/** Why a tag was chosen, or why not. */
export interface TagReason {
  tag: string;
  reason: string;
}

/** What a policy says about an image at one moment. */
export interface Choice extends Verdict {
  /** Texts in Git that have no place in the policy's order (`latest`, a placeholder), and are replaced by `chosen`. */
  adopted: string[];
  /** Barred tags that would be taken instead, with what bars them; newest first. */
  waiting: TagReason[];
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
  /** ALL tags of the image, in any order: the order has no influence. `newest` needs their facts, the other policies only the texts. */
  tags: readonly (string | TagFacts)[];
  /** What Git has now: one tag, or those of several markers. The newest of them counts. */
  current?: string | readonly string[];
  /** Values in Git without a tag (`acme/web`, an empty text): never ranked, always adopted. */
  untagged?: readonly string[];
  /** When the commit was made that set what Git has now. Only for `newest`, where the registry lists a current tag no more. */
  changedAt?: Date;
  /** The holds of this image. */
  holds?: readonly Hold[];
  /** Tags that something else than the policy keeps back for now (a gate, a missing platform), and why. Never chosen. */
  barred?: ReadonlyMap<string, string>;
  now: Date;
}

const noBars: ReadonlyMap<string, string> = new Map();

/**
 * Chooses the newest tag that the policy wants, nothing keeps back and that is not older than what Git has. Of tags with equal rank the one
 * whose text is greater, byte by byte, is taken. Throws `UserError` for a hold that cannot be read.
 */
export function choose(question: Question): Choice {
  const { policy, untagged = [], holds = [], barred = noBars, now } = question;
  const { active, expired } = sortHolds(holds, now);
  const listed = byTag(question.tags);
  const limits = holds.map((hold) => limitOf(policy, hold, listed));
  const inForce = limits.filter(({ hold }) => active.includes(hold));
  const places = [...listed.values()].map((facts) => policy.place(facts));
  const wanted = places.filter(isPlaced).filter((tag) => tag.unwanted === undefined);
  const free = wanted.filter((tag) => holdOn(policy, tag, inForce) === undefined);
  const best = newestOf(
    policy,
    free.filter(({ tag }) => !barred.has(tag)),
  );
  const git = inGit(question, listed);
  const judged = best === undefined ? undefined : judge(best, git, question);
  const taken = judged?.chosen === undefined ? undefined : best;
  const waiting = waitingOf(question, free, git, best);
  const verdict = judged ?? nothing(question, { places, wanted, free, active, waiting, git });
  const context: Context = { policy, best, barred, limits: inForce, verdict };
  return {
    ...verdict,
    adopted: taken === undefined ? [] : [...git.strange, ...untagged],
    waiting,
    tags: places.map((tag) => ({ tag: tag.tag, reason: reasonFor(tag, context) })),
    expiredHolds: expired,
    releasedHolds:
      taken === undefined ? [] : limits.filter((limit) => passes(policy, taken, limit)).map(({ hold }) => hold),
  };
}

/** What is barred, and would be taken were it not. */
function waitingOf(
  { policy, untagged = [], barred = noBars, ...rest }: Question,
  free: readonly PlacedTag[],
  git: InGit,
  best: PlacedTag | undefined,
): TagReason[] {
  if (barred.size === 0) return [];
  const isThere = ({ tag }: PlacedTag) =>
    untagged.length === 0 && git.texts.length > 0 && git.texts.every((text) => text === tag);
  return free
    .filter((tag) => barred.has(tag.tag) && !isThere(tag))
    .filter((tag) => judge(tag, git, { ...rest, policy }).chosen !== undefined)
    .filter((tag) => best === undefined || compareTags(policy, tag, best) > 0)
    .sort((a, b) => compareTags(policy, b, a))
    .map(({ tag }) => ({ tag, reason: barred.get(tag)! }));
}

interface Found {
  places: readonly (PlacedTag | MisfitTag)[];
  wanted: readonly PlacedTag[];
  free: readonly PlacedTag[];
  active: readonly Hold[];
  waiting: readonly TagReason[];
  git: InGit;
}

/** Why no tag at all could be taken. */
function nothing({ policy }: Question, { places, wanted, free, active, waiting, git }: Found): Verdict {
  if (wanted.length === 0) {
    const unknown = places.filter((tag) => 'unknownAge' in tag).length;
    const told =
      unknown === 0 ? '' : `: the registry does not tell when ${unknown} of its ${places.length} tags were pushed`;
    return { kept: 'no-fit', reason: `no tag fits the policy ${policy.rule}${told}` };
  }
  const [first] = waiting;
  if (first !== undefined) return { kept: 'waiting', reason: `${first.tag} waits: ${first.reason}` };
  if (free.length > 0) return { kept: 'no-newer', reason: `Git has ${git.texts.join(', ')}, and no newer tag fits` };
  const holds = active.map((hold) => describeHold(hold, policy.kind)).join('; ');
  return { kept: 'hold', reason: `${holds}, and no newer tag fits` };
}

interface Context {
  policy: Policy;
  best: PlacedTag | undefined;
  barred: ReadonlyMap<string, string>;
  limits: Parameters<typeof holdOn>[2];
  verdict: Verdict;
}

function reasonFor(tag: PlacedTag | MisfitTag, { policy, best, barred, limits, verdict }: Context): string {
  if ('misfit' in tag) return tag.misfit;
  if (tag.unwanted !== undefined) return tag.unwanted;
  const hold = holdOn(policy, tag, limits);
  if (hold !== undefined) return `is held back: ${describeHold(hold, policy.kind)}`;
  const bar = barred.get(tag.tag);
  if (bar !== undefined) return `waits: ${bar}`;
  if (tag.tag === best?.tag) return `${verdict.chosen === undefined ? 'not taken' : 'chosen'}: ${verdict.reason}`;
  if (policy.compare(tag, best!) < 0) return `is older than ${best!.tag}`;
  return `has the same rank as ${best!.tag}, whose text is the greater one`;
}

function isPlaced(tag: PlacedTag | MisfitTag): tag is PlacedTag {
  return 'rank' in tag;
}
