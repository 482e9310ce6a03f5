import { describe, expect, it } from 'vitest';
import { choose, type Question } from '../../lib/policy/choose.ts';
import { compilePolicy } from '../../lib/policy/policy.ts';
import type { PolicySpec } from '../../lib/policy/spec.ts';

const now = new Date('2026-06-01T12:00:00Z');
const young = 'is 3m old, minAge 10m';

function ask(tags: string[], bars: string[], more: Partial<Question> & { spec?: Partial<PolicySpec> } = {}) {
  const { spec, ...rest } = more;
  const policy = compilePolicy({ image: 'acme/web', semver: '*', ...spec });
  return choose({ policy, tags, now, barred: new Map(bars.map((tag) => [tag, young])), ...rest });
}

describe('a tag that is kept back for now', () => {
  it('waits in sight, while the next best is taken', () => {
    const choice = ask(['1.3.0', '1.4.0', '1.5.0'], ['1.5.0'], { current: '1.3.0' });
    expect(choice).toMatchObject({ chosen: '1.4.0', waiting: [{ tag: '1.5.0', reason: young }] });
    expect(choice.tags.find(({ tag }) => tag === '1.5.0')).toEqual({ tag: '1.5.0', reason: `waits: ${young}` });
  });

  it('waits while Git stays at what it has', () => {
    expect(ask(['1.4.0', '1.5.0'], ['1.5.0'], { current: '1.4.0' })).toMatchObject({
      chosen: '1.4.0',
      waiting: [{ tag: '1.5.0' }],
    });
    expect(ask(['1.5.0'], ['1.5.0'], { current: '1.4.0' })).toMatchObject({
      kept: 'waiting',
      reason: `1.5.0 waits: ${young}`,
    });
    expect(ask(['1.3.0', '1.5.0'], ['1.5.0'], { current: '1.4.0' })).toMatchObject({
      kept: 'downgrade',
      waiting: [{ tag: '1.5.0' }],
    });
  });

  it('stands before those that are older, newest first', () => {
    const { waiting } = ask(['1.4.0', '1.6.0', '1.5.0', 'v1.6.0'], ['1.5.0', '1.6.0', 'v1.6.0'], { current: '1.3.0' });
    expect(waiting.map(({ tag }) => tag)).toEqual(['v1.6.0', '1.6.0', '1.5.0']);
  });

  it('does not wait where it would not be taken anyway', () => {
    expect(ask(['1.4.0', '1.5.0'], ['1.4.0'], { current: '1.5.0' }).waiting).toEqual([]);
    expect(ask(['1.4.0', '1.5.0'], ['1.4.0'], { current: '1.3.0' })).toMatchObject({ chosen: '1.5.0', waiting: [] });
    expect(ask(['1.4.0', 'latest'], ['latest']).waiting).toEqual([]);
    expect(ask(['1.4.0', '2.0.0'], ['2.0.0'], { spec: { semver: '1.x' } }).waiting).toEqual([]);
    const holds = [{ id: 'h', image: 'web', tag: '1.3.0', past: '1.4.0' }];
    expect(ask(['1.3.0', '1.4.0'], ['1.4.0'], { current: '1.3.0', holds })).toMatchObject({
      kept: 'hold',
      waiting: [],
    });
  });

  it('releases no hold before it is taken', () => {
    const holds = [{ id: 'h', image: 'web', tag: '1.3.0', past: '1.4.0' }];
    const choice = ask(['1.3.0', '1.4.0', '1.5.0'], ['1.5.0'], { current: '1.3.0', holds });
    expect(choice).toMatchObject({ kept: 'waiting', releasedHolds: [], waiting: [{ tag: '1.5.0' }] });
  });

  it('is not taken away from Git when it is there already', () => {
    expect(ask(['1.5.0'], ['1.5.0'], { current: '1.5.0' })).toMatchObject({ kept: 'no-newer', waiting: [] });
    expect(ask(['1.4.0', '1.5.0'], ['1.5.0'], { current: '1.5.0' })).toMatchObject({ kept: 'no-newer', waiting: [] });
    const spec = { allowDowngrade: true };
    expect(ask(['1.4.0', '1.5.0'], ['1.5.0'], { current: '1.5.0', spec })).toMatchObject({ kept: 'no-newer' });
  });

  it('waits for the places that do not have it', () => {
    expect(ask(['1.5.0'], ['1.5.0'], { current: ['1.5.0', '1.4.0'] }).waiting).toEqual([
      { tag: '1.5.0', reason: young },
    ]);
    expect(ask(['1.5.0'], ['1.5.0'], { current: '1.5.0', untagged: ['acme/web'] }).waiting).toHaveLength(1);
  });
});
