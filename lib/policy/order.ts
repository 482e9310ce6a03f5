import { isTag } from '../model/image-ref.ts';
import { compareBytes } from './bytes.ts';
import { compareDecimals, type Decimal, parseDecimal } from './decimal.ts';
import { parseRange } from './semver-range.ts';
import { compareVersions, parseTagVersion, type Version } from './semver-version.ts';
import type { Order } from './spec.ts';
import { pushTime, type TagFacts } from './tag-facts.ts';

/** The heart of a policy: what it compares, and which of the comparable texts it wants. */
export interface TagOrder<Rank> {
  /** As a person would say it: `semver >=1.4.0 <2.0.0`. */
  rule: string;
  /** The place of a text (the tag, or what the filter extracts of it) in the order; undefined when it has none. */
  rank(text: string, facts: TagFacts): Rank | undefined;
  /** Why a text has no place. */
  misfit(text: string): string;
  /** True when a text without a place may well have one, which only is not known here. Absent: never. */
  unknown?(text: string): boolean;
  /** Why a text that has a place is not wanted; undefined when it is. */
  unwanted(rank: Rank): string | undefined;
  /** Positive when `a` is newer than `b`, zero when neither is. */
  compare(a: Rank, b: Rank): number;
}

/** Versions within a range. Throws `UserError` for a range that is none. */
export function semverOrder(text: string): TagOrder<Version> {
  const range = parseRange(text);
  return {
    rule: `semver ${text}`,
    rank: parseTagVersion,
    misfit: () => 'is no version (three numbers are needed, as in 1.4.0)',
    unwanted: (version) => {
      if (range.has(version)) return undefined;
      if (version.pre !== '' && !range.admitsPrereleases) return `is a prerelease, and ${text} names none`;
      return `is not in ${text}`;
    },
    compare: compareVersions,
  };
}

/** Decimal numbers of any length. */
export function numericalOrder(order: Order): TagOrder<Decimal> {
  return {
    rule: `numerical ${order}`,
    rank: parseDecimal,
    misfit: () => 'is no decimal number',
    unwanted: () => undefined,
    compare: order === 'asc' ? compareDecimals : (a, b) => compareDecimals(b, a),
  };
}

/** Texts by their bytes: with `asc` the last is the newest, with `desc` the first, as in Flux. */
export function alphabeticalOrder(order: Order): TagOrder<string> {
  return {
    rule: `alphabetical ${order}`,
    rank: (text) => text,
    misfit: () => 'is empty',
    unwanted: () => undefined,
    compare: order === 'asc' ? compareBytes : (a, b) => compareBytes(b, a),
  };
}

/** Images by the time of their push, in milliseconds. Several tags of one image, and images pushed in one millisecond, are of equal rank. */
export function newestOrder(): TagOrder<number> {
  return {
    rule: 'newest pushed',
    rank: (_text, facts) => pushTime(facts),
    misfit: (text) => (isTag(text) ? 'the registry does not tell when it was pushed' : 'is no tag'),
    unknown: isTag,
    unwanted: () => undefined,
    compare: (a, b) => a - b,
  };
}

/** One tag that moves, and no other: which digest of it is taken, `chooseDigest` says. */
export function digestOrder(tag: string): TagOrder<true> {
  return {
    rule: `digest ${tag}`,
    rank: (text) => (text === tag ? true : undefined),
    misfit: () => `is not ${tag}, the tag that is followed`,
    unwanted: () => undefined,
    compare: () => 0,
  };
}
