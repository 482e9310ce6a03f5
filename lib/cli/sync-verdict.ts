/** What is read of the status of a Sync; a puller of another version may write more. */
export interface ShownStatus {
  /** synced, progressing, unhealthy, failed, suspended or waiting. */
  result: string;
  /** The commit that was applied last, and the one that could not be. */
  revision?: string;
  failedRevision?: string;
  conditions: { type: string; status: string; message?: string }[];
}

/** What the cluster shows of one sync. */
export interface SeenSync {
  /** True where the cluster has the kind Sync: a puller writes one for each sync. */
  served: boolean;
  /** Of the Sync, where there is one. */
  status?: ShownStatus;
  /** The commit of the applied record; read where there is no Sync. */
  recorded?: string;
}

/** How following a sync ended. `applied`: as the head says, and nobody shows whether it is healthy. */
export type Ended = 'synced' | 'applied' | 'unhealthy' | 'failed' | 'suspended';

/** What a look says: that it is over, and at which commit, or what it still waits for. */
export type Verdict = { ended: Ended; revision?: string; message?: string } | { waiting: string };

/**
 * Whether a sync shows the head. What is bad counts when it is `settled` only: it was written, or has stood for a while, since somebody began
 * to wait; before that it may be what the next pull puts right.
 */
export function verdictOf(seen: SeenSync, isHead: (revision: string) => boolean, settled: boolean): Verdict {
  const { status, recorded, served } = seen;
  if (status !== undefined) return verdictByStatus(status, isHead, settled);
  if (recorded === undefined) return { waiting: 'it was not pulled yet' };
  if (!isHead(recorded)) return { waiting: `it is at ${short(recorded)}` };
  return served && !settled
    ? { waiting: 'it is applied, its health is not known yet' }
    : { ended: 'applied', revision: recorded };
}

function verdictByStatus(status: ShownStatus, isHead: (revision: string) => boolean, settled: boolean): Verdict {
  const { result, revision, failedRevision } = status;
  const message = status.conditions.find(({ type }) => type === 'Ready')?.message ?? '';
  if (result === 'suspended') return settled ? { ended: 'suspended', revision, message } : { waiting: message };
  if (result === 'failed') {
    if (failedRevision !== undefined && !isHead(failedRevision))
      return { waiting: `it failed at ${short(failedRevision)}` };
    const goesOn = status.conditions.some(({ type, status: is }) => type === 'Reconciling' && is === 'True');
    return settled && !goesOn ? { ended: 'failed', revision: failedRevision, message } : { waiting: message };
  }
  if (result === 'waiting') return { waiting: message };
  if (revision === undefined || !isHead(revision)) return { waiting: `it is at ${short(revision ?? 'no commit')}` };
  if (result === 'synced') return { ended: 'synced', revision };
  return result === 'unhealthy' && settled ? { ended: 'unhealthy', revision, message } : { waiting: message };
}

function short(revision: string): string {
  return revision.slice(0, 12);
}
