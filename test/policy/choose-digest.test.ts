import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseDigest, type DigestQuestion } from '../../lib/policy/choose-digest.ts';
import { compilePolicy } from '../../lib/policy/policy.ts';
import type { Hold } from '../../lib/policy/spec.ts';

const now = new Date('2026-06-01T12:00:00Z');
const policy = compilePolicy({ image: 'acme/web', digest: 'latest' });
const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
const [a, b, c] = ['a', 'b', 'c'].map(digestOf) as [string, string, string];
const hold = (fields: Partial<Hold> = {}): Hold => ({ id: 'h', image: 'web', tag: a, past: b, ...fields });

function ask(digest: string | undefined, more: Partial<DigestQuestion> = {}) {
  return chooseDigest({ policy, digest, now, ...more });
}

describe('a tag that moves', () => {
  it('is followed to where it points', () => {
    expect(ask(b, { current: [{ tag: 'latest', digest: a }] })).toMatchObject({
      chosen: { tag: 'latest', digest: b },
      adopted: [],
      tags: [{ tag: 'latest', reason: 'chosen: what latest points at' }],
    });
    expect(ask(a, { current: [{ tag: 'latest', digest: b }] }).chosen).toEqual({ tag: 'latest', digest: a });
  });

  it('is chosen again when Git has it, so that there is nothing to commit', () => {
    expect(ask(a, { current: [{ tag: 'latest', digest: a }, { digest: a }] })).toMatchObject({
      chosen: { tag: 'latest', digest: a },
      adopted: [],
    });
  });

  it('adopts what Git has without a digest or by another tag, and says so', () => {
    const current = [{ tag: 'latest' }, { tag: '1.4.0', digest: a }, { digest: b }, {}, { tag: 'latest' }];
    expect(ask(a, { current, untagged: ['PLACEHOLDER'] }).adopted).toEqual(['latest', `1.4.0@${a}`, '', 'PLACEHOLDER']);
  });

  it('that the registry does not have, or has without a digest, changes nothing', () => {
    expect(ask(undefined, { current: [{ tag: 'latest' }] })).toMatchObject({ kept: 'no-fit', adopted: [], tags: [] });
    expect(ask('', { current: [{ tag: 'latest' }] })).toMatchObject({ kept: 'no-fit', adopted: [] });
    expect(ask('latest').reason).toBe('the registry says that latest is at "latest", which is no digest');
  });
});

describe('a hold of a digest', () => {
  const current = [{ tag: 'latest', digest: a }];

  it.each([
    ['its past', b],
    ['its own tag', a],
  ])('is not released by %s, however often it is pushed', (_name, digest) => {
    expect(ask(digest, { current, holds: [hold()] })).toMatchObject({ kept: 'hold', releasedHolds: [] });
    expect(ask(digest, { current, holds: [hold({ tag: `latest@${a}`, past: `latest@${b}` })] }).kept).toBe('hold');
    expect(
      ask(digest, { current, holds: [hold({ tag: a.toUpperCase().replace('SHA', 'sha'), past: b.replace('b', 'B') })] })
        .kept,
    ).toBe('hold');
  });

  it('is released by any other digest', () => {
    expect(ask(c, { current, holds: [hold()] })).toMatchObject({ chosen: { digest: c }, releasedHolds: [hold()] });
    expect(ask(c, { current, holds: [hold({ tag: 'latest' })] }).chosen).toBeDefined();
  });

  it('is one of several that each must be passed', () => {
    const holds = [hold(), hold({ id: 'h2', past: c })];
    expect(ask(b, { current, holds }).kept).toBe('hold');
    expect(ask(c, { current, holds }).kept).toBe('hold');
    expect(ask(digestOf('d'), { current, holds }).releasedHolds).toEqual(holds);
  });

  it('holds everything when its past is no digest', () => {
    for (const past of ['1.5.0', 'latest', 'latest@', 'sha256:', '']) {
      expect(ask(c, { current, holds: [hold({ past })] }).kept, past).toBe('hold');
    }
  });

  it('is void after `until`, and reported', () => {
    const over = hold({ until: '2026-05-31' });
    expect(ask(b, { current, holds: [over] })).toMatchObject({
      chosen: { digest: b },
      expiredHolds: [over],
      releasedHolds: [],
    });
    expect(() => ask(b, { holds: [hold({ until: 'soon' })] })).toThrow('is no date');
  });

  it('says what it keeps and what it does not take', () => {
    const { reason } = ask(b, { current, holds: [hold({ why: 'it crashed' })] });
    expect(reason).toBe(`a hold keeps ${a} and does not take ${b} (it crashed), and latest is at ${b}`);
  });
});

describe('a digest that is kept back for now', () => {
  const barred = new Map([[b, 'scan: it is not finished']]);

  it('waits in sight', () => {
    expect(ask(b, { current: [{ tag: 'latest', digest: a }], barred })).toMatchObject({
      kept: 'waiting',
      waiting: [{ tag: `latest@${b}`, reason: 'scan: it is not finished' }],
    });
    expect(ask(c, { barred })).toMatchObject({ chosen: { digest: c }, waiting: [] });
  });

  it('is not taken away from Git when it is there already', () => {
    expect(ask(b, { current: [{ tag: 'latest', digest: b }], barred })).toMatchObject({
      kept: 'no-newer',
      waiting: [],
    });
  });
});

describe('whatever Git has, a digest', () => {
  const digest = fc.constantFrom(a, b, c);
  const place = fc.record({ tag: fc.constantFrom('latest', '1.4.0'), digest }, { requiredKeys: [] });
  const holds = fc.array(
    fc.tuple(digest, digest).map(([tag, past]) => hold({ tag, past })),
    { maxLength: 2 },
  );

  it('that is chosen is kept when it is asked for again, and is none that a hold names', () => {
    fc.assert(
      fc.property(fc.option(digest, { nil: undefined }), fc.array(place), holds, (now, current, held) => {
        const { chosen } = ask(now, { current, holds: held });
        if (chosen === undefined) return;
        expect(held.flatMap(({ tag, past }) => [tag, past])).not.toContain(chosen.digest);
        expect(ask(now, { current: [chosen], holds: held })).toMatchObject({ chosen, adopted: [] });
      }),
    );
  });
});
