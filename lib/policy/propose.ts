import { parseTagVersion } from './semver-version.ts';
import type { PolicySpec } from './spec.ts';

/** A policy without its image. */
export type PolicyRule = Pick<PolicySpec, 'semver' | 'numerical' | 'alphabetical' | 'newest' | 'digest' | 'filter'>;

/** What a tag looks like. Two tags with the same `key` can follow one policy. */
export interface TagFamily {
  key: string;
  /** How people would say it: `versions 1.x`, `builds of main by time`. */
  words: string;
  /** The policy of all these tags; each of them has a place in it. */
  ruleOf(tags: readonly string[]): PolicyRule;
}

/** What is known of an image beside its tag. */
export interface TagContext {
  /** Its registry tells when an image was pushed: Amazon ECR. */
  knowsPushTimes: boolean;
  /** Git has a digest behind the tag. */
  hasDigest?: boolean;
}

type Reader = (tag: string, context: TagContext) => TagFamily | { reason: string } | undefined;

/**
 * Which policy a tag that Git has today asks for, as far as its text tells; a reason where it tells too little. What a tag means is a guess: a
 * person decides.
 */
export function familyOfTag(tag: string, context: TagContext): TagFamily | { reason: string } {
  for (const reader of readers) {
    const found = reader(tag, context);
    if (found !== undefined) return found;
  }
  return { reason: `the tag "${tag}" does not tell an order` };
}

/** The first that knows the tag decides. */
const readers: readonly Reader[] = [
  version,
  byTimeLast,
  byTimeFirst,
  byDay,
  partialVersion,
  byNumber,
  byCommit,
  movingTag,
];

/** What release tools write behind the dash; anything else is a variant, like `-alpine`. */
const prerelease =
  /^(?:0|[1-9][0-9]*|(?:alpha|beta|rc|pre|preview|dev|snapshot|canary|next|nightly|m)[0-9]*)(?:[.-]|$)/i;

function version(tag: string): TagFamily | undefined {
  const read = parseTagVersion(tag);
  if (read === undefined) return undefined;
  if (read.pre !== '' && !prerelease.test(read.pre)) return variant(tag, read.pre);
  const pre = read.pre === '' ? '' : '-0';
  const isCalendar = /^(?:19|20)[0-9]{2}$/.test(read.major);
  const major = BigInt(read.major || '0');
  return {
    key: `version ${isCalendar ? 'calendar' : major}${pre}`,
    words: isCalendar ? 'versions by date' : `versions ${major}.x${pre === '' ? '' : ', prereleases too'}`,
    ruleOf: (tags) => {
      const least = `>=${leastCore(tags)}${pre}`;
      return { semver: isCalendar ? least : `${least} <${major + 1n}.0.0${pre}` };
    },
  };
}

/** Versions of one variant: what stands behind the dash is the same for all. Undefined where no version is left before it. */
function variant(tag: string, suffix: string): TagFamily | undefined {
  const core = parseTagVersion(tag.slice(0, tag.length - suffix.length - 1));
  if (core === undefined) return undefined;
  const { major } = core;
  const next = BigInt(major || '0') + 1n;
  const include = `^v?(?P<version>[0-9]+\\.[0-9]+\\.[0-9]+)-${literal(suffix)}$`;
  return {
    key: `variant ${major} ${suffix}`,
    words: `versions ${major || '0'}.x with -${suffix}`,
    ruleOf: (tags) => ({
      filter: { include, extract: '$version' },
      semver: `>=${leastCore(tags)} <${next}.0.0`,
    }),
  };
}

/** The lowest version among tags, without what stands behind the dash. */
function leastCore(tags: readonly string[]): string {
  const cores = tags.map((tag) => {
    const { major, minor, patch } = parseTagVersion(tag)!;
    return [major, minor, patch].map((part) => BigInt(part || '0'));
  });
  const [least] = cores.sort(compare);
  return least!.join('.');
}

function compare(a: readonly bigint[], b: readonly bigint[]): number {
  const index = a.findIndex((part, at) => part !== b[at]);
  return index < 0 ? 0 : a[index]! < b[index]! ? -1 : 1;
}

const commit = '[a-f0-9]{7,40}';

/** `main-1a2b3c4-1793523000`, the form that Flux's guides advise, and `main-1a2b3c4-417` with the number of the build; a day is no commit. */
function byTimeLast(tag: string): TagFamily | undefined {
  const match = /^(.*-|)(?!20[0-9]{6}-)([a-f0-9]{7,40})-([0-9]{1,20})$/.exec(tag);
  return match === null ? undefined : timed(match[1]!, `${commit}-(?P<ts>[0-9]+)`);
}

function byTimeFirst(tag: string): TagFamily | undefined {
  const match = /^(.*-|)([0-9]{9,20})-([a-f0-9]{7,40})$/.exec(tag);
  return match === null ? undefined : timed(match[1]!, `(?P<ts>[0-9]+)-${commit}`);
}

function timed(prefix: string, rest: string): TagFamily {
  const include = `^${literal(prefix)}${rest}$`;
  return {
    key: `time ${include}`,
    words: `builds${ofBranch(prefix)} in their order`,
    ruleOf: () => ({ filter: { include, extract: '$ts' }, numerical: 'asc' }),
  };
}

/** `2026-11-03`, `main-20261103T101500Z`. */
function byDay(tag: string): TagFamily | undefined {
  const match = /^(.*-|)(20[0-9]{2}-[0-9]{2}-[0-9]{2}|20[0-9]{6}T[0-9]{6}Z?)$/.exec(tag);
  if (match === null) return undefined;
  const shape = match[2]!.replace(/[0-9]+/g, (digits) => `[0-9]{${digits.length}}`);
  const include = `^${literal(match[1]!)}${shape}$`;
  return {
    key: `day ${include}`,
    words: `builds${ofBranch(match[1]!)} by date`,
    ruleOf: () => ({ filter: { include }, alphabetical: 'asc' }),
  };
}

/** `build-417`, `20261103101500`, `417`. */
function byNumber(tag: string): TagFamily | undefined {
  const match = /^([A-Za-z][A-Za-z0-9_.-]*[-_.]|)([0-9]+)$/.exec(tag);
  if (match === null) return undefined;
  const prefix = match[1]!;
  const include = `^${literal(prefix)}(?P<number>[0-9]+)$`;
  return {
    key: `number ${include}`,
    words: `builds${ofBranch(prefix)} by number`,
    ruleOf: () => ({ filter: { include, extract: '$number' }, numerical: 'asc' }),
  };
}

/** A commit id alone: only the time of the push orders such tags. */
function byCommit(tag: string, { knowsPushTimes }: TagContext): TagFamily | { reason: string } | undefined {
  const match = /^(.*-|)([a-f0-9]{7,40})$/.exec(tag);
  if (match === null || !/[0-9]/.test(match[2]!)) return undefined;
  if (!knowsPushTimes) {
    return {
      reason: `the tag "${tag}" is a commit id, which has no order, and this registry does not tell push times: tag builds like main-<commit>-<time>`,
    };
  }
  const include = `^${literal(match[1]!)}${commit}$`;
  return {
    key: `pushed ${include}`,
    words: `builds${ofBranch(match[1]!)} by the time of their push`,
    ruleOf: () => ({ filter: { include }, newest: true }),
  };
}

function partialVersion(tag: string, context: TagContext): TagFamily | { reason: string } | undefined {
  if (!/^v?[0-9]+\.[0-9]+$/.test(tag)) return undefined;
  return followed(tag, context, `the tag "${tag}" moves with each patch, so that Git does not tell which build runs`);
}

function movingTag(tag: string, context: TagContext): TagFamily | { reason: string } | undefined {
  if (!/^[A-Za-z][A-Za-z._-]*$/.test(tag)) return undefined;
  return followed(tag, context, `the tag "${tag}" moves, so that Git does not tell which build runs`);
}

/** A moving tag can be followed where Git pins what it points at. */
function followed(tag: string, { hasDigest }: TagContext, why: string): TagFamily | { reason: string } {
  if (!hasDigest) return { reason: `${why}: give each build a tag of its own, or pin the digest behind the tag` };
  return { key: `digest ${tag}`, words: `what ${tag} points at`, ruleOf: () => ({ digest: tag }) };
}

function ofBranch(prefix: string): string {
  return prefix === '' ? '' : ` of ${prefix.slice(0, -1)}`;
}

/** The text as a pattern of RE2 that matches it alone. */
function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
