import type { FieldPath } from '../kube/fields.ts';
import type { ManagerRules } from '../kube/managers.ts';
import { givingBackPatch, type JsonPatch, type TakenFrom, takeOverPatch } from '../kube/ownership.ts';
import type { PlannedApply } from '../kube/plan.ts';
import { type KubeObject, type ManagedFieldsEntry, objectIdOf } from '../model/kube-object.ts';
import { tryApply } from './apply-emptying.ts';
import type { Cluster, Resource } from './ports.ts';
import type { Run } from './run.ts';

/** An object in the middle of a roll-out changes several times a second. */
const releaseTries = 5;

/** Whose fields are to become ours before an apply. */
export interface Release {
  takenFrom: TakenFrom;
  except: readonly FieldPath[];
  managers: ManagerRules | undefined;
  patch: JsonPatch | undefined;
  /** Whose the fields are until then. */
  before: readonly ManagedFieldsEntry[];
}

/** What became ours before an apply: whose it was, and the object after that. */
export interface Taken {
  before: readonly ManagedFieldsEntry[];
  object: KubeObject;
}

interface ReleaseDeps {
  cluster: Cluster;
  run: Run;
}

/**
 * Makes ours what others put on the object, so that the apply removes it. A status that moved meanwhile makes the patch void: it is made
 * anew. Undefined where nothing was taken.
 */
export async function release(
  object: KubeObject,
  from: Release,
  resource: Resource,
  { cluster, run }: ReleaseDeps,
): Promise<Taken | undefined> {
  const name = objectIdOf(object);
  let { patch, before } = from;
  for (let attempt = 1; patch !== undefined; attempt++) {
    const answer = await cluster.release(resource, name, patch);
    if (!('failure' in answer)) return { before, object: answer.object };
    if (answer.failure.code !== 'conflict' || attempt === releaseTries) {
      run.refused('apply', answer.failure);
      return undefined;
    }
    const live = await cluster.get(resource, name);
    patch = live === undefined ? undefined : takeOverPatch(live, from.takenFrom, from.except, from.managers);
    before = live?.metadata.managedFields ?? [];
  }
  return undefined;
}

/** Gives back what was taken before an apply that was refused. Where that fails, only who made the difference is not known any more. */
export async function giveBack({ before, object }: Taken, resource: Resource, cluster: Cluster): Promise<void> {
  const name = objectIdOf(object);
  let patch = givingBackPatch(before, object, object);
  for (let attempt = 1; patch !== undefined && attempt <= releaseTries; attempt++) {
    const answer = await cluster.release(resource, name, patch);
    if (!('failure' in answer) || answer.failure.code !== 'conflict') return;
    const live = await cluster.get(resource, name);
    patch = live && givingBackPatch(before, object, live);
  }
}

/**
 * False where the apply would be refused for an immutable field, with each pull again: then nothing is taken, and all is left as it is. An apply
 * that is refused for other reasons may go well once the fields are ours. At an adoption nothing was told yet.
 */
export async function mayTake(
  { object, adopts }: PlannedApply,
  resource: Resource,
  cluster: Cluster,
): Promise<boolean> {
  if (adopts !== undefined) return true;
  const tried = await tryApply(object, resource, cluster);
  return !('failure' in tried && tried.failure.code === 'immutable');
}

/** What is still to be taken over after an apply: what could not be known before, or was not taken because the apply seemed to be refused. */
export function lateRelease(
  { ownership, adopts, managers }: PlannedApply,
  live: KubeObject,
  isTaken: boolean,
): Release | undefined {
  const from = (takenFrom: TakenFrom, except: readonly FieldPath[]) => {
    const patch = takeOverPatch(live, takenFrom, except, managers);
    return patch && { takenFrom, except, managers, patch, before: live.metadata.managedFields ?? [] };
  };
  if (adopts !== undefined && hasEarlierFields(live)) return from('people and deployers', adopts.except);
  return ownership !== undefined && !isTaken ? from(ownership.takenFrom, ownership.except) : undefined;
}

/** The API server makes this entry at the first apply of an object that had no managed fields: whose they were is not known. */
function hasEarlierFields({ metadata }: KubeObject): boolean {
  return metadata.managedFields?.some(({ manager }) => manager === 'before-first-apply') ?? false;
}
