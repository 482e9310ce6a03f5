import { UserError } from '../model/errors.ts';
import { isTag } from '../model/image-ref.ts';
import { compileFilter, type Filtered } from './filter.ts';
import { alphabeticalOrder, digestOrder, newestOrder, numericalOrder, semverOrder, type TagOrder } from './order.ts';
import type { Order, PolicySpec } from './spec.ts';
import { factsOf, type TagFacts } from './tag-facts.ts';

/** A tag with a place in the policy's order. `unwanted` says why it is not to be chosen although it has one. */
export interface PlacedTag {
  tag: string;
  /** Only the policy's own `compare` reads it. */
  rank: unknown;
  /** What the tag points at, where the registry told it. */
  digest?: string;
  unwanted?: string;
}

/** A tag that has no place, and why. */
export interface MisfitTag {
  tag: string;
  misfit: string;
  /** Only with `newest`: it fits, and when it was pushed is not known. Such a text is no placeholder. */
  unknownAge?: true;
}

const kinds = ['semver', 'numerical', 'alphabetical', 'newest', 'digest'] as const;

/** What a policy goes by. */
export type PolicyKind = (typeof kinds)[number];

/** An image policy, checked and ready to be asked. */
export interface Policy {
  kind: PolicyKind;
  image: string;
  /** As a person would say it: `semver >=1.4.0 <2.0.0`, `newest pushed`, `digest latest`. */
  rule: string;
  allowDowngrade: boolean;
  /** The tag whose digest is followed; only with `digest`. */
  follows?: string;
  /** Where a tag stands; `newest` needs its facts. Never throws: one odd tag does not fail the others. */
  place(tag: string | TagFacts): PlacedTag | MisfitTag;
  /** Positive when `a` is newer than `b`, zero when neither is (`1.2.0` and `v1.2.0`). */
  compare(a: PlacedTag, b: PlacedTag): number;
}

/** Checks an image policy and prepares it. Throws `UserError` when it names no policy or several, or when a range, order, tag or pattern is wrong. */
export function compilePolicy(spec: PolicySpec): Policy {
  const filter = compileFilter(spec.filter);
  const given = kinds.filter((kind) => spec[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    const found = kind === undefined ? 'has none' : `has ${given.join(' and ')}`;
    throw new UserError(`an image policy needs exactly one of ${kinds.join(', ')}: this one ${found}`, {
      code: 'policy-kind',
      subject: spec.image,
    });
  }
  return compilers[kind](spec, filter);
}

const noTag = 'is no tag (up to 128 letters, digits, "_", "." and "-", of which "." and "-" do not come first)';

type Filter = (tag: string) => Filtered;

const compilers: Record<PolicyKind, (spec: PolicySpec, filter: Filter) => Policy> = {
  semver: (spec, filter) => policyOf('semver', spec, filter, semverOrder(rangeOf(spec.semver))),
  numerical: (spec, filter) =>
    policyOf('numerical', spec, filter, numericalOrder(orderOf('numerical', spec.numerical))),
  alphabetical: (spec, filter) =>
    policyOf('alphabetical', spec, filter, alphabeticalOrder(orderOf('alphabetical', spec.alphabetical))),
  newest: (spec, filter) => {
    checkNewest(spec);
    return policyOf('newest', spec, filter, newestOrder());
  },
  digest: (spec, filter) => {
    const follows = followedOf(spec);
    return { ...policyOf('digest', spec, filter, digestOrder(follows)), follows };
  },
};

function policyOf<Rank>(kind: PolicyKind, spec: PolicySpec, filter: Filter, order: TagOrder<Rank>): Policy {
  return {
    kind,
    image: spec.image,
    rule: order.rule,
    allowDowngrade: spec.allowDowngrade ?? false,
    place: (given) => {
      const facts = factsOf(given);
      const { tag, digest } = facts;
      // A registry's answer is not trusted: whatever is chosen is written into files, commit messages and trailers.
      if (!isTag(tag)) return { tag, misfit: noTag };
      const filtered = filter(tag);
      if ('misfit' in filtered) return { tag, misfit: filtered.misfit };
      const rank = order.rank(filtered.text, facts);
      if (rank === undefined) return misfitOf(tag, filtered.text, order);
      const unwanted = filtered.excluded ?? order.unwanted(rank);
      return unwanted === undefined ? { tag, rank, digest } : { tag, rank, digest, unwanted };
    },
    compare: (a, b) => order.compare(a.rank as Rank, b.rank as Rank),
  };
}

function misfitOf<Rank>(tag: string, text: string, order: TagOrder<Rank>): MisfitTag {
  const misfit = text === tag ? order.misfit(text) : `its extract "${text}" ${order.misfit(text)}`;
  return order.unknown?.(text) ? { tag, misfit, unknownAge: true } : { tag, misfit };
}

function rangeOf(range: unknown): string {
  if (typeof range === 'string') return range;
  throw new UserError(
    'a semver range is a text, and without quotes YAML reads 1.10 as the number 1.1: write it in quotes, semver: "1.10"',
    {
      code: 'semver-range',
    },
  );
}

function orderOf(kind: string, order: unknown): Order {
  if (order === 'asc' || order === 'desc') return order;
  throw new UserError(`${kind} is "asc" or "desc", not "${String(order)}"`, { code: 'policy-order' });
}

function checkNewest({ newest, filter, image }: PolicySpec): void {
  if (newest !== true) {
    throw new UserError(`newest is true, not "${String(newest)}": leave it out to use another policy`, {
      code: 'policy-newest',
      subject: image,
    });
  }
  if (typeof filter === 'object' && filter.extract !== undefined) {
    throw new UserError('newest compares push times, and nothing that a filter extracts: leave out "extract"', {
      code: 'filter-extract',
      subject: image,
    });
  }
}

function followedOf({ digest, filter, image }: PolicySpec): string {
  if (typeof digest !== 'string' || !isTag(digest)) {
    throw new UserError(
      `digest is the tag that is followed, such as latest (in quotes, if it looks like a number), not "${String(digest)}"`,
      {
        code: 'policy-digest',
        subject: image,
      },
    );
  }
  if (filter !== undefined) {
    throw new UserError(`digest follows the one tag ${digest}: a filter has nothing to do, leave it out`, {
      code: 'policy-digest',
      subject: image,
    });
  }
  return digest;
}
