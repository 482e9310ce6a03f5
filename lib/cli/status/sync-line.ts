import type { SyncState } from '../../model/state.ts';

/** How a sync stands, in a few words. */
export type SyncStanding = 'healthy' | 'rolling out' | 'unhealthy' | 'failed' | 'suspended' | 'not pulled yet';

/** A sync. */
export interface SyncLine extends Pick<SyncState, 'sync' | 'cluster' | 'environment' | 'revision' | 'pulledAt'> {
  standing: SyncStanding;
  /** Objects that it has, and those that are healthy, as far as the state names them. */
  objects: number;
  healthy: number;
  drifted: number;
  /** Objects that the last check could not read. */
  unknown: number;
  /** True where Git is ahead; `behindSince` says since when, as far as a check saw it (ISO 8601). */
  behind: boolean;
  behindSince?: string;
  /** The first errors of the last pull, who suspended it, or which objects are not healthy and why. */
  remarks: string[];
}

/** Remarks on one sync that are shown. */
const mostRemarks = 2;

const standings: Readonly<Record<NonNullable<SyncState['result']>, SyncStanding>> = {
  synced: 'healthy',
  progressing: 'rolling out',
  unhealthy: 'unhealthy',
  failed: 'failed',
  suspended: 'suspended',
};

/** How a sync stands by its last known state, and by the head of Git where that is known. Objects that are missing since its last pull are not healthy. */
export function syncLine(
  state: SyncState | undefined,
  head: string | undefined,
  missing: ReadonlySet<string> = new Set(),
): Omit<SyncLine, 'sync' | 'cluster'> {
  const { revision, pulledAt, result, health = [], drifted = 0, unknown = [], behindSince } = state ?? {};
  const behind = head !== undefined && revision !== undefined && revision !== head && result !== 'suspended';
  const told = (result === 'suspended' ? state?.notices : state?.errors) ?? [];
  const waiting = result === 'suspended' ? [] : health.filter(({ status }) => status !== 'Current');
  return {
    ...(revision && { revision }),
    ...(pulledAt && { pulledAt }),
    standing: result === undefined ? 'not pulled yet' : standings[result],
    objects: health.length,
    healthy: health.filter(({ object, status }) => status === 'Current' && !missing.has(object)).length,
    ...{ drifted, unknown: unknown.length, behind },
    ...(behind && behindSince && { behindSince }),
    remarks: [
      ...told.map(({ message }) => message),
      ...waiting.map(({ object, reason }) => `${object}: ${reason}`),
    ].slice(0, mostRemarks),
  };
}
