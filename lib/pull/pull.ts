import type { SyncSpec } from '../config/config.ts';
import { changesOf, type Plan, plan } from '../kube/plan.ts';
import { countActions, type ObjectChange } from '../model/change-set.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { SyncReported } from '../model/messages.ts';
import { movedTo, withoutClaimed } from './claims.ts';
import type { Head } from './head.ts';
import { waitForHealth } from './health.ts';
import { Ledger } from './ledger.ts';
import { type Live, readLive } from './live.ts';
import { applyPlan, rehearse } from './perform.ts';
import type { AppliedRecords, Cluster, Renderer, Reports, Resource, Sleep } from './ports.ts';
import { postponePrune, prunePlan } from './prune.ts';
import { Run } from './run.ts';
import { readWanted, type Wanted } from './wanted.ts';

/** One pull of one sync. */
export interface PullRequest {
  head: Head;
  sync: SyncSpec;
  /** Plan, try by server-side dry runs, write nothing and report nothing. */
  dryRun: boolean;
  /** `block`: stay until the objects are healthy or their time is up. `report`: say how they are now; the next pull goes on. */
  wait: 'block' | 'report';
  /** Unique for this pull. */
  run: string;
}

/** What a pull works with. */
export interface PullDeps {
  cluster: Cluster;
  records: AppliedRecords;
  renderer: Renderer;
  reports: Reports;
  sleep: Sleep;
  now: () => Date;
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** One line a step, for a terminal. */
  progress?: (line: string) => void;
}

/** What a pull did. */
export interface PullOutcome {
  report: SyncReported;
  /** Every object, `unchanged` ones too, in the order of doing. */
  changes: ObjectChange[];
  /** True when an error may pass by itself; with errors and false, all of them are for the user to mend. */
  trouble: boolean;
  /** Of a dry run: live and what it would become, for each object that would change and could be tried. */
  rehearsed: { object: string; live: KubeObject | undefined; planned: KubeObject }[];
}

/** A pull that has read everything and knows what to do. */
interface Planned {
  plan: Plan;
  wanted: Wanted;
  live: Live;
  ledger: Ledger;
  hashKey: Uint8Array;
}

/**
 * Makes the cluster what Git says of one sync: desired, plan, apply, wait, prune, report.
 * Everything that goes wrong is in the report's errors; only a bug, or a report that cannot be sent, is thrown.
 */
export async function pull(request: PullRequest, deps: PullDeps): Promise<PullOutcome> {
  const run = new Run();
  const startedAt = deps.now().toISOString();
  let rehearsed: PullOutcome['rehearsed'] = [];
  try {
    const planned = await prepare(request, deps, run);
    if (request.dryRun) rehearsed = await tryOut(planned, deps, run);
    else await carryOut(planned, request, deps, run);
  } catch (error) {
    run.failed(error);
  }
  const report = reportOf(request, run, startedAt, deps.now());
  if (!request.dryRun) await deps.reports.send(report);
  return { report, changes: run.changes, trouble: run.trouble, rehearsed };
}

async function prepare({ head, sync }: PullRequest, deps: PullDeps, run: Run): Promise<Planned> {
  const { cluster, records, renderer, now } = deps;
  deps.progress?.(`rendering ${sync.name} at ${head.tree.revision.slice(0, 12)}`);
  const rendered = await readWanted(head.tree, sync, renderer, cluster);
  deps.progress?.(`reading the cluster`);
  const [record, hashKey, renderers] = await Promise.all([
    records.read(sync.name),
    records.hashKey(),
    renderer.versions(),
  ]);
  const live = await readLive(sync.name, rendered.objects, record, cluster);
  const wanted = await withoutClaimed(rendered, live, head.tree, sync, head.config.syncs, renderer);
  run.errors.push(...wanted.problems);
  const made = plan({
    desired: wanted.objects.map(({ object }) => object),
    live: live.objects,
    record,
    options: {
      sync: sync.name,
      prune: sync.prune,
      selfHeal: sync.selfHeal,
      hashKey,
      takeOver: true,
      ...(wanted.problems.length > 0 && { keep: 'nothing is pruned while an object cannot be applied' }),
    },
  });
  run.drift = made.drift;
  const facts = { sync: sync.name, cluster: sync.cluster, revision: head.tree.revision, renderers };
  return { plan: made, wanted, live, hashKey, ledger: new Ledger(record, facts, records, now) };
}

async function tryOut(
  { plan, wanted, live }: Planned,
  { cluster }: PullDeps,
  run: Run,
): Promise<PullOutcome['rehearsed']> {
  run.changes.push(...changesOf(plan));
  const resources = resourcesOf(wanted);
  const served = new Set(wanted.objects.filter((object) => object.served).map(({ id }) => id));
  const answers = await rehearse(plan, { cluster, resources, run }, (id) => served.has(id));
  return [...answers].map(([object, planned]) => ({ object, live: live.objects.get(object), planned }));
}

async function carryOut(planned: Planned, { head, sync, wait }: PullRequest, deps: PullDeps, run: Run): Promise<void> {
  const { plan, wanted, live, ledger, hashKey } = planned;
  const { cluster, sleep, now, signal } = deps;
  const progress = deps.progress ?? (() => undefined);
  const resources = resourcesOf(wanted);
  for (const id of plan.gone) ledger.forget(id);
  run.changes.push(...[...plan.unchanged].map((object) => ({ object, action: 'unchanged' as const })));
  run.changes.push(...plan.skipped.map(({ id, reason }) => ({ object: id, action: 'skipped' as const, reason })));
  const written = await applyPlan(plan, { cluster, resources, ledger, run, hashKey, now, sleep, progress });
  run.healed = plan.drift.length > 0 && plan.drift.every(({ object }) => written.has(object));
  if (run.errors.length === 0) ledger.reach(head.tree.revision);
  await ledger.save();
  const health = await waitForHealth(present(wanted, live, written), wait === 'block' && run.errors.length === 0, {
    ...{ cluster, ledger, resources, now, sleep, signal, progress },
    sync: sync.name,
    waitSeconds: sync.waitSeconds,
    written: new Set(written.keys()),
  });
  run.health = health.objects;
  run.verdict = health.verdict;
  if (run.errors.length > 0) postponePrune(plan, run, 'nothing is pruned while there are errors');
  else if (!health.decided)
    postponePrune(plan, run, 'pruning waits until the objects are healthy, or their time is up');
  else {
    const moved = (object: string) => movedTo(object, head.tree, sync, head.config.syncs, deps.renderer);
    await prunePlan(plan, { cluster, resources: live.resources, ledger, run, progress, movedTo: moved });
  }
  await ledger.save();
}

function resourcesOf(wanted: Wanted): Map<string, Resource> {
  return new Map(wanted.objects.map(({ id, resource }) => [id, resource]));
}

/** The wanted objects that are in the cluster, as they were last seen. */
function present(wanted: Wanted, live: Live, written: ReadonlyMap<string, KubeObject>): Map<string, KubeObject> {
  const seen = wanted.objects.map(({ id }): [string, KubeObject | undefined] => [
    id,
    written.get(id) ?? live.objects.get(id),
  ]);
  return new Map(seen.filter((pair): pair is [string, KubeObject] => pair[1] !== undefined));
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
  };
}
