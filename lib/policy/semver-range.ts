import { RE2JS } from 're2js';
import { UserError } from '../model/errors.ts';
import { compareDigits } from './decimal.ts';
import { comparePrereleases, compareVersions, parseVersion, type Version } from './semver-version.ts';

/** A range by the rules of Masterminds/semver v3.5.0 (`constraints.go`); they differ from node-semver's. */
export interface VersionRange {
  /** True when one of the groups between `||` takes the version. */
  has(version: Version): boolean;
  /** False when no group names a prerelease, so that none can be taken. */
  admitsPrereleases: boolean;
}

/** One comparison, such as `>=1.2`. */
interface Comparison {
  operator: string;
  version: Version;
  /** The minor part (then also the patch) was left out or an `x`: `1`, `1.x`. */
  anyMinor: boolean;
  /** Only the patch was left out or an `x`. */
  anyPatch: boolean;
  /** Any part was left out or an `x`. For `*` this alone is set. */
  partial: boolean;
}

const longest = 512;
const mostGroups = 32;
const operators = '=||!=|>|<|>=|=>|<=|=<|~|~>|\\^';
const operand =
  'v?([0-9|x|X|\\*]+)(\\.[0-9|x|X|\\*]+)?(\\.[0-9|x|X|\\*]+)?' +
  '(-([0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*))?(\\+([0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*))?';

// RE2 rather than RegExp: blanks between comparisons can be matched in many ways, which takes a back-tracking engine forever.
const hyphenRange = RE2JS.compile(`\\s*(${operand})\\s+-\\s+(${operand})\\s*`);
const oneComparison = RE2JS.compile(`^\\s*(${operators})\\s*(${operand})\\s*$`);
const findComparison = RE2JS.compile(`(${operators})\\s*(${operand})`);
const wholeGroup = RE2JS.compile(
  `^(\\s*(${operators})\\s*(${operand})\\s*)((?:\\s+|,\\s*)(${operators})\\s*(${operand})\\s*)*$`,
);

/** The ranges read last: hundreds of policies share a few, and each is read when windlass.yaml is checked and when its policy chooses. */
const read = new Map<string, VersionRange>();
const mostRead = 1000;

/** Reads a range: blanks and commas mean AND, `||` means OR. Throws `UserError` when it is none. */
export function parseRange(text: string): VersionRange {
  const known = read.get(text);
  if (known !== undefined) return known;
  const range = readRange(text);
  if (read.size >= mostRead) read.clear();
  read.set(text, range);
  return range;
}

function readRange(text: string): VersionRange {
  if (text.length > longest) throw refusal(text, `it is longer than ${longest} characters`);
  const groups = withoutHyphens(text).split('||');
  if (groups.length > mostGroups) throw refusal(text, `it has more than ${mostGroups} groups between "||"`);
  const parsed = groups.map((group) => parseGroup(text, group));
  return {
    has: (version) => parsed.some((group) => takes(group, version)),
    admitsPrereleases: parsed.some(namesPrerelease),
  };
}

/** One prerelease in a group admits the prereleases of the whole group. */
function takes(group: Comparison[], version: Version): boolean {
  if (version.pre !== '' && !namesPrerelease(group)) return false;
  return group.every((comparison) => checks[comparison.operator]!(version, comparison));
}

function namesPrerelease(group: Comparison[]): boolean {
  return group.some(({ version }) => version.pre !== '');
}

/** `1.2 - 2.4` is `>= 1.2, <= 2.4`. */
function withoutHyphens(text: string): string {
  let rewritten = text;
  const matcher = hyphenRange.matcher(text);
  while (matcher.find()) {
    const comparisons = `>= ${matcher.group(1)}, <= ${matcher.group(11)} `;
    rewritten = rewritten.replace(matcher.group(0)!, () => comparisons);
  }
  return rewritten;
}

function parseGroup(range: string, group: string): Comparison[] {
  if (!wholeGroup.matcher(group).find()) throw refusal(range, `"${group.trim()}" is no list of comparisons`);
  const comparisons: Comparison[] = [];
  const matcher = findComparison.matcher(group);
  while (matcher.find()) comparisons.push(parseComparison(range, matcher.group(0)!));
  return comparisons;
}

function parseComparison(range: string, text: string): Comparison {
  const matcher = oneComparison.matcher(text);
  if (!matcher.find()) throw refusal(range, `"${text}" is no comparison`);
  const part = (group: number) => matcher.group(group) ?? '';
  const [major, minor, patch, pre] = [part(3), part(4), part(5), part(6)];
  const any = isAny(major);
  const anyMinor = !any && isAny(minor.slice(1));
  const anyPatch = !any && !anyMinor && isAny(patch.slice(1));
  const written = any
    ? `0.0.0${pre}`
    : anyMinor
      ? `${major}.0.0${pre}`
      : anyPatch
        ? `${major}${minor}.0${pre}`
        : part(2);
  const version = parseVersion(written);
  if (version === undefined) throw refusal(range, `"${text}" is no version`);
  return { operator: part(1), version, anyMinor, anyPatch, partial: any || anyMinor || anyPatch };
}

function isAny(part: string): boolean {
  return part === '' || part === 'x' || part === 'X' || part === '*';
}

type Check = (version: Version, comparison: Comparison) => boolean;

const major = (a: Version, b: Version) => compareDigits(a.major, b.major);
const minor = (a: Version, b: Version) => compareDigits(a.minor, b.minor);
const patch = (a: Version, b: Version) => compareDigits(a.patch, b.patch);

const notEqual: Check = (v, c) => {
  if (!c.partial) return compareVersions(v, c.version) !== 0;
  if (major(v, c.version) !== 0) return true;
  if (c.anyMinor) return false;
  if (minor(v, c.version) !== 0) return true;
  if (c.anyPatch) return comparePrereleases(v.pre, c.version.pre) !== 0;
  return patch(v, c.version) !== 0 || compareVersions(v, c.version) !== 0;
};

/** `>11` begins at 12.0.0 and `>11.1` at 11.2.0. */
const greater: Check = (v, c) => {
  if (!c.partial) return compareVersions(v, c.version) > 0;
  const order = major(v, c.version);
  if (order !== 0) return order > 0;
  if (c.anyMinor) return false;
  if (c.anyPatch) return minor(v, c.version) > 0;
  return compareVersions(v, c.version) > 0;
};

/** `<=11` ends before 12.0.0 and `<=11.1` before 11.2.0. */
const lessOrEqual: Check = (v, c) => {
  if (!c.partial) return compareVersions(v, c.version) <= 0;
  const order = major(v, c.version);
  if (order !== 0) return order < 0;
  return c.anyMinor || minor(v, c.version) <= 0;
};

const less: Check = (v, c) => compareVersions(v, c.version) < 0;
const greaterOrEqual: Check = (v, c) => compareVersions(v, c.version) >= 0;

/** `~1.2.3` ends before 1.3.0, `~1` before 2.0.0; `~0.0.0` and `~*` have no end. */
const tilde: Check = (v, c) => {
  if (compareVersions(v, c.version) < 0) return false;
  const { major: m, minor: n, patch: p } = c.version;
  if (m === '' && n === '' && p === '' && !c.anyMinor && !c.anyPatch) return true;
  return major(v, c.version) === 0 && (c.anyMinor || minor(v, c.version) === 0);
};

const equal: Check = (v, c) => (c.partial ? tilde(v, c) : compareVersions(v, c.version) === 0);

/** `^1.2.3` ends before 2.0.0, `^0.2.3` before 0.3.0, `^0.0.3` before 0.0.4. */
const caret: Check = (v, c) => {
  if (compareVersions(v, c.version) < 0) return false;
  if (c.version.major !== '' || c.anyMinor) return major(v, c.version) === 0;
  if (v.major !== '') return false;
  if (c.version.minor !== '' || c.anyPatch) return minor(v, c.version) === 0;
  if (v.minor !== '') return false;
  return patch(v, c.version) === 0;
};

const checks: Record<string, Check> = {
  '': equal,
  '=': equal,
  '!=': notEqual,
  '>': greater,
  '<': less,
  '>=': greaterOrEqual,
  '=>': greaterOrEqual,
  '<=': lessOrEqual,
  '=<': lessOrEqual,
  '~': tilde,
  '~>': tilde,
  '^': caret,
};

function refusal(range: string, why: string): UserError {
  const shown = range.length > 80 ? `${range.slice(0, 80)}...` : range;
  return new UserError(`"${shown}" is no version range: ${why} (write for example ">=1.4.0 <2.0.0")`, {
    code: 'semver-range',
  });
}
