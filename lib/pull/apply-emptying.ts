import { defaultsPatch, emptyingPatch, tryEmptying } from '../kube/ownership.ts';
import { type KubeObject, objectIdOf } from '../model/kube-object.ts';
import type { ApplyFailure, Cluster, Resource } from './ports.ts';

/** What came of an apply, and whether the object was written on the way although the last of it was refused. */
export interface Emptied {
  answer: { object: KubeObject } | { failure: ApplyFailure };
  wasWritten: boolean;
}

const force = { force: true, dryRun: false };

/**
 * Applies an object. An apply that takes the last key of ours out of a map which Git keeps empty (`automated: {}`) leaves null there, and the
 * schema of a custom resource refuses that: then the keys are removed one by one before it is applied again.
 */
export async function applyEmptying(object: KubeObject, resource: Resource, cluster: Cluster): Promise<Emptied> {
  const answer = await cluster.apply(resource, object, force);
  if (!('failure' in answer) || answer.failure.code !== 'invalid') return { answer, wasWritten: false };
  if (!(await emptied(object, resource, cluster))) return { answer, wasWritten: false };
  return { answer: await cluster.apply(resource, object, force), wasWritten: true };
}

/** False where there was nothing to remove, or the API server refused to. */
async function emptied(object: KubeObject, resource: Resource, cluster: Cluster): Promise<boolean> {
  const id = objectIdOf(object);
  const live = await cluster.get(resource, id);
  const patch = live && emptyingPatch(live, object);
  if (patch === undefined) return false;
  const answer = await cluster.release(resource, id, patch);
  if ('failure' in answer) return false;
  const defaults = defaultsPatch(answer.object);
  if (defaults !== undefined) await cluster.release(resource, id, defaults);
  return true;
}

/** The same as a dry run, which writes nothing: where keys would be removed before, the answer is put together from what is there. */
export async function tryApply(object: KubeObject, resource: Resource, cluster: Cluster): Promise<Emptied['answer']> {
  const options = { force: true, dryRun: true };
  const answer = await cluster.apply(resource, object, options);
  if (!('failure' in answer) || answer.failure.code !== 'invalid') return answer;
  const live = await cluster.get(resource, objectIdOf(object));
  const attempt = live && tryEmptying(live, object);
  if (attempt === undefined) return answer;
  const tried = await cluster.apply(resource, attempt.object, options);
  return 'failure' in tried ? answer : { object: attempt.complete(tried.object) };
}
