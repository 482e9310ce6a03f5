import { countActions } from '../../lib/model/change-set.ts';
import type { SyncReported } from '../../lib/model/messages.ts';

/** A report of a pull in which nothing happened. */
export function reportOf(changes: Partial<SyncReported> = {}): SyncReported {
  return {
    ...{ type: 'SyncReported', run: 'run', cluster: 'prod', sync: 'shop', revision: 'a'.repeat(40), result: 'synced' },
    ...{ startedAt: '2026-11-22T12:00:00.000Z', at: '2026-11-22T12:00:01.000Z' },
    ...{ changes: [], counts: countActions([]), drift: [], healed: false, health: [], errors: [] },
    ...changes,
  };
}
