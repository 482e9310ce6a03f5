import { describe, expect, it } from 'vitest';
import { makeFiles } from '../../bench/parts/marked-files.ts';
import { planEdits } from '../../lib/edit/plan-edits.ts';
import { applySplices, invertSplices } from '../../lib/edit/splice.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const latest = new Map([['web', { repository: 'registry.example.com/shop/web', tag: '1.5.0' }]]);

describe('thousands of files as people write them', () => {
  const files = makeFiles(5000, 4000);
  const plan = planEdits(
    files.map(({ path, before }) => ({ path, bytes: new TextEncoder().encode(before) })),
    latest,
  );

  it('have every marked value set, and every other byte as it was', () => {
    const after = new Map(plan.files.map((file) => [file.path, decoder.decode(file.after)]));
    expect(plan.skipped).toEqual([]);
    expect(plan.changes).toHaveLength(4000);
    for (const file of files) expect(after.get(file.path) ?? file.before).toBe(file.after);
  });

  it('are as before when the edit is undone', () => {
    for (const { before, after, splices } of plan.files) {
      expect(applySplices(decoder.decode(after), invertSplices(splices))).toBe(decoder.decode(before));
    }
  });
});
