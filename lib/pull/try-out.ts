import { changesOf } from '../kube/plan.ts';
import { type Difference, differences } from './differences.ts';
import { lookAtHealth } from './look.ts';
import { rehearse } from './perform.ts';
import { type Planned, resourcesOf } from './prepare.ts';
import { withRemovals } from './removals.ts';
import type { PullDeps, PullRequest } from './request.ts';
import type { Run } from './run.ts';

/** Tries a plan by server-side dry runs and tells, by object, which fields it would change. Nothing is written. */
export async function tryOut(
  planned: Planned,
  request: PullRequest,
  deps: PullDeps,
  run: Run,
): Promise<Map<string, Difference[]>> {
  const { plan, wanted, live, hashKey } = planned;
  const resources = resourcesOf(wanted);
  const served = new Set(wanted.objects.filter((object) => object.served).map(({ id }) => id));
  const { answers, recreated } = await rehearse(plan, { cluster: deps.cluster, resources, run }, (id) =>
    served.has(id),
  );
  for (const change of changesOf(plan))
    run.changes.push({ ...change, reason: recreated.get(change.object) ?? change.reason });
  await lookAtHealth(planned, new Map(), request, false, deps, run);
  const found = new Map<string, Difference[]>();
  for (const [id, answer] of answers) {
    const before = live.objects.get(id);
    if (before !== undefined) found.set(id, differences(before, answer, hashKey));
  }
  return withRemovals(found, plan);
}
