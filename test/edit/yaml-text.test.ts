import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFast } from '../../lib/edit/yaml-fast.ts';
import type { YamlText } from '../../lib/edit/yaml-text.ts';
import { readTolerant } from '../../lib/edit/yaml-tolerant.ts';
import { yamlFile } from './styles.ts';

describe('the fast and the tolerant parser', () => {
  it('see the same scalars at the same places, wherever the fast one can read', () => {
    fc.assert(
      fc.property(yamlFile, ({ text }) => {
        const fast = readFast(text);
        const tolerant = readTolerant(text) as YamlText;
        expect(tolerant).not.toHaveProperty('reason');
        if ('reason' in fast) {
          expect(fast.reason).toContain('deficient indentation');
          return;
        }
        expect(tolerant.shape).toBe(fast.shape);
        const flow = fast.spots.filter(({ style }) => style !== 'block');
        expect(tolerant.spots.filter(({ style }) => style !== 'block')).toEqual(flow);
        expect(flow.map(tolerant.value)).toEqual(flow.map(fast.value));
      }),
      { numRuns: 500 },
    );
  });

  it('both refuse what neither may touch', () => {
    for (const text of ['a: [\n', 'a:\n\tb: c\n', 'a: *x\n', 'a: "b\n']) {
      expect(readFast(text)).toHaveProperty('reason');
      expect(readTolerant(text)).toHaveProperty('reason');
    }
  });
});
