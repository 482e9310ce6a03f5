import { nextStatus } from './commit-status.ts';
import type { ToldEnvironment } from './ports.ts';
import type { CommitReport } from './rollout.ts';

/** Commits that an environment remembers: a late report of one of them opens no second deployment. */
const mostPast = 20;

/** A report that has all that a deployment needs. */
export type EnvironmentReport = CommitReport & Required<Pick<CommitReport, 'environment'>>;

/**
 * An environment after a report: a roll-out of a commit that it never had opens a deployment, all else changes the part that the sync has in the
 * one that is open. A later commit that brought the sync nothing leaves it in that one. The same value when nothing is new.
 */
export function joined(
  told: ToldEnvironment | undefined,
  report: EnvironmentReport,
  rollout: boolean,
): ToldEnvironment | undefined {
  if (told !== undefined && belongs(told, report, rollout)) return withPart(told, report);
  const isNew = told === undefined || (report.at > told.openedAt && !told.past.includes(report.revision));
  return rollout && isNew ? opened(told, report) : told;
}

function belongs(told: ToldEnvironment, report: EnvironmentReport, rollout: boolean): boolean {
  if (told.revision === report.revision) return true;
  const goesOn = !rollout && report.at > told.openedAt && report.sync in told.syncs;
  // What a later commit could not do says nothing about this one.
  return goesOn && report.result !== 'failed' && !told.past.includes(report.revision);
}

function withPart(told: ToldEnvironment, report: EnvironmentReport): ToldEnvironment {
  const status = nextStatus(told.syncs[report.sync], report);
  return status === undefined ? told : { ...told, syncs: { ...told.syncs, [report.sync]: status } };
}

function opened(before: ToldEnvironment | undefined, report: EnvironmentReport): ToldEnvironment {
  const { environment, revision, sync, at } = report;
  const status = nextStatus(undefined, report);
  const isOpenStill = before?.told === undefined || before.told.state === 'pending';
  return {
    environment,
    revision,
    openedAt: at,
    opener: sync,
    syncs: status === undefined ? {} : { [sync]: status },
    superseded: [...(before?.superseded ?? []), ...(before?.id !== undefined && isOpenStill ? [before.id] : [])],
    past: before === undefined ? [] : [before.revision, ...before.past].slice(0, mostPast),
  };
}
