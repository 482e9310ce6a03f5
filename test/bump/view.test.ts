import { describe, expect, it } from 'vitest';
import type { Decision } from '../../lib/bump/decision.ts';
import { stateOf } from '../../lib/bump/image-state.ts';
import { viewOf } from '../../lib/bump/view.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';

const { web } = readConfig('windlass: 1\nimages:\n  web: { image: ghcr.io/acme/web, semver: "*" }\n').config!.images;
const place = (path: string, line: number) => ({ path, line, policy: 'web', part: 'tag' as const, value: '1.0.0' });
const decision: Decision = {
  entry: web!,
  rule: 'semver *',
  current: ['1.0.0'],
  holds: [],
  outcomes: [
    {
      places: [place('a.yaml', 3), place('b.yaml', 4), place('c.yaml', 5)],
      ref: { repository: 'ghcr.io/acme/web', tag: '1.1.0' },
      adopted: [],
      released: [],
      reasons: [],
    },
  ],
};
const reason = 'the edit would not read back as the text "1.1.0"';

describe('an image of which a place cannot be edited', () => {
  const waiting = (skipped: { file: string; line: number; reason: string }[]) =>
    stateOf(viewOf(decision, [], skipped), [], new Date(0)).waiting;

  it('waits there, with the place and the reason', () => {
    expect(waiting([{ file: 'b.yaml', line: 4, reason }])).toBe(`b.yaml:4: ${reason}`);
  });

  it('tells the first of several places, and how many there are', () => {
    const skipped = [3, 4, 5].map((line, index) => ({ file: `${'abc'[index]}.yaml`, line, reason }));
    expect(waiting(skipped)).toBe(`a.yaml:3: ${reason} (and 2 more places)`);
  });

  it('does not mind places of other images', () => {
    expect(waiting([{ file: 'b.yaml', line: 5, reason }])).toBeUndefined();
  });
});
