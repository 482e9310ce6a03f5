import type { SyncReported } from '../model/messages.ts';
import { broughtBy } from '../model/rollout.ts';
import { isRollingOut, nextStatus } from './commit-status.ts';
import type { ToldStatus, ToldSync } from './ports.ts';

/** A report that is about a commit. */
export type CommitReport = SyncReported & Required<Pick<SyncReported, 'revision'>>;

/** What is to be said on commits after a report. */
export interface Sayings {
  /** On the commit of the report; absent when nothing is new. */
  status?: ToldStatus;
  /** The earlier commit whose roll-out ended with this report, and how. */
  finished?: { revision: string; status: ToldStatus };
  /** The earlier commit whose roll-out goes on. */
  unfinished?: string;
}

/** True when a report tells that its commit brought the cluster something; what a pull only put right again is no roll-out. */
export function isRollout(report: CommitReport, told: ToldSync | undefined): boolean {
  if (told?.revision === report.revision && told.status?.state === 'success') return false;
  return broughtBy(report) > 0;
}

/**
 * What a report lets be said on commits. `pending` is only said of a commit that brought something, or waits for a sync that is suspended. Commits that bring a sync nothing come in the
 * midst of a roll-out: its end is told on the commit that began it, too, which would stay `pending` for ever.
 */
export function sayingsOf(told: ToldSync | undefined, report: CommitReport, rollout: boolean): Sayings {
  const isSame = told?.revision === report.revision;
  const next = nextStatus(isSame ? told?.status : undefined, report);
  const status = isRollingOut(next) && !rollout ? undefined : next;
  const waiting = isSame || !isRollingOut(told?.status) ? told?.unfinished : told?.revision;
  const unfinished = rollout || waiting === report.revision ? undefined : waiting;
  const end = report.result === 'synced' || report.result === 'unhealthy' ? nextStatus(undefined, report) : undefined;
  return {
    ...(status === undefined ? {} : { status }),
    ...(unfinished === undefined
      ? {}
      : end === undefined
        ? { unfinished }
        : { finished: { revision: unfinished, status: end } }),
  };
}
