import { describe, expect, it } from 'vitest';
import type { ImageEntry } from '../../lib/config/config.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import { holdFor } from '../../lib/rollback/held.ts';
import type { RollbackRegistry } from '../../lib/rollback/ports.ts';

const now = new Date('2026-11-22T10:00:00Z');
const [a, b, c] = ['a', 'b', 'c'].map((letter) => `sha256:${letter.repeat(64)}`);

function entry(policy: Partial<ImageEntry>): ImageEntry {
  const rest = { allowDowngrade: false, update: 'commit' as const, platforms: [], gates: {}, targets: [] };
  return { name: 'web', image: 'acme/web', ...rest, ...policy };
}

function registry(answers: Partial<RollbackRegistry>): RollbackRegistry {
  const unexpected = () => Promise.reject(new TypeError('nobody expected this question'));
  return { tags: unexpected, tag: unexpected, details: unexpected, ...answers };
}

const tags = (...listed: string[]) => registry({ tags: async () => listed.map((tag) => ({ tag })) });

async function held(policy: Partial<ImageEntry>, from: string, to: string, asked?: RollbackRegistry, past?: string) {
  const said = (value: string) => [{ policy: 'web', part: 'image' as const, value: `acme/web${value}` }];
  const holds = past === undefined ? [] : [{ id: '1', image: 'web', tag: '1.0.0', past }];
  const facts = { entry: entry(policy), from: said(from), to: said(to), holds };
  const made = await holdFor(facts, { now, head: 'abc', who: 'Ada', why: 'broken' }, asked);
  return 'reason' in made ? made : { ...made.hold, remarks: made.remarks };
}

describe('the hold of an image that goes back', () => {
  it('is past the highest tag that the policy wants, of the registry and of Git', async () => {
    const semver = { semver: '>=1.0.0 <2.0.0' };
    expect(await held(semver, ':1.5.0', ':1.4.0', tags('1.4.0', '1.6.0', '2.0.0', 'latest'))).toMatchObject({
      tag: '1.4.0',
      past: '1.6.0',
      remarks: [],
    });
    expect(await held(semver, ':1.7.0', ':1.4.0', tags('1.4.0', '1.6.0'))).toMatchObject({ past: '1.7.0' });
    // What somebody set by hand and the policy never takes can be passed by nothing.
    expect(await held(semver, ':2.0.0', ':1.4.0', tags('1.4.0', '1.6.0', '2.0.0'))).toMatchObject({ past: '1.6.0' });
    expect(await held(semver, ':1.5.0', ':1.4.0', tags('1.4.0'), '1.9.0')).toMatchObject({ past: '1.9.0' });
  });

  it('goes by Git where the registry cannot be asked, and says so', async () => {
    const down = registry({ tags: () => Promise.reject(new RetryableError('it is down', { code: 'registry' })) });
    expect(await held({ semver: '*' }, ':1.5.0', ':1.4.0', down)).toMatchObject({
      past: '1.5.0',
      remarks: ['the registry of acme/web was not asked (it is down): the hold of web goes by what Git knows'],
    });
    expect(await held({ newest: true }, ':blue', ':green')).toMatchObject({ tag: 'green', past: 'blue' });
  });

  it('says what the image went back from where nobody says why, and not what it is held past', async () => {
    const whyOf = async (from: string, to: string) => {
      const said = (value: string) => [{ policy: 'web', part: 'image' as const, value: `acme/web:${value}` }];
      const facts = { entry: entry({ semver: '*' }), from: said(from), to: said(to), holds: [] };
      const made = await holdFor(facts, { now, head: 'abc', who: 'Ada' }, tags('1.4.0', '1.5.0', '1.6.0'));
      return 'hold' in made ? made.hold.why : made.reason;
    };
    expect(await whyOf('1.5.0', '1.4.0')).toBe('rolled back from 1.5.0');
    expect(await whyOf('1.4.0', '1.5.0')).toBe('rolled back from 1.4.0');
  });

  it('goes by the time of pushes where the policy does', async () => {
    const listed = ['green', 'red', 'blue'].map((tag, day) => ({ tag, pushedAt: `2026-11-0${day + 1}T00:00:00Z` }));
    const asked = registry({ tags: async () => listed });
    expect(await held({ newest: true }, ':red', ':green', asked)).toMatchObject({ tag: 'green', past: 'blue' });
  });

  it('says where the registry has the tag no more', async () => {
    const { remarks } = (await held({ semver: '*' }, ':1.5.0', ':1.4.0', tags('1.5.0'))) as { remarks: string[] };
    expect(remarks).toEqual([
      'acme/web has no tag 1.4.0 any more (deleted or archived): what starts anew cannot pull it',
    ]);
  });

  it('is of digests under a digest policy: what the tag points at now is not taken', async () => {
    const asked = (digest: string) =>
      registry({ tag: async () => ({ tag: 'latest', digest }), details: async () => ({ digest }) });
    const [from, to] = [`:latest@${b}`, `:latest@${a}`];
    expect(await held({ digest: 'latest' }, from, to, asked(b!))).toMatchObject({ tag: a, past: b, remarks: [] });
    expect(await held({ digest: 'latest' }, from, to, asked(c!))).toMatchObject({ tag: a, past: c });
    expect(await held({ digest: 'latest' }, from, to, asked(a!))).toMatchObject({ tag: a, past: b });
    const gone = registry({
      tag: async () => ({ tag: 'latest', digest: b! }),
      details: () => Promise.reject(new UserError('it was archived', { code: 'image-missing' })),
    });
    expect(await held({ digest: 'latest' }, from, to, gone)).toMatchObject({
      remarks: [`acme/web may not have ${a} any more: it was archived`],
    });
  });

  it('cannot be of a placeholder, nor of a place without a digest', async () => {
    expect(await held({ semver: '*' }, ':1.5.0', '', tags('1.5.0'))).toMatchObject({
      reason: expect.stringContaining('had no tag then'),
    });
    expect(await held({ digest: 'latest' }, `:latest@${b}`, ':latest')).toMatchObject({
      reason: expect.stringContaining('had no digest then'),
    });
  });
});
