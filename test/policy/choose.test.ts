import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Choice, choose, type Question } from '../../lib/policy/choose.ts';
import { compilePolicy } from '../../lib/policy/policy.ts';
import type { Hold, PolicySpec } from '../../lib/policy/spec.ts';

const now = new Date('2026-06-01T12:00:00Z');

function ask(spec: Omit<PolicySpec, 'image'>, tags: string[], more: Partial<Question> = {}): Choice {
  return choose({ policy: compilePolicy({ image: 'acme/web', ...spec }), tags, now, ...more });
}

function reasonFor(choice: Choice, tag: string): string | undefined {
  return choice.tags.find((entry) => entry.tag === tag)?.reason;
}

function hold(fields: Partial<Hold> = {}): Hold {
  return { id: 'h1', image: 'web', tag: '1.4.0', past: '1.5.0', ...fields };
}

describe('a text that no registry can have as a tag', () => {
  const long = '9'.repeat(129);
  const odd = ['9.9.9+b', '9.9.9; rm', 'zz\nWindlass-To: evil', '-9', '', long];
  it.each<[Omit<PolicySpec, 'image'>, string]>([
    [{ semver: '*' }, '1.0.0'],
    [{ numerical: 'asc' }, '1'],
    [{ alphabetical: 'asc' }, 'a'],
    [{ newest: true }, 'a'],
    [{ semver: '*', filter: { include: '^([0-9.]+)', extract: '$1' } }, '1.0.0'],
  ])('is passed over with a reason by %j', (spec, tag) => {
    const tags = [tag, ...odd].map((text, minute) => ({
      tag: text,
      pushedAt: new Date(now.getTime() + minute * 60_000).toISOString(),
    }));
    const choice = choose({ policy: compilePolicy({ image: 'acme/web', ...spec }), tags, now });
    expect(choice.chosen).toBe(tag);
    for (const text of odd) expect(reasonFor(choice, text)).toMatch(/^is no tag/);
  });
});

describe('which tag', () => {
  it.each<[string, Omit<PolicySpec, 'image'>, string[], string | undefined]>([
    ['the highest version of the range', { semver: '>=1.0.0 <2.0.0' }, ['1.2.0', '1.10.0', '2.0.0', '1.9.0'], '1.10.0'],
    ['the original text, not the version', { semver: '*' }, ['v2025.07.03', 'v2025.06.30'], 'v2025.07.03'],
    ['no tag with fewer than two dots', { semver: '*' }, ['1', '2.0', 'v3'], undefined],
    ['no prerelease that was not asked for', { semver: '>=1.0.0' }, ['1.0.0', '2.0.0-rc.1'], '1.0.0'],
    [
      'a prerelease of any later version, once one is named',
      { semver: '>=1.0.0-0' },
      ['1.0.0', '2.0.0-rc.1'],
      '2.0.0-rc.1',
    ],
    ['the greatest number', { numerical: 'asc' }, ['9', '10', '2.5'], '10'],
    ['the smallest number', { numerical: 'desc' }, ['9', '10', '2.5'], '2.5'],
    ['numbers beside tags that are none', { numerical: 'asc' }, ['latest', '7', 'main-3', ''], '7'],
    ['numbers of any length', { numerical: 'asc' }, ['9007199254740993', '9007199254740992'], '9007199254740993'],
    ['the last text', { alphabetical: 'asc' }, ['a', 'c', 'b'], 'c'],
    ['the first text', { alphabetical: 'desc' }, ['b', 'a', 'c'], 'a'],
    ['capitals before small letters, as bytes go', { alphabetical: 'asc' }, ['Z', 'a'], 'a'],
    [
      'the tag whose extract is the greatest number',
      { numerical: 'asc', filter: { include: '^main-[a-f0-9]+-(?P<ts>[0-9]+)$', extract: '$ts' } },
      ['main-ff-9', 'main-aa-10', 'dev-aa-11', 'main-zz-12'],
      'main-aa-10',
    ],
    [
      'the version within a tag',
      { semver: '>=1.0.0', filter: { include: '^rel-(.+)$', extract: '$1' } },
      ['rel-1.2.0', 'rel-1.10.0', '9.9.9'],
      'rel-1.10.0',
    ],
    ['a pattern alone as the filter', { alphabetical: 'asc', filter: '^v1' }, ['v10', 'v2'], 'v10'],
    [
      'nothing that is excluded',
      { semver: '*', filter: { exclude: ['^1\\.5\\.'] } },
      ['1.4.0', '1.5.0', '1.5.1'],
      '1.4.0',
    ],
    ['nothing of nothing', { semver: '*' }, [], undefined],
  ])('%s', (_name, spec, tags, expected) => {
    const choice = ask(spec, tags);
    expect(choice.chosen).toBe(expected);
    expect(choice.kept).toBe(expected === undefined ? 'no-fit' : undefined);
  });

  it('breaks ties by the greater text', () => {
    expect(ask({ semver: '*' }, ['1.2.0', 'v1.2.0', '1.2.0+b', '1.2.0+a']).chosen).toBe('v1.2.0');
    expect(ask({ numerical: 'desc' }, ['1.0', '1', '1.00']).chosen).toBe('1.00');
  });

  it('gives each tag of the list one reason, in the order of the list', () => {
    const choice = ask({ semver: '>=1.0.0 <2', filter: { exclude: '^1\\.3\\.' } }, [
      '1.2.0',
      'latest',
      '1.4.0',
      '2.0.0',
      '1.3.0',
      '1.5.0-rc.1',
      '1.2.0',
    ]);
    expect(choice.tags).toEqual([
      { tag: '1.2.0', reason: 'is older than 1.4.0' },
      { tag: 'latest', reason: 'is no version (three numbers are needed, as in 1.4.0)' },
      { tag: '1.4.0', reason: 'chosen: the newest tag that fits the policy semver >=1.0.0 <2' },
      { tag: '2.0.0', reason: 'is not in >=1.0.0 <2' },
      { tag: '1.3.0', reason: 'is excluded by ^1\\.3\\.' },
      { tag: '1.5.0-rc.1', reason: 'is a prerelease, and >=1.0.0 <2 names none' },
    ]);
  });

  it('does not depend on the order of the list', () => {
    const tag = fc.oneof(
      fc.stringMatching(/^v?[0-2]\.[0-2]\.[0-2](-(rc|alpha)\.[0-9])?$/),
      fc.stringMatching(/^[0-9]{1,3}(\.[0-9]{1,2})?$/),
      fc.stringMatching(/^[a-z0-9._-]{1,8}$/),
    );
    const spec = fc.constantFrom<Omit<PolicySpec, 'image'>>(
      { semver: '*' },
      { semver: '>=0.0.0-0' },
      { numerical: 'asc' },
      { numerical: 'desc' },
      { alphabetical: 'asc' },
      { alphabetical: 'desc' },
      { numerical: 'asc', filter: { include: '([0-9])', extract: '$1' } },
    );
    const lists = fc
      .array(tag, { maxLength: 30 })
      .chain((tags) => fc.tuple(fc.constant(tags), fc.shuffledSubarray(tags, { minLength: tags.length })));
    fc.assert(
      fc.property(spec, lists, fc.option(tag, { nil: undefined }), (policy, [tags, shuffled], current) => {
        const [one, other] = [ask(policy, tags, { current }), ask(policy, shuffled, { current })];
        expect(other.chosen).toBe(one.chosen);
        expect(other.kept).toBe(one.kept);
        for (const { tag: name, reason } of one.tags) expect(reasonFor(other, name)).toBe(reason);
      }),
    );
  });
});

describe('what Git has now', () => {
  it('is never replaced by an older tag, also when the registry has lost it', () => {
    const choice = ask({ semver: '*' }, ['1.4.0', '1.3.0'], { current: '1.5.0' });
    expect(choice).toMatchObject({ kept: 'downgrade' });
    expect(choice.chosen).toBeUndefined();
    expect(choice.reason).toContain('1.5.0');
    expect(reasonFor(choice, '1.4.0')).toContain('not taken');
  });

  it('is judged by the order of the policy, also outside of its range or filter of exclusion', () => {
    expect(ask({ semver: '<2.0.0' }, ['1.9.0'], { current: '2.0.0' }).kept).toBe('downgrade');
    expect(ask({ semver: '*', filter: { exclude: '^2' } }, ['1.9.0'], { current: '2.0.0' }).kept).toBe('downgrade');
    expect(ask({ numerical: 'desc' }, ['7'], { current: '5' }).kept).toBe('downgrade');
    expect(ask({ numerical: 'desc' }, ['7'], { current: '9' }).chosen).toBe('7');
  });

  it('may be replaced by an older one where the policy says so', () => {
    const choice = ask({ semver: '*', allowDowngrade: true }, ['1.4.0'], { current: '1.5.0' });
    expect(choice.chosen).toBe('1.4.0');
    expect(choice.reason).toContain('allowDowngrade');
  });

  it('is adopted and named when it has no place in the order', () => {
    const choice = ask({ semver: '*' }, ['1.4.0'], { current: 'latest' });
    expect(choice).toMatchObject({ chosen: '1.4.0', adopted: ['latest'] });
  });

  it('is adopted when it has no tag at all, also by a policy that ranks every text', () => {
    const choice = ask({ alphabetical: 'asc' }, ['main-1'], { untagged: ['placeholder', ''] });
    expect(choice).toMatchObject({ chosen: 'main-1', adopted: ['placeholder', ''] });
  });

  it('is chosen again when it is the newest', () => {
    expect(ask({ semver: '*' }, ['1.4.0', '1.5.0'], { current: '1.5.0' }).chosen).toBe('1.5.0');
  });

  it('stays when the newest tag is of equal rank, so that nothing goes back and forth', () => {
    expect(ask({ semver: '*' }, ['v1.5.0', '1.5.0'], { current: '1.5.0' })).toMatchObject({ kept: 'no-newer' });
  });

  it('is the newest of several markers', () => {
    expect(ask({ semver: '*' }, ['1.5.0'], { current: ['1.4.0', '1.6.0'] }).kept).toBe('downgrade');
    expect(ask({ semver: '*' }, ['1.5.0'], { current: ['1.4.0', '1.5.0', 'latest'] })).toMatchObject({
      chosen: '1.5.0',
      adopted: ['latest'],
    });
  });
});

describe('a hold', () => {
  const policy = { semver: '*' };

  it('lets only tags after `past` through', () => {
    const held = ask(policy, ['1.4.0', '1.4.9', '1.5.0'], { current: '1.4.0', holds: [hold()] });
    expect(held).toMatchObject({ kept: 'hold', releasedHolds: [] });
    expect(held.chosen).toBeUndefined();
    expect(reasonFor(held, '1.5.0')).toContain('a hold keeps 1.4.0 and takes only tags after 1.5.0');

    const free = ask(policy, ['1.4.0', '1.5.0', '1.5.1'], { current: '1.4.0', holds: [hold()] });
    expect(free.chosen).toBe('1.5.1');
    expect(free.releasedHolds).toEqual([hold()]);
  });

  it('is not released by the held tag pushed again, or by another text of equal rank', () => {
    expect(ask(policy, ['v1.5.0', '1.5.0', '1.5.0+again'], { current: '1.4.0', holds: [hold()] }).kept).toBe('hold');
  });

  it('counts in the direction of the policy', () => {
    const holds = [hold({ tag: '7', past: '5' })];
    expect(ask({ numerical: 'desc' }, ['7', '6', '5'], { current: '7', holds }).kept).toBe('hold');
    expect(ask({ numerical: 'desc' }, ['7', '5', '4'], { current: '7', holds }).chosen).toBe('4');
  });

  it('compares what the filter extracts', () => {
    const spec = { numerical: 'asc', filter: { include: '^main-\\w+-(\\d+)$', extract: '$1' } } as const;
    const holds = [hold({ tag: 'main-a-1', past: 'main-b-20' })];
    expect(ask(spec, ['main-z-9', 'main-b-20'], { holds }).kept).toBe('hold');
    expect(ask(spec, ['main-a-100'], { holds }).chosen).toBe('main-a-100');
  });

  it('is void after `until`, and reported; a date lasts to its end', () => {
    const over = hold({ until: '2026-05-31' });
    expect(ask(policy, ['1.5.0'], { current: '1.4.0', holds: [over] })).toMatchObject({
      chosen: '1.5.0',
      expiredHolds: [over],
      releasedHolds: [],
    });
    for (const until of ['2026-06-01', '2026-06-01T12:00:01Z', '2026-06-01T14:00:01+02:00']) {
      const lasting = hold({ until });
      expect(ask(policy, ['1.5.0'], { current: '1.4.0', holds: [lasting] })).toMatchObject({
        kept: 'hold',
        expiredHolds: [],
      });
    }
  });

  it('with an unreadable `until` is an error, never a void hold', () => {
    for (const until of ['soon', '2026-13-45', '2026-06-01 12:00', '1', '']) {
      expect(() => ask(policy, ['1.5.0'], { holds: [hold({ until })] })).toThrow('is no date');
    }
  });

  it('holds everything when its `past` has no place in the order', () => {
    expect(ask(policy, ['9.0.0'], { current: '1.4.0', holds: [hold({ past: 'latest' })] }).kept).toBe('hold');
  });

  it('beside another: the one that reaches further counts', () => {
    const holds = [hold(), hold({ id: 'h2', past: '1.7.0' })];
    expect(ask(policy, ['1.6.0'], { holds }).kept).toBe('hold');
    expect(ask(policy, ['1.8.0'], { holds }).releasedHolds).toEqual(holds);
  });

  it('never lets a tag through that is not after `past`, whatever the registry has', () => {
    const version = fc.stringMatching(/^[0-3]\.[0-3]\.[0-3]$/);
    fc.assert(
      fc.property(fc.array(version), version, version, (tags, tag, past) => {
        const choice = ask(policy, tags, { current: tag, holds: [hold({ tag, past })] });
        if (choice.chosen === undefined) return;
        const { place, compare } = compilePolicy({ image: '', ...policy });
        const [chosen, limit] = [place(choice.chosen), place(past)];
        expect('rank' in chosen && 'rank' in limit && compare(chosen, limit) > 0).toBe(true);
      }),
    );
  });
});
