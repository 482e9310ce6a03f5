import { userOf } from '../config/account.ts';
import type { ApprovalFile } from '../config/approvals.ts';
import { rulesHash } from '../kube/drift-rules.ts';
import { countActions, type ObjectChange } from '../model/change-set.ts';
import { messageOf, RetryableError } from '../model/errors.ts';
import type { SyncReported } from '../model/messages.ts';
import { carryOut } from './carry-out.ts';
import type { Difference } from './differences.ts';
import { changedMeanwhile, Fence } from './fence.ts';
import type { Cluster } from './ports.ts';
import { prepare } from './prepare.ts';
import type { PullDeps, PullRequest } from './request.ts';
import { Run } from './run.ts';
import { refuseStopped, stopNotices } from './stopped.ts';
import { tryOut } from './try-out.ts';

/** So often a pull plans anew because another one was at work between its plan and its first write. */
const plans = 3;

/** What a pull did. */
export interface PullOutcome {
  report: SyncReported;
  /** False for a dry run, and where another pull is at work on the sync, or has been since: that one reports. */
  reported: boolean;
  /** Every object, `unchanged` ones too, in the order of doing. */
  changes: ObjectChange[];
  /** True when an error may pass by itself; with errors and false, all of them are for the user to mend. */
  trouble: boolean;
  /** Of a dry run: by object, the fields that would change. What would be created, or could not be tried, is not in it. */
  differences: Map<string, Difference[]>;
  /** Files that would approve what waits for an approval. */
  approvals: ApprovalFile[];
}

/**
 * Makes the cluster what Git says of one sync: desired, plan, apply, wait, prune, report.
 * Everything that goes wrong is in the report's errors; only a bug, or a report that cannot be sent, is thrown.
 */
export async function pull(request: PullRequest, deps: PullDeps): Promise<PullOutcome> {
  const startedAt = deps.now().toISOString();
  const { run, differences } = (await refused(request, deps)) ?? (await planAndDo(request, deps));
  const report = reportOf(request, run, startedAt, deps.now());
  const reported = !request.dryRun && !isOthersTurn(run);
  if (reported) await deps.reports.send(report);
  return { report, reported, changes: run.changes, trouble: run.trouble, differences, approvals: run.approvals };
}

interface Done {
  run: Run;
  differences: Map<string, Difference[]>;
}

/** Set when the sync is suspended: then nothing is read or written. A dry run may show what a pull would do. */
async function refused({ head, sync, dryRun }: PullRequest, { now }: PullDeps): Promise<Done | undefined> {
  const run = new Run();
  try {
    if (!dryRun) await refuseStopped(head.tree, sync, now());
    return undefined;
  } catch (error) {
    run.failed(error);
    return { run, differences: new Map() };
  }
}

/** Plans and carries out, anew while another pull was at work between the two. */
async function planAndDo(request: PullRequest, deps: PullDeps): Promise<Done> {
  const fence = new Fence(request.sync.name, actingFor(request, deps), deps);
  try {
    for (let attempt = 1; ; attempt++) {
      const run = new Run();
      const { error, differences } = await once(request, deps, fence, run);
      if (!isChangedMeanwhile(error) || fence.wrote || attempt === plans) {
        if (error !== undefined) end(run, error);
        return { run, differences };
      }
      fence.restart();
    }
  } finally {
    await fence.leave();
  }
}

async function once(
  request: PullRequest,
  deps: PullDeps,
  fence: Fence,
  run: Run,
): Promise<{ error?: unknown; differences: Map<string, Difference[]> }> {
  const fenced = { ...deps, cluster: fence.cluster, records: fence.records };
  let differences = new Map<string, Difference[]>();
  try {
    if (request.dryRun) run.notices.push(...(await stopNotices(request.head.tree, request.sync, deps.now())));
    const planned = await prepare(request, fenced, run);
    // What another pull writes while this one reads looks like drift.
    if (run.drift.length > 0 && (await fence.records.changed(request.sync.name)))
      throw changedMeanwhile(request.sync.name);
    if (request.dryRun) differences = await tryOut(planned, request, fenced, run);
    else await carryOut(planned, request, fenced, run);
    return { differences };
  } catch (error) {
    return { error, differences };
  }
}

/** Says once what ended the pull: what stops one write may have stopped others before. */
function end(run: Run, error: unknown): void {
  const known = error instanceof RetryableError && run.errors.some(({ message }) => message === messageOf(error));
  if (!known) run.failed(error);
  // It did not heal what it saw; whose turn it is will say what there was.
  if (isOthersTurn(run)) run.drift = [];
}

function isChangedMeanwhile(error: unknown): boolean {
  return error instanceof RetryableError && error.code === 'record-changed';
}

/** True when the pull did nothing because another one is at work, or has been since: that one reports. */
function isOthersTurn({ errors }: Run): boolean {
  return errors.some(({ code }) => code === 'busy' || code === 'outdated');
}

/** The cluster as the service account of the sync, where it has one. */
function actingFor({ sync }: PullRequest, { cluster, impersonation }: PullDeps): Cluster {
  const user = userOf(sync, impersonation);
  return user === undefined ? cluster : cluster.as(user);
}

function reportOf({ head, sync, run: id }: PullRequest, run: Run, startedAt: string, now: Date): SyncReported {
  return {
    type: 'SyncReported',
    run: id,
    startedAt,
    at: now.toISOString(),
    cluster: sync.cluster,
    sync: sync.name,
    ...(sync.environment !== undefined && { environment: sync.environment }),
    revision: head.tree.revision,
    result: run.errors.length > 0 ? 'failed' : run.verdict,
    changes: run.changes.filter(({ action }) => action !== 'unchanged'),
    counts: countActions(run.changes),
    drift: run.drift,
    healed: run.healed,
    ...(run.drift.length > 0 && run.notHealed !== undefined && { notHealed: run.notHealed }),
    ...(run.adopted.length > 0 && { adopted: run.adopted }),
    health: run.health,
    ...(run.images !== undefined && { images: run.images }),
    errors: run.errors,
    ...(run.left.length > 0 && { left: run.left }),
    ...(run.notices.length > 0 && { notices: run.notices }),
    rulesHash: rulesHash(head.config.drift),
    ...(head.config.drift.graceSeconds > 0 && { graceSeconds: head.config.drift.graceSeconds }),
  };
}
