import { userOf } from '../config/account.ts';
import type { ApprovalFile } from '../config/approvals.ts';
import { countActions, type ObjectChange } from '../model/change-set.ts';
import type { SyncReported } from '../model/messages.ts';
import { carryOut } from './carry-out.ts';
import type { Difference } from './differences.ts';
import type { Cluster } from './ports.ts';
import { prepare } from './prepare.ts';
import type { PullDeps, PullRequest } from './request.ts';
import { Run } from './run.ts';
import { refuseStopped } from './stopped.ts';
import { tryOut } from './try-out.ts';

/** What a pull did. */
export interface PullOutcome {
  report: SyncReported;
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
  const run = new Run();
  const startedAt = deps.now().toISOString();
  let found = new Map<string, Difference[]>();
  try {
    if (!request.dryRun) await refuseStopped(request.head.tree, request.sync, deps.now());
    const acting = { ...deps, cluster: actingFor(request, deps) };
    const planned = await prepare(request, acting, run);
    if (request.dryRun) found = await tryOut(planned, request, acting, run);
    else await carryOut(planned, request, acting, run);
  } catch (error) {
    run.failed(error);
  }
  const report = reportOf(request, run, startedAt, deps.now());
  if (!request.dryRun) await deps.reports.send(report);
  return { report, changes: run.changes, trouble: run.trouble, differences: found, approvals: run.approvals };
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
    health: run.health,
    errors: run.errors,
    ...(run.notices.length > 0 && { notices: run.notices }),
  };
}
