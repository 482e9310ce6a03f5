import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../lib/model/errors.ts';
import { parseRange } from '../../lib/policy/semver-range.ts';
import { compareVersions, parseTagVersion } from '../../lib/policy/semver-version.ts';

/** Made by a program in Go around the library itself; `fits` are indexes of `tags`. */
interface Table {
  tags: string[];
  parsed: boolean[];
  /** For each tag how it compares with each other: `<`, `=`, `>`, or `.` where one does not parse. */
  compare: string[];
  ranges: { range: string; valid: boolean; fits: number[]; best: string }[];
}

const url = new URL('../fixtures/policy/masterminds-semver.json', import.meta.url);
const table = JSON.parse(readFileSync(url, 'utf8')) as Table;
const versions = table.tags.map(parseTagVersion);

describe('a version by the rules of Masterminds', () => {
  it.each(table.tags.map((tag, index) => ({ tag, index })))('$tag parses, or not', ({ index }) => {
    expect(versions[index] !== undefined).toBe(table.parsed[index]);
  });

  it.each(table.tags.map((tag, index) => ({ tag, index })))('$tag compares with all others', ({ index }) => {
    const a = versions[index];
    const row = versions.map((b) =>
      a === undefined || b === undefined ? '.' : '<=>'[Math.sign(compareVersions(a, b)) + 1],
    );
    expect(row.join('')).toBe(table.compare[index]);
  });
});

describe('a range by the rules of Masterminds', () => {
  it.each(table.ranges.filter(({ valid }) => valid))('$range takes exactly the tags it should', ({ range, fits }) => {
    const parsed = parseRange(range);
    const taken = versions.flatMap((version, index) => (version && parsed.has(version) ? [table.tags[index]] : []));
    expect(taken).toEqual(fits.map((index) => table.tags[index]));
  });

  it.each(table.ranges.filter(({ valid }) => !valid))('$range is refused', ({ range }) => {
    expect(() => parseRange(range)).toThrow(UserError);
  });

  it('answers at once for blanks that a back-tracking engine would try in 10^50 ways', () => {
    expect(() => parseRange(`${'1    '.repeat(100)}!`)).toThrow('is no version range');
  });
});
