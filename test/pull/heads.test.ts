import { describe, expect, it } from 'vitest';
import { openHeads } from '../../lib/pull/heads.ts';
import type { KeptText } from '../../lib/pull/ports.ts';
import { treeOf } from './world.ts';

const good = 'windlass: 1\nclusters: { dev: {} }\nsyncs:\n  shop: { cluster: dev, path: app }\n';
const other = good.replace('shop', 'store');

function source(files: Record<string, string>) {
  const closed: string[] = [];
  return {
    closed,
    open: async (revision: string) => ({
      ...treeOf(files[revision] === undefined ? {} : { 'windlass.yaml': files[revision] }, revision),
      close: async () => void closed.push(revision),
    }),
  };
}

function kept(text?: string): KeptText & { writes: (string | undefined)[] } {
  const writes: (string | undefined)[] = [];
  return {
    writes,
    read: async () => (writes.length > 0 ? writes.at(-1) : text),
    write: async (next) => void writes.push(next),
  };
}

describe('the heads', () => {
  it('go on with the last valid windlass.yaml where the new one is broken', async () => {
    const heads = openHeads(source({ a: good, b: 'windlass: 2\n', c: other }));
    expect((await heads.at('a')).config.syncs[0]?.name).toBe('shop');
    expect((await heads.at('b')).config.syncs[0]?.name).toBe('shop');
    expect(heads.problems().length).toBeGreaterThan(0);
    expect((await heads.at('c')).config.syncs[0]?.name).toBe('store');
    expect(heads.problems()).toEqual([]);
  });

  it('keep the last valid file for the next process, and write it only when it changes', async () => {
    const text = kept();
    const heads = openHeads(source({ a: good, b: good, c: 'broken', d: other }), text);
    for (const revision of ['a', 'b', 'c', 'd']) await heads.at(revision);
    expect(text.writes).toEqual([good, other]);
    const next = openHeads(source({ e: 'broken' }), text);
    expect((await next.at('e')).config.syncs[0]?.name).toBe('store');
    expect(next.problems().length).toBeGreaterThan(0);
    const same = openHeads(source({ f: other }), text);
    await same.at('f');
    expect(text.writes).toHaveLength(2);
  });

  it('of several processes go by what any of them saw last', async () => {
    const text = kept();
    const behind = openHeads(source({ a: good, c: 'broken' }), text);
    await behind.at('a');
    await openHeads(source({ b: other }), text).at('b');
    expect((await behind.at('c')).config.syncs[0]?.name).toBe('store');
  });

  it('keep a file that was reverted to, although another process kept the one between', async () => {
    const text = kept();
    const heads = openHeads(source({ a: good, c: good }), text);
    await heads.at('a');
    await openHeads(source({ b: other }), text).at('b');
    await heads.at('c');
    expect(text.writes).toEqual([good, other, good]);
  });

  it('go by what they have seen themselves where it cannot be kept', async () => {
    const away: KeptText = { read: async () => undefined, write: async () => {} };
    const heads = openHeads(source({ a: good, b: 'broken' }), away);
    await heads.at('a');
    expect((await heads.at('b')).config.syncs[0]?.name).toBe('shop');
  });

  it('have nothing to go by where there never was a valid one', async () => {
    const { closed, open } = source({ a: 'broken' });
    await expect(openHeads({ open }, kept()).at('a')).rejects.toMatchObject({ code: 'config-invalid' });
    await expect(openHeads({ open }, kept('windlass: 99\n')).at('a')).rejects.toMatchObject({ code: 'config-invalid' });
    expect(closed).toEqual(['a', 'a']);
  });
});
