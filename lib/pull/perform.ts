import type { Plan, PlannedApply } from '../kube/plan.ts';
import { recordEntry } from '../kube/record.ts';
import { recreateHint } from '../kube/recreate.ts';
import { each } from '../model/each.ts';
import { type KubeObject, objectIdOf } from '../model/kube-object.ts';
import { applyEmptying, tryApply } from './apply-emptying.ts';
import type { Ledger } from './ledger.ts';
import type { ApplyFailure, Cluster, Resource, Sleep } from './ports.ts';
import { asksToRecreate, recreate } from './recreate.ts';
import { giveBack, lateRelease, mayTake, release } from './release.ts';
import type { Run } from './run.ts';
import { isCrd } from './wanted.ts';

/** Writes under way at once inside a group. */
const writesAtOnce = 32;
/** A CRD is established in a second or two; until then its objects are refused. */
const crdPatience = 60_000;
const crdPoll = 200;

/** What applying needs. */
export interface PerformDeps {
  cluster: Cluster;
  resources: ReadonlyMap<string, Resource>;
  ledger: Ledger;
  run: Run;
  hashKey: Uint8Array;
  now: () => Date;
  sleep: Sleep;
  progress: (line: string) => void;
}

/** What became of a plan: the live object of each that was applied, without its managed fields, and whether the server stopped answering. */
export interface Applied {
  applied: Map<string, KubeObject>;
  lost: boolean;
}

/**
 * Applies a plan group by group. What is refused is in the run's errors and stops
 * nothing else; a server that stops answering ends it. The record says beforehand what is about to be written, and after each group what
 * was; the caller saves it for the last one.
 */
export async function applyPlan(plan: Plan, deps: PerformDeps): Promise<Applied> {
  const applied = new Map<string, KubeObject>();
  const all = plan.apply.flat();
  for (const entry of plan.noted) deps.ledger.set(entry);
  if (all.length === 0) return { applied, lost: false };
  await deps.ledger.intend(all.map(({ id }) => id));
  for (const group of plan.apply) {
    deps.progress(`applying ${describe(group)}`);
    const lost = await applyGroup(group, applied, deps);
    if (lost) return { applied, lost };
    // The last group is written down with what the caller has to say of the whole.
    if (group !== plan.apply.at(-1)) await deps.ledger.begin();
    await established(group, applied, deps);
  }
  return { applied, lost: false };
}

function describe(group: readonly PlannedApply[]): string {
  const kinds = [...new Set(group.map(({ object }) => object.kind))];
  return `${group.length} ${group.length === 1 ? 'object' : 'objects'} (${kinds.slice(0, 4).join(', ')}${kinds.length > 4 ? ' ...' : ''})`;
}

/** True when the server stopped answering. */
async function applyGroup(
  group: readonly PlannedApply[],
  applied: Map<string, KubeObject>,
  deps: PerformDeps,
): Promise<boolean> {
  let lost = false;
  await each(group, writesAtOnce, async (planned) => {
    if (lost) return;
    try {
      await applyOne(planned, applied, deps);
    } catch (error) {
      // The outcome is not known: the object stays in the record's intent, and the next pull looks again.
      lost = true;
      deps.run.failed(error, planned.id);
    }
  });
  return lost;
}

async function applyOne(planned: PlannedApply, applied: Map<string, KubeObject>, deps: PerformDeps): Promise<void> {
  const { cluster, resources, run, ledger, hashKey, now } = deps;
  const resource = resources.get(planned.id)!;
  const { ownership, managers } = planned;
  const isTaken = ownership !== undefined && (await mayTake(planned, resource, cluster));
  const taken = isTaken ? await release(planned.object, { ...ownership, managers }, resource, deps) : undefined;
  let { answer, wasWritten } = await applyEmptying(planned.object, resource, cluster);
  let { reason } = planned;
  if ('failure' in answer && asksToRecreate(planned, answer.failure)) {
    reason = recreatedReason(planned, answer.failure);
    answer = await recreate(planned, answer.failure, resource, deps);
  }
  const late = 'object' in answer ? lateRelease(planned, answer.object, isTaken) : undefined;
  if (late !== undefined) {
    wasWritten = true;
    await release(planned.object, late, resource, deps);
    answer = (await applyEmptying(planned.object, resource, cluster)).answer;
  }
  if ('failure' in answer) {
    if (taken !== undefined) await giveBack(taken, resource, cluster);
    run.refused('apply', answer.failure, immutableHint(planned, answer.failure));
    if (!answer.failure.retryable && !wasWritten) ledger.refuse(planned.id);
    return;
  }
  const { scaling, contested, rewrites } = planned;
  const options = { hashKey, now: now(), scaling, managers, contested, rewrites };
  const entry = recordEntry(planned.desired, answer.object, options);
  ledger.settle(entry);
  // The entry has what is ours of it. Of thousands of objects it is a quarter of the memory of a pull.
  delete answer.object.metadata.managedFields;
  applied.set(planned.id, answer.object);
  run.changes.push({ object: planned.id, action: planned.action, reason });
}

function recreatedReason({ reason }: PlannedApply, { message }: ApplyFailure): string {
  return `${reason}; deleted and created again: ${message}`;
}

function immutableHint({ desired, adopts }: PlannedApply, { code }: ApplyFailure): string | undefined {
  return code === 'immutable' ? recreateHint(desired, { adopted: adopts?.isOurs === false }) : undefined;
}

/** Waits until the API server serves the kinds of the group's CRDs. */
async function established(
  group: readonly PlannedApply[],
  applied: ReadonlyMap<string, KubeObject>,
  deps: PerformDeps,
): Promise<void> {
  const crds = group.filter(({ id, object }) => isCrd(object) && applied.has(id));
  if (crds.length === 0) return;
  const deadline = deps.now().getTime() + crdPatience;
  const waiting = new Map(crds.map((crd) => [crd.id, applied.get(crd.id)]));
  while (waiting.size > 0) {
    for (const { id, object } of crds) {
      if (!waiting.has(id)) continue;
      const live = await deps.cluster.get(deps.resources.get(id)!, objectIdOf(object));
      if (isEstablished(live)) waiting.delete(id);
    }
    if (waiting.size > 0 && deps.now().getTime() > deadline) {
      for (const object of waiting.keys()) deps.run.refused('apply', notEstablished(object));
      break;
    }
    if (waiting.size > 0) await deps.sleep(crdPoll);
  }
  deps.cluster.rediscover();
}

function notEstablished(object: string): ApplyFailure {
  return {
    object,
    code: 'unavailable',
    message: `the CRD was not established within ${crdPatience / 1000} s`,
    retryable: true,
  };
}

function isEstablished(crd: KubeObject | undefined): boolean {
  const { conditions } = (crd?.['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false;
}

/** What dry runs answered, by object. */
export interface Rehearsed {
  answers: Map<string, KubeObject>;
  /** Objects that would be deleted and created again, with the reason of their change. */
  recreated: Map<string, string>;
}

/** Tries a plan by server-side dry runs, which write nothing. What cannot be tried yet (its namespace or kind is only planned) is left out. */
export async function rehearse(
  plan: Plan,
  deps: Pick<PerformDeps, 'cluster' | 'resources' | 'run'>,
  served: (id: string) => boolean,
): Promise<Rehearsed> {
  const all = plan.apply.flat();
  const newNamespaces = new Set(
    all
      .filter(({ action, object }) => action === 'created' && object.apiVersion === 'v1' && object.kind === 'Namespace')
      .map(({ object }) => object.metadata.name),
  );
  const possible = all.filter(({ id, object }) => served(id) && !newNamespaces.has(object.metadata.namespace ?? ''));
  const rehearsed: Rehearsed = { answers: new Map(), recreated: new Map() };
  await each(possible, writesAtOnce, async (planned) => {
    const { id, object, recreate: may } = planned;
    const answer = await tryApply(object, deps.resources.get(id)!, deps.cluster);
    if (!('failure' in answer)) rehearsed.answers.set(id, answer.object);
    else if (asksToRecreate(planned, answer.failure) && !('refused' in may!))
      rehearsed.recreated.set(id, recreatedReason(planned, answer.failure));
    else deps.run.refused('apply', answer.failure, immutableHint(planned, answer.failure));
  });
  return rehearsed;
}
