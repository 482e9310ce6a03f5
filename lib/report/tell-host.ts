import { messageOf, RetryableError, UserError } from '../model/errors.ts';
import type { SyncReported } from '../model/messages.ts';
import { askHost, type HostDeps, resting, sparing } from './ask-host.ts';
import { isRollingOut } from './commit-status.ts';
import type { ToldStatus, ToldSync } from './ports.ts';
import { type CommitReport, isRollout, sayingsOf } from './rollout.ts';
import { joinEnvironment, tellDeployment } from './tell-deployment.ts';

/** Tells the host of the config repo what a pull did: a status on its commit, and the deployment of its environment. */
export type TellHost = (report: SyncReported) => Promise<void>;

/** What a teller is made of. */
export interface TellerDeps extends Pick<HostDeps, 'statuses' | 'store'> {
  now(): Date;
  warn(message: string): void;
}

/**
 * Makes what tells the host; keep one a process. Only what is new is told, and it is kept as told after the host took it. Trouble never fails
 * the report: what the host could not be told is told with the next report of the sync, what it refuses is said once and left out. Only a bug is thrown.
 */
export function hostTeller({ statuses, store, now, warn }: TellerDeps): TellHost {
  const said = new Set<string>();
  const refused = (about: string, message: string) => {
    if (!said.has(about)) warn(message);
    said.add(about);
  };
  const deps: HostDeps = { store, statuses: sparing(statuses, now), refused };
  return async (report) => {
    try {
      await tell(report, deps);
    } catch (error) {
      if (error instanceof UserError) refused(error.code, messageOf(error));
      else if (!(error instanceof RetryableError)) throw error;
      else if (error.code !== resting) warn(`it is told with the next report: ${messageOf(error)}`);
    }
  };
}

async function tell(report: SyncReported, deps: HostDeps): Promise<void> {
  const { revision, environment } = report;
  if (revision === undefined) return;
  const about = { ...report, revision };
  const told = await deps.store.sync(report.sync);
  const rollout = isRollout(about, told);
  const kept = environment === undefined ? undefined : await joinEnvironment({ ...about, environment }, rollout, deps);
  await tellCommits(about, told, rollout, deps);
  if (kept !== undefined) await tellDeployment(report.sync, kept, deps);
}

async function tellCommits(
  report: CommitReport,
  told: ToldSync | undefined,
  rollout: boolean,
  deps: HostDeps,
): Promise<void> {
  const { sync, at, revision } = report;
  const { status, finished, unfinished } = sayingsOf(told, report, rollout);
  const left = finished?.revision ?? unfinished;
  const say = (on: string, what: ToldStatus, inDoubt?: () => Promise<void>) =>
    askHost(deps, 'status', () => deps.statuses.setStatus(on, `windlass/${sync}`, what), inDoubt);
  const keep = (next: Omit<ToldSync, 'sync' | 'at'>) => deps.store.saveSync({ sync, at, ...next });
  let last = told;
  if (status !== undefined) {
    // What may be `pending` there has an end to be told.
    await say(revision, status, () => keep({ revision, unfinished: isRollingOut(status) ? revision : left }));
    await keep({ revision, status, unfinished: left });
    last = { sync, at, revision, status };
  }
  if (finished !== undefined && last !== undefined) {
    await say(finished.revision, finished.status);
    await keep({ revision: last.revision, status: last.status });
  }
}
