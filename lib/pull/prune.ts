import type { Plan } from '../kube/plan.ts';
import type { PlannedPrune } from '../kube/prune.ts';
import { each } from '../model/each.ts';
import { objectIdOf } from '../model/kube-object.ts';
import type { Ledger } from './ledger.ts';
import type { Cluster, Resource } from './ports.ts';
import type { Run } from './run.ts';

const deletionsAtOnce = 16;

/** What pruning needs. */
export interface PruneDeps {
  cluster: Cluster;
  resources: ReadonlyMap<string, Resource | undefined>;
  ledger: Ledger;
  run: Run;
  progress: (line: string) => void;
}

/** Deletes what left Git, in the plan's order. Every object that stays is in the run's changes with the reason. */
export async function prunePlan(plan: Plan, deps: PruneDeps): Promise<void> {
  for (const group of plan.prune) {
    deps.progress(`pruning ${group.length} ${group.length === 1 ? 'object' : 'objects'}`);
    await each(group, deletionsAtOnce, (planned) => pruneOne(planned, deps));
    await deps.ledger.save();
  }
}

async function pruneOne(
  { id, live, reason }: PlannedPrune,
  { cluster, resources, ledger, run }: PruneDeps,
): Promise<void> {
  const result = await cluster.remove(resources.get(id)!, objectIdOf(live), live.metadata.uid ?? '');
  if (typeof result === 'object') {
    run.refused('prune', result.failure);
    return;
  }
  // What its finalizers keep stays in the record until it is really gone.
  if (result !== 'deleting') ledger.forget(id);
  run.changes.push({ object: id, action: 'pruned', reason: reasons[result] ?? reason });
}

const reasons: Readonly<Record<string, string>> = {
  gone: 'it was gone already',
  deleting: 'left Git; it is being deleted, and goes when its finalizers are done',
};

/** Says of everything that would be pruned why it was not. */
export function postponePrune(plan: Plan, run: Run, reason: string): void {
  for (const { id } of plan.prune.flat()) run.changes.push({ object: id, action: 'skipped', reason });
}
