import { expect, it } from 'vitest';
import { checkedRepo } from '../../../lib/cli/local/wiring-checked-repo.ts';
import type { Parts } from '../../../lib/cli/local/wiring-parts.ts';
import { readConfig } from '../../../lib/config/windlass-file.ts';
import { isStale } from '../../../lib/report/cluster-incidents.ts';
import { pull, time } from '../../report/reports.ts';

it('a check of local mode leaves limits by which nobody is missed after a night', async () => {
  const { config } = readConfig(
    'windlass: 1\ndrift: { limits: { puller: 15m, checker: 15m, held: 2d, behind: 3h } }\n',
  );
  const heads = { at: async () => ({ config, tree: {} }), config: () => config, problems: () => [] };
  const repo = checkedRepo({ source: { head: async () => 'a' }, heads } as unknown as Parts);
  for (const read of [(await repo.head()).config, (await repo.lastValid())!]) {
    const { limits } = read.drift;
    expect(limits).toMatchObject({ held: 2 * 86_400, behind: 3 * 3_600 });
    const night = 12 * 3_600;
    expect(limits.puller).toBeGreaterThan(365 * night);
    const state = { cluster: 'main', checkedAt: time(0), syncs: [], objects: 0, limits, blindChecks: 0, stopped: [] };
    expect(isStale(state, pull(night, night + 1))).toBe(false);
  }
});
