import { imagesOf } from '../kube/images.ts';
import { restOf } from '../kube/plan.ts';
import { recordEntry } from '../kube/record.ts';
import { mostImages } from '../model/running-images.ts';
import { applyInTurn } from './in-turn.ts';
import { lookAtHealth } from './look.ts';
import { type Planned, resourcesOf } from './prepare.ts';
import { postponePrune, prunePlan } from './prune.ts';
import type { PullDeps, PullRequest } from './request.ts';
import type { Run } from './run.ts';

/** Applies a plan, looks at the health of what is there, and prunes; the record follows each step. */
export async function carryOut(planned: Planned, request: PullRequest, deps: PullDeps, run: Run): Promise<void> {
  try {
    await doAll(planned, request, deps, run);
  } finally {
    await planned.ledger.idle();
  }
}

async function doAll(planned: Planned, request: PullRequest, deps: PullDeps, run: Run): Promise<void> {
  const { plan, wanted, live, ledger, hashKey } = planned;
  const { head } = request;
  const { cluster, sleep, now } = deps;
  const progress = deps.progress ?? (() => undefined);
  const resources = resourcesOf(wanted);
  for (const id of plan.gone) ledger.forget(id);
  for (const { desired, live: there } of plan.remember)
    ledger.settle(recordEntry(desired, there, { hashKey, now: now() }));
  // Before the revision is reached: what waits must not be free at the next pull because this one was cut off.
  ledger.guard(plan.guarded);
  run.changes.push(...restOf(plan));
  const applying = { cluster, resources, ledger, run, hashKey, now, sleep, progress };
  const { applied: written, lost, held } = await applyInTurn(planned, request, deps, applying);
  run.notHealed = plan.drift
    .map(({ object }) => object)
    .filter((object) => !written.has(object) || plan.notHealed.has(object));
  run.adopted = [...plan.adopted];
  run.healed = plan.drift.length > 0 && run.notHealed.length === 0;
  if (lost) {
    // What was done is worth a try to write down; where that fails too, the record still names all that was intended.
    postponePrune(plan, run, 'the API server stopped answering');
    return await ledger.save();
  }
  if (run.errors.length === 0 && held.size === 0) {
    ledger.reach(head.tree.revision);
    run.images = imagesOf(wanted.objects.map(({ object }) => object)).slice(0, mostImages);
  }
  await ledger.save();
  const decided = await lookAtHealth(
    planned,
    written,
    request,
    request.wait === 'block' && run.errors.length === 0,
    deps,
    run,
  );
  if (held.size > 0 && run.verdict === 'synced') run.verdict = 'progressing';
  if (run.errors.length > 0) postponePrune(plan, run, 'nothing is pruned while there are errors');
  else if (held.size > 0) postponePrune(plan, run, 'pruning waits until everything is applied');
  else if (!decided) postponePrune(plan, run, 'pruning waits until the objects are healthy, or their time is up');
  else {
    await prunePlan(plan, { cluster, resources: live.resources, ledger, run, progress });
  }
  await ledger.save();
}
