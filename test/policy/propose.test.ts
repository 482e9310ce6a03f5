import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../lib/policy/policy.ts';
import { familyOfTag } from '../../lib/policy/propose.ts';

const elsewhere = { knowsPushTimes: false };
const ecr = { knowsPushTimes: true };

/** The policy that tags of one family ask for. */
function ruleOf(tags: string[], context = elsewhere) {
  const families = tags.map((tag) => familyOfTag(tag, context));
  const [first] = families;
  if (first === undefined || 'reason' in first) return first;
  expect(new Set(families.map((family) => ('key' in family ? family.key : '')))).toEqual(new Set([first.key]));
  return first.ruleOf(tags);
}

describe('the policy that a tag asks for', () => {
  it.each([
    [['1.4.2'], { semver: '>=1.4.2 <2.0.0' }],
    [['1.10.0', '1.9.3'], { semver: '>=1.9.3 <2.0.0' }],
    [['v0.3.1'], { semver: '>=0.3.1 <1.0.0' }],
    [['1.5.0-rc.1'], { semver: '>=1.5.0-0 <2.0.0-0' }],
    [['2026.11.3'], { semver: '>=2026.11.3' }],
    [
      ['1.27.1-alpine3.19'],
      {
        filter: { include: '^v?(?P<version>[0-9]+\\.[0-9]+\\.[0-9]+)-alpine3\\.19$', extract: '$version' },
        semver: '>=1.27.1 <2.0.0',
      },
    ],
    [
      ['main-9b81e07-1793523000'],
      { filter: { include: '^main-[a-f0-9]{7,40}-(?P<ts>[0-9]+)$', extract: '$ts' }, numerical: 'asc' },
    ],
    [
      ['main-4f2a9c1-999', 'main-0123456-1812'],
      { filter: { include: '^main-[a-f0-9]{7,40}-(?P<ts>[0-9]+)$', extract: '$ts' }, numerical: 'asc' },
    ],
    [
      ['1793523000-9b81e07'],
      { filter: { include: '^(?P<ts>[0-9]+)-[a-f0-9]{7,40}$', extract: '$ts' }, numerical: 'asc' },
    ],
    [['2026-11-03'], { filter: { include: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' }, alphabetical: 'asc' }],
    [['main-20261103T101500Z'], { filter: { include: '^main-[0-9]{8}T[0-9]{6}Z$' }, alphabetical: 'asc' }],
    [['build-417'], { filter: { include: '^build-(?P<number>[0-9]+)$', extract: '$number' }, numerical: 'asc' }],
    [['417'], { filter: { include: '^(?P<number>[0-9]+)$', extract: '$number' }, numerical: 'asc' }],
  ])('of %j is %j', (tags, rule) => {
    expect(ruleOf(tags)).toEqual(rule);
  });

  it('goes by the time of the push for a commit id, where the registry tells it', () => {
    expect(ruleOf(['sha-9b81e07'], ecr)).toEqual({ filter: { include: '^sha-[a-f0-9]{7,40}$' }, newest: true });
    expect(ruleOf(['sha-9b81e07'])).toEqual({ reason: expect.stringContaining('is a commit id, which has no order') });
  });

  it.each(['latest', 'main', 'stable', '1.4', 'v2.1'])('is none for %s, which moves', (tag) => {
    expect(ruleOf([tag])).toEqual({ reason: expect.stringContaining('so that Git does not tell which build runs') });
  });

  it('follows what a moving tag points at, where Git has its digest', () => {
    expect(ruleOf(['stable'], { ...elsewhere, hasDigest: true } as typeof elsewhere)).toEqual({ digest: 'stable' });
  });

  it('is none for a tag that tells nothing', () => {
    expect(ruleOf(['20261103-417'])).toEqual({ reason: 'the tag "20261103-417" does not tell an order' });
    expect(ruleOf(['release_final2'])).toEqual({ reason: 'the tag "release_final2" does not tell an order' });
  });

  it('does not hold versions of two majors, or releases and prereleases, for one family', () => {
    const key = (tag: string) => {
      const family = familyOfTag(tag, elsewhere);
      return 'key' in family ? family.key : family.reason;
    };
    expect(key('1.4.2')).not.toBe(key('2.0.0'));
    expect(key('1.4.2')).not.toBe(key('1.4.2-rc.1'));
    expect(key('1.4.2')).toBe(key('v1.9.0'));
  });

  it('is one that compiles and in which the tag has a place, whatever the tag', () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const number = fc.nat().map(String);
    const sha = fc.stringMatching(/^[a-f0-9]{7,12}$/);
    const time = fc.stringMatching(/^[1-9][0-9]{9,13}$/);
    const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join('-'));
    const semver = fc.tuple(number, number, number).map((texts) => texts.join('.'));
    const tags = fc.oneof(
      ...[semver, semver.map((text) => `v${text}`), joined(semver, word), joined(semver, fc.constant('rc.1'))],
      ...[joined(word, sha, time), joined(word, time, sha), joined(word, number), number, sha, joined(word, sha)],
      fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}$/),
    );
    fc.assert(
      fc.property(tags, fc.boolean(), (tag, knowsPushTimes) => {
        const family = familyOfTag(tag, { knowsPushTimes });
        if ('reason' in family) return;
        const policy = compilePolicy({ image: 'acme/web', ...family.ruleOf([tag]) });
        const pushedAt = new Date('2026-11-03T10:00:00Z').toISOString();
        const placed = policy.place(policy.kind === 'newest' ? { tag, pushedAt } : tag);
        expect(placed).toHaveProperty('rank');
        expect(placed).not.toHaveProperty('unwanted');
      }),
      // Of this no version is left before the dash.
      { numRuns: 2000, examples: [['0.0-a.0', false]] },
    );
  });
});
