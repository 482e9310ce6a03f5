import { describe, expect, it } from 'vitest';
import { choose, type Question } from '../../lib/policy/choose.ts';
import { compilePolicy } from '../../lib/policy/policy.ts';
import type { TagFacts } from '../../lib/policy/tag-facts.ts';

const now = new Date('2026-06-01T12:00:00Z');
const policy = compilePolicy({ image: 'acme/web', newest: true });
const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;

function ask(tags: TagFacts[], more: Partial<Question> = {}) {
  return choose({ policy, tags, now, ...more });
}

describe('the newest pushed', () => {
  it('is told apart by the millisecond, whatever the time zone it is written in', () => {
    const tags = [
      { tag: 'a', pushedAt: '2026-05-01T12:00:00.002+02:00' },
      { tag: 'b', pushedAt: '2026-05-01T10:00:00.001Z' },
      { tag: 'c', pushedAt: '2026-05-01T10:00:00Z' },
    ];
    expect(ask(tags).chosen).toBe('a');
  });

  it.each(['2026-05-01', 'yesterday', '2026-13-01T00:00:00Z', '1777629600', ''])(
    'is not told by the time %j',
    (pushedAt) => {
      const choice = ask([{ tag: 'a', pushedAt }, { tag: 'b' }]);
      expect(choice).toMatchObject({ kept: 'no-fit' });
      expect(choice.reason).toContain('does not tell when 2 of its 2 tags were pushed');
      expect(choice.tags[0]!.reason).toBe('the registry does not tell when it was pushed');
    },
  );

  it('is not the last built: a layer that is pushed again counts by its push', () => {
    const tags = [
      { tag: 'build-2', pushedAt: '2026-05-01T10:00:00Z' },
      { tag: 'build-1', pushedAt: '2026-05-01T11:00:00Z' },
    ];
    expect(ask(tags, { current: 'build-2' }).chosen).toBe('build-1');
  });

  it('stays where another tag is the same image, and moves where it is another one of that moment', () => {
    const pushedAt = '2026-05-01T10:00:00Z';
    const same = [
      { tag: 'a', digest: digestOf('1'), pushedAt },
      { tag: 'b', digest: digestOf('1'), pushedAt },
    ];
    expect(ask(same, { current: 'a' }).kept).toBe('no-newer');
    const other = [same[0]!, { tag: 'b', digest: digestOf('2'), pushedAt }];
    expect(ask(other, { current: 'a' }).chosen).toBe('b');
    expect(ask(other, { current: 'b' }).chosen).toBe('b');
  });

  it('does not depend on which of two entries of one tag comes first', () => {
    const twice = [
      { tag: 'a', pushedAt: '2026-05-03T10:00:00Z' },
      { tag: 'b', pushedAt: '2026-05-02T10:00:00Z' },
      { tag: 'a', pushedAt: '2026-05-01T10:00:00Z' },
    ];
    expect(ask(twice).chosen).toBe('a');
    expect(ask([...twice].reverse()).chosen).toBe('a');
  });

  it('says why Git stays when nothing tells how old its tag is', () => {
    const tags = [{ tag: 'a', pushedAt: '2026-05-01T10:00:00Z' }];
    expect(ask(tags, { current: 'gone' }).reason).toBe(
      'nothing tells when gone in Git was pushed: a may be older, and allowDowngrade: true would take it',
    );
    const changedAt = new Date('2026-05-02T00:00:00Z');
    expect(ask(tags, { current: 'gone', changedAt }).reason).toContain(
      'no image that fits was pushed after 2026-05-02T00:00:00.000Z',
    );
  });

  it('releases a hold by what is pushed after its past alone', () => {
    const hold = { id: 'h', image: 'web', tag: 'a', past: 'b', at: '2026-05-01T12:00:00Z' };
    const tags = [
      { tag: 'a', pushedAt: '2026-05-01T10:00:00Z' },
      { tag: 'b', pushedAt: '2026-05-01T11:00:00Z' },
      { tag: 'c', pushedAt: '2026-05-01T13:00:00Z' },
    ];
    const held = ask(tags.slice(0, 2), { current: 'a', holds: [hold] });
    expect(held).toMatchObject({ kept: 'hold', releasedHolds: [] });
    expect(held.reason).toContain('a hold keeps a and takes only images pushed after b');
    expect(ask(tags, { current: 'a', holds: [hold] })).toMatchObject({ chosen: 'c', releasedHolds: [hold] });
  });

  it('does not take the image that a hold keeps back under another tag', () => {
    const hold = { id: 'h', image: 'web', tag: 'a', past: 'b', at: '2026-05-01T12:00:00Z' };
    const bad = { digest: digestOf('b'), pushedAt: '2026-05-01T11:00:00Z' };
    const tags = [
      { tag: 'a', pushedAt: '2026-05-01T10:00:00Z' },
      { tag: 'b', ...bad },
      { tag: 'z', ...bad },
    ];
    expect(ask(tags, { current: 'a', holds: [hold] }).kept).toBe('hold');
  });
});
