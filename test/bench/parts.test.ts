import { describe, expect, it } from 'vitest';
import { fillIn, type Measurement } from '../../bench/parts/document.ts';
import { makeFiles } from '../../bench/parts/marked-files.ts';
import { median, percentile, seeded } from '../../bench/parts/numbers.ts';
import { generate } from '../../bench/parts/objects.ts';
import { asText, ratio, time } from '../../bench/parts/result.ts';

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

function measured(quick: boolean): Measurement {
  return {
    command: 'npm run bench -- pull',
    quick,
    machine: {
      at: '2026-11-22T10:00:00.000Z',
      ...{ cores: 2, processor: 'a processor', memory: 8 * 1024 ** 3, system: 'Linux 6', node: 'v24.0.0' },
      ...{ kubernetes: '1.35.4', commit: 'abc', load: 0.5 },
    },
    loadAfter: 1,
    result: { tables: [{ title: 'T', columns: ['a', 'b'], rows: [['x | y', '1']] }], notes: ['a note'], raw: {} },
  };
}

describe('numbers', () => {
  it('gives the nearest rank as percentile', () => {
    expect([0, 0.5, 0.95, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 95, 100]);
    expect(median([3, 1, 2])).toBe(2);
    expect(() => median([])).toThrow('no samples');
  });

  it('gives the same numbers for the same seed', () => {
    const [one, two, other] = [seeded(1), seeded(1), seeded(2)];
    const first = [one(), one(), one()];
    expect([two(), two(), two()]).toEqual(first);
    expect(other()).not.toBe(first[0]);
    expect(first.every((number) => number >= 0 && number < 1)).toBe(true);
  });
});

describe('results', () => {
  it('writes times and ratios for people', () => {
    expect([0.5, 4.25, 850, 12_345].map(time)).toEqual(['0.50 ms', '4.3 ms', '850 ms', '12.35 s']);
    expect([ratio(30, 10), ratio(5, 10), ratio(250, 10)]).toEqual(['3.0x', '0.5x', '25x']);
  });

  it('lays columns below each other', () => {
    expect(asText(measured(false).result)).toBe('T\n  a      b\n  x | y  1\n\n  - a note');
  });

  it('fills the place in the document and leaves the rest', () => {
    const filled = fillIn('before\n<!-- results -->\nold\n<!-- /results -->\nafter\n', { pull: measured(false) }, [
      'pull',
    ]);
    expect(filled).toMatch(/^before\n<!-- results -->\n### pull\n/);
    expect(filled).toContain('| x \\| y | 1 |');
    expect(filled).not.toContain('old');
    expect(filled.endsWith('\n<!-- /results -->\nafter\n')).toBe(true);
    expect(() => fillIn('no marks', {}, [])).toThrow('<!-- results -->');
  });

  it('keeps quick results out of the document', () => {
    expect(fillIn('<!-- results -->\n<!-- /results -->', { pull: measured(true) }, ['pull'])).not.toContain('###');
  });
});

describe('what is measured with', () => {
  it('is the same objects each time, of which only the asked ones change', () => {
    const before = generate('p', 200);
    expect(generate('p', 200)).toEqual(before);
    const after = generate('p', 200, { build: '1', isChanged: (index) => index % 100 === 50 });
    expect(after.filter((object, index) => JSON.stringify(object) !== JSON.stringify(before[index]))).toHaveLength(2);
    const names = before.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`);
    expect(new Set(names).size).toBe(200);
  });

  it('is exactly as many marked files as asked for, each under a path of its own', () => {
    const files = makeFiles(500, 47);
    expect(files.filter(({ before, after }) => before !== after)).toHaveLength(47);
    expect(files.filter(({ before }) => before.includes('$imagepolicy'))).toHaveLength(47);
    expect(new Set(files.map(({ path }) => path)).size).toBe(500);
  });
});
