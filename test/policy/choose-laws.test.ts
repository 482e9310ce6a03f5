import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, type Question, type TagReason } from '../../lib/policy/choose.ts';
import { holdOn, limitOf } from '../../lib/policy/holds.ts';
import { compilePolicy, type PlacedTag, type Policy } from '../../lib/policy/policy.ts';
import type { Hold, PolicySpec } from '../../lib/policy/spec.ts';
import { byTag, type TagFacts } from '../../lib/policy/tag-facts.ts';

const now = new Date('2026-06-01T12:00:00Z');

const text = fc.oneof(
  fc.stringMatching(/^v?[0-2]\.[0-2]\.[0-2](-(rc|alpha)\.[0-9])?$/),
  fc.stringMatching(/^[0-9]{1,3}(\.[0-9]{1,2})?$/),
  fc.stringMatching(/^(main|dev)-[0-9]{1,2}$/),
  fc.stringMatching(/^[a-z0-9._-]{1,6}$/),
);
const pushedAt = fc.integer({ min: 0, max: 8 }).map((hour) => new Date(Date.UTC(2026, 4, 1, hour)).toISOString());
const digest = fc.constantFrom('1', '2', '3').map((digit) => `sha256:${digit.repeat(64)}`);
const facts: fc.Arbitrary<TagFacts> = fc.record({ tag: text, pushedAt, digest }, { requiredKeys: ['tag'] });

const specs: Omit<PolicySpec, 'image'>[] = [
  { semver: '*' },
  { semver: '>=0.0.0-0' },
  { semver: '>=1.0.0 <2.0.0', filter: { exclude: '^v' } },
  { numerical: 'asc' },
  { numerical: 'desc' },
  { numerical: 'asc', filter: { include: '([0-9])', extract: '$1' } },
  { alphabetical: 'asc' },
  { alphabetical: 'desc', filter: '^[a-m]' },
  { newest: true },
  { newest: true, filter: { include: '^main-', exclude: '5' } },
  { digest: 'main-1' },
];
const policy = fc
  .tuple(fc.constantFrom(...specs), fc.boolean())
  .map(([spec, allowDowngrade]) => compilePolicy({ image: 'acme/web', ...spec, allowDowngrade }));
const hold: fc.Arbitrary<Hold> = fc.record(
  { id: fc.constant('h'), image: fc.constant('web'), tag: text, past: text, at: pushedAt },
  { requiredKeys: ['id', 'image', 'tag', 'past'] },
);
const barred = fc
  .array(text, { maxLength: 4 })
  .map((tags) => new Map(tags.map((tag) => [tag, 'is too young'] as const)));

const question: fc.Arbitrary<Question> = fc.record({
  policy,
  tags: fc.array(facts, { maxLength: 25 }),
  current: fc.array(text, { maxLength: 3 }),
  changedAt: fc.option(
    pushedAt.map((time) => new Date(time)),
    { nil: undefined },
  ),
  holds: fc.array(hold, { maxLength: 2 }),
  barred,
  now: fc.constant(now),
});

/** Questions in which Git has tags of the registry, as it mostly does. */
const usual = fc.tuple(question, fc.array(fc.nat(), { maxLength: 3 })).map(([asked, picks]): Question => {
  const some = picks.flatMap((pick) => (asked.tags.length === 0 ? [] : [asked.tags[pick % asked.tags.length]!]));
  return { ...asked, current: some.map((one) => (typeof one === 'string' ? one : one.tag)) };
});
const any = fc.oneof(question, usual);

const runs = { numRuns: 2000 };

function placed(policy: Policy, tag: string, tags: Question['tags']): PlacedTag | undefined {
  const place = policy.place(byTag(tags).get(tag) ?? tag);
  return 'rank' in place ? place : undefined;
}

describe('whatever the policy, a choice', () => {
  it('does not depend on the order of the list', () => {
    const shuffled = any.chain((asked) =>
      fc.tuple(
        fc.constant(asked),
        fc.shuffledSubarray([...asked.tags], { minLength: asked.tags.length }),
        fc.shuffledSubarray([asked.current ?? []].flat(), { minLength: [asked.current ?? []].flat().length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([asked, tags, current]) => {
        const [one, other] = [choose(asked), choose({ ...asked, tags, current })];
        expect([other.chosen, other.kept, other.waiting]).toEqual([one.chosen, one.kept, one.waiting]);
        expect(other.releasedHolds).toEqual(one.releasedHolds);
        expect(other.adopted).toEqual(one.adopted);
        const reasons = (tags: TagReason[]) => new Map(tags.map(({ tag, reason }) => [tag, reason]));
        expect(reasons(other.tags)).toEqual(reasons(one.tags));
      }),
      runs,
    );
  });

  it('is not changed by a tag that has no place', () => {
    fc.assert(
      fc.property(any, facts, (asked, odd) => {
        fc.pre('misfit' in asked.policy.place(odd) && !byTag(asked.tags).has(odd.tag));
        const [one, other] = [choose(asked), choose({ ...asked, tags: [...asked.tags, odd] })];
        expect({ ...other, tags: [], reason: '' }).toEqual({ ...one, tags: [], reason: '' });
      }),
      runs,
    );
  });

  it('is kept when it is asked for again', () => {
    let taken = 0;
    fc.assert(
      fc.property(any, (asked) => {
        const { chosen } = choose(asked);
        fc.pre(chosen !== undefined);
        taken++;
        const again = choose({ ...asked, current: chosen, holds: asked.holds!.filter((one) => one.past !== chosen) });
        expect(again).toMatchObject({ chosen, adopted: [] });
      }),
      runs,
    );
    expect(taken).toBeGreaterThan(500);
  });

  it('is a tag of the list, wanted, not barred, and never empty', () => {
    fc.assert(
      fc.property(any, (asked) => {
        const { chosen } = choose(asked);
        if (chosen === undefined) return;
        expect(chosen).not.toBe('');
        expect(byTag(asked.tags).has(chosen)).toBe(true);
        expect(placed(asked.policy, chosen, asked.tags)!.unwanted).toBeUndefined();
        expect(asked.barred!.has(chosen)).toBe(false);
      }),
      runs,
    );
  });

  it('is never a downgrade that the policy does not allow', () => {
    fc.assert(
      fc.property(any, (asked) => {
        const { chosen } = choose(asked);
        if (chosen === undefined || asked.policy.allowDowngrade) return;
        const best = placed(asked.policy, chosen, asked.tags)!;
        for (const text of [asked.current ?? []].flat()) {
          const current = placed(asked.policy, text, asked.tags);
          if (current !== undefined) expect(asked.policy.compare(best, current)).toBeGreaterThanOrEqual(0);
        }
      }),
      runs,
    );
  });

  it('is never a tag that a hold keeps back, and releases exactly the holds that it passes', () => {
    fc.assert(
      fc.property(any, (asked) => {
        const { chosen, releasedHolds } = choose(asked);
        if (chosen === undefined) {
          expect(releasedHolds).toEqual([]);
          return;
        }
        const best = placed(asked.policy, chosen, asked.tags)!;
        const limits = asked.holds!.map((one) => limitOf(asked.policy, one, byTag(asked.tags)));
        expect(holdOn(asked.policy, best, limits)).toBeUndefined();
        expect(releasedHolds).toEqual(asked.holds);
        for (const { tag, past } of asked.holds!) expect([tag, past]).not.toContain(chosen);
      }),
      runs,
    );
  });

  it('waits first when it is barred, and is taken once it is not any more', () => {
    let waited = 0;
    fc.assert(
      fc.property(any, (asked) => {
        const { chosen } = choose({ ...asked, barred: new Map() });
        const isThere = [asked.current ?? []].flat().every((text) => text === chosen) && asked.current!.length > 0;
        if (chosen === undefined || isThere) return;
        waited++;
        const without = choose({ ...asked, barred: new Map([[chosen, 'is too young']]) });
        expect(without.waiting).toEqual([{ tag: chosen, reason: 'is too young' }]);
        expect(without.chosen).not.toBe(chosen);
      }),
      runs,
    );
    expect(waited).toBeGreaterThan(300);
  });

  it('comes to an end when every tag that is chosen is barred', () => {
    fc.assert(
      fc.property(any, (asked) => {
        const bars = new Map<string, string>();
        for (let turn = 0; turn <= asked.tags.length; turn++) {
          const { chosen } = choose({ ...asked, barred: bars });
          if (chosen === undefined) return;
          expect(bars.has(chosen)).toBe(false);
          bars.set(chosen, 'is too young');
        }
        expect.unreachable('it never ends');
      }),
      runs,
    );
  });
});
