import type { PlannedApply } from '../kube/plan.ts';
import { type KubeObject, objectIdOf } from '../model/kube-object.ts';
import type { ApplyFailure, Cluster, Resource, Sleep } from './ports.ts';

/** Finalizers and a graceful end may take a while; what takes longer is gone on with at the next pull. */
const patience = 60_000;
const lookEvery = 200;

interface RecreateDeps {
  cluster: Cluster;
  sleep: Sleep;
  now: () => Date;
}

/** True when the API server refused a change of an immutable field, and Git asks to delete the object and create it again. */
export function asksToRecreate({ recreate }: PlannedApply, failure: ApplyFailure): boolean {
  return failure.code === 'immutable' && recreate !== undefined;
}

/**
 * Deletes an object of which an immutable field changed, waits until it is gone, and creates it again. Only the object of the planned uid
 * is deleted. When this breaks off in between, the record's intent names the object and the next pull creates it.
 */
export async function recreate(
  { id, desired, recreate: planned }: PlannedApply,
  failure: ApplyFailure,
  resource: Resource,
  { cluster, sleep, now }: RecreateDeps,
): Promise<{ object: KubeObject } | { failure: ApplyFailure }> {
  if (planned === undefined) return { failure };
  if ('refused' in planned) return { failure: { ...failure, message: `${failure.message}; ${planned.refused}` } };
  const name = objectIdOf(desired);
  const removed = await cluster.remove(resource, name, planned.uid);
  if (typeof removed === 'object') return removed;
  const deadline = now().getTime() + patience;
  for (;;) {
    const live = await cluster.get(resource, name);
    if (live === undefined || live.metadata.uid !== planned.uid) break;
    if (now().getTime() > deadline) return { failure: stillThere(id, live) };
    await sleep(lookEvery);
  }
  return await cluster.apply(resource, desired, { force: true, dryRun: false });
}

function stillThere(object: string, live: KubeObject): ApplyFailure {
  const finalizers = live.metadata.finalizers ?? [];
  const held = finalizers.length === 0 ? '' : ` (its finalizers: ${finalizers.join(', ')})`;
  const message = `it was deleted to be created again, and is still there after ${patience / 1000} s${held}`;
  return { object, code: 'unavailable', message, retryable: true };
}
