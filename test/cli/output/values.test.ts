import { describe, expect, it } from 'vitest';
import { styleFor } from '../../../lib/cli/output/style.ts';
import { valueLines } from '../../../lib/cli/output/values.ts';

const style = styleFor({ isTTY: false }, {});
const rules = (port: number) =>
  [...Array(30).keys()].map((index) => ({ host: `shop-${index}.example.org`, ports: [port], note: 'n'.repeat(200) }));

describe('long values of a field in the terminal', () => {
  it('are shown by the places where they differ, of which a list says how many more there are', () => {
    const lines = valueLines({ git: rules(80), live: rules(81) }, style, false);
    expect(lines[0]).toBe('differs  + in the cluster, - in Git');
    expect(lines.slice(1, 3)).toEqual(['         - [0].ports[0] 80', '         + [0].ports[0] 81']);
    expect(lines.at(-1)).toBe('         and 18 more; --all shows them');
  });

  it('are shown whole, with every place, where all is asked for', () => {
    const lines = valueLines({ git: rules(80), live: rules(81) }, style, true);
    const shown = (mark: string) => JSON.parse(lines.find((line) => line.startsWith(mark))!.slice(mark.length));
    expect([shown('cluster  '), shown('Git      ')]).toEqual([rules(81), rules(80)]);
    expect(lines.filter((line) => line.includes('ports[0]'))).toHaveLength(60);
    expect(lines.at(-1)).toBe('         + [29].ports[0] 81');
  });

  it('that have no places are cut, and whole where all is asked for', () => {
    const text = 'x'.repeat(500);
    expect(valueLines({ git: undefined, live: text }, style, false)[0]!.length).toBeLessThan(140);
    expect(valueLines({ git: undefined, live: text }, style, true)).toEqual([`cluster  "${text}"`]);
  });
});
