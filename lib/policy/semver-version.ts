import { compareDigits, withoutLeadingZeros } from './decimal.ts';

/** A version by the rules of Masterminds/semver v3.5.0 (`version.go`). Numbers are digits without leading zeros; empty is zero. */
export interface Version {
  major: string;
  minor: string;
  patch: string;
  /** Empty for a release. Build metadata is dropped: it has no part in the order. */
  pre: string;
}

const versionPattern =
  /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const longest = 256;
const greatest = '18446744073709551615';

/** Reads a version, partial ones (`1`, `v1.2`) too. Undefined when the text is none, or one of its numbers is above 2^64-1. */
export function parseVersion(text: string): Version | undefined {
  const match = text.length > longest ? null : versionPattern.exec(text);
  if (match === null) return undefined;
  const [major, minor, patch] = [match[1], match[2], match[3]].map((part) => withoutLeadingZeros(part ?? ''));
  const pre = match[4] ?? '';
  if ([major, minor, patch].some((part) => compareDigits(part!, greatest) > 0)) return undefined;
  if (pre !== '' && pre.split('.').some((part) => /^0[0-9]+$/.test(part))) return undefined;
  return { major: major!, minor: minor!, patch: patch!, pre };
}

/** Reads a tag's version: as Flux does, it needs two dots, so that `1` or `1.2` (moving tags as a rule) is none. */
export function parseTagVersion(tag: string): Version | undefined {
  return tag.split('.', 3).length < 3 ? undefined : parseVersion(tag);
}

/** Precedence of versions; a prerelease stands before its release. */
export function compareVersions(a: Version, b: Version): number {
  return (
    compareDigits(a.major, b.major) ||
    compareDigits(a.minor, b.minor) ||
    compareDigits(a.patch, b.patch) ||
    comparePrereleases(a.pre, b.pre)
  );
}

/** Precedence of what stands after the dash: empty (a release) is the highest, then part by part. */
export function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '') return 1;
  if (b === '') return -1;
  const left = a.split('.');
  const right = b.split('.');
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = compareParts(left[i], right[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Fewer parts are lower, numbers are lower than words; a number above 2^64-1 counts as a word. */
function compareParts(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const numbers = [isNumber(a), isNumber(b)];
  if (numbers[0] && numbers[1]) return compareDigits(withoutLeadingZeros(a), withoutLeadingZeros(b));
  if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
  return a < b ? -1 : 1;
}

function isNumber(part: string): boolean {
  return /^[0-9]+$/.test(part) && compareDigits(withoutLeadingZeros(part), greatest) <= 0;
}
