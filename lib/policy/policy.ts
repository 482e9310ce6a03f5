import { UserError } from '../model/errors.ts';
import { compileFilter, type Filtered } from './filter.ts';
import { alphabeticalOrder, numericalOrder, semverOrder, type TagOrder } from './order.ts';
import type { Order, PolicySpec } from './spec.ts';

/** A tag with a place in the policy's order. `unwanted` says why it is not to be chosen although it has one. */
export interface PlacedTag {
  tag: string;
  /** Only the policy's own `compare` reads it. */
  rank: unknown;
  unwanted?: string;
}

/** A tag that has no place, and why. */
export interface MisfitTag {
  tag: string;
  misfit: string;
}

/** An image policy, checked and ready to be asked. */
export interface Policy {
  image: string;
  /** As a person would say it: `semver >=1.4.0 <2.0.0`. */
  rule: string;
  allowDowngrade: boolean;
  /** Where a tag stands. Never throws: one odd tag does not fail the others. */
  place(tag: string): PlacedTag | MisfitTag;
  /** Positive when `a` is newer than `b`, zero when neither is (`1.2.0` and `v1.2.0`). */
  compare(a: PlacedTag, b: PlacedTag): number;
}

const kinds = ['semver', 'numerical', 'alphabetical', 'newest', 'digest'] as const;

/** Checks an image policy and prepares it. Throws `UserError` when it names no policy or several, or when a range, order or pattern is wrong. */
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
  if (kind === 'semver') return policyOf(spec, filter, semverOrder(textOf(spec.semver)));
  if (kind === 'numerical') return policyOf(spec, filter, numericalOrder(orderOf(kind, spec.numerical)));
  if (kind === 'alphabetical') return policyOf(spec, filter, alphabeticalOrder(orderOf(kind, spec.alphabetical)));
  throw new UserError(`the policy "${kind}" is not supported yet: use semver, numerical or alphabetical`, {
    code: 'policy-not-supported',
    subject: spec.image,
  });
}

function policyOf<Rank>(spec: PolicySpec, filter: (tag: string) => Filtered, order: TagOrder<Rank>): Policy {
  return {
    image: spec.image,
    rule: order.rule,
    allowDowngrade: spec.allowDowngrade ?? false,
    place: (tag) => {
      const filtered = filter(tag);
      if ('misfit' in filtered) return { tag, misfit: filtered.misfit };
      const rank = order.rank(filtered.text);
      if (rank === undefined) return { tag, misfit: misfitOf(tag, filtered.text, order.misfit) };
      const unwanted = filtered.excluded ?? order.unwanted(rank);
      return unwanted === undefined ? { tag, rank } : { tag, rank, unwanted };
    },
    compare: (a, b) => order.compare(a.rank as Rank, b.rank as Rank),
  };
}

function misfitOf(tag: string, text: string, misfit: string): string {
  return text === tag ? misfit : `its extract "${text}" ${misfit}`;
}

function textOf(range: unknown): string {
  if (typeof range === 'string') return range;
  throw new UserError(`a semver range is a text: write it in quotes, semver: "${String(range)}"`, {
    code: 'semver-range',
  });
}

function orderOf(kind: string, order: unknown): Order {
  if (order === 'asc' || order === 'desc') return order;
  throw new UserError(`${kind} is "asc" or "desc", not "${String(order)}"`, { code: 'policy-order' });
}
