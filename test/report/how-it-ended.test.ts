import { describe, expect, it } from 'vitest';
import type { DriftFound } from '../../lib/model/messages.ts';
import { howItEnded } from '../../lib/report/how-it-ended.ts';

describe('how a drift ended', () => {
  const report: DriftFound = {
    ...{ type: 'DriftFound', run: 'r', at: '2026-01-02T00:00:00.000Z', cluster: 'test', sync: 'shop' },
    ...{ drift: [], unknown: [], leftToControllers: [] },
  };

  it('is by hand, unless a pull or Git is known to have done it', () => {
    expect(howItEnded(undefined, report, '2026-01-01')).toBe('undone by hand');
    expect(howItEnded(undefined, { ...report, appliedAt: '2026-01-01T12:00:00.000Z' }, '2026-01-01')).toBe(
      'converged by pull',
    );
  });

  it('is not guessed where nothing was recorded of what was applied', () => {
    expect(howItEnded(undefined, { ...report, basis: 'git' }, '2026-01-01')).toBe('in line with Git again');
  });
});
