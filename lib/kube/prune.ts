import type { KubeObject } from '../model/kube-object.ts';
import { nameOf } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';
import { badExceptions, exceptionsOf } from './exceptions/exceptions.ts';
import { ignoreAnnotation, pruneAnnotation, takeAnnotation } from './exceptions/own.ts';
import { guardPrune, noGuards, type PruneGuards, type WaitingPrune, waitingReason } from './guard.ts';
import { belongsTo, idAnnotation } from './normalise.ts';
import { orderGroups } from './order.ts';

/** Deleting one of these deletes what people stored in it, or everything of its kind. */
const keptKinds = new Set([
  '/Namespace',
  '/PersistentVolume',
  '/PersistentVolumeClaim',
  'apiextensions.k8s.io/CustomResourceDefinition',
]);

/** True for kinds that hold what cannot be made again: they are pruned only when annotated, and never deleted to be created again. */
export function isKeptKind({ apiVersion, kind }: { apiVersion: string; kind: string }): boolean {
  return keptKinds.has(`${groupOf(apiVersion)}/${kind}`);
}

/** One object to delete; the uid of `live` guards the deletion. */
export interface PlannedPrune {
  id: string;
  live: KubeObject;
  reason: string;
}

/** One object that stays as it is, and why. */
export interface Skipped {
  id: string;
  reason: string;
}

/** How to prune. */
export interface PruneOptions {
  sync: string;
  /** Delete what left Git. */
  prune: boolean;
  /** Why nothing may be pruned now (`the render has problems`): everything that would be is skipped with this reason. */
  keep?: string;
  /** Why an object must stay although it left this sync: another one declares it. */
  claimed?: ReadonlyMap<string, string>;
  /** Without it only the number of objects makes a prune wait. */
  guards?: PruneGuards;
}

interface PruneInput {
  /** Names of objects that were applied and are no longer desired. */
  left: string[];
  live: (id: string) => KubeObject | undefined;
  /** How many objects the record has. */
  recorded: number;
  desired: KubeObject[];
  options: PruneOptions;
}

/** What becomes of the objects that left Git. */
export interface PrunePlan {
  /** In order, the reverse of applying. */
  prune: PlannedPrune[][];
  /** Also those of `waiting`. */
  skipped: Skipped[];
  gone: string[];
  /** What is not pruned before somebody approves. */
  waiting: WaitingPrune[];
  /** The same, with those that were approved: the record keeps them until they are pruned. */
  guarded: WaitingPrune[];
}

/** What to delete, in the reverse of the apply order; what to keep and why, after what was `skipped` before; what is gone already. */
export function planPrune(
  { left, live, recorded, desired, options }: PruneInput,
  skipped: readonly Skipped[],
): PrunePlan {
  const gone: string[] = [];
  const kept: Skipped[] = [];
  const candidates: KubeObject[] = [];
  for (const id of left) {
    const object = live(id);
    const reason = object && reasonToKeep(object, options);
    if (object === undefined || belongsToAnother(object, options.sync)) gone.push(id);
    else if (reason === undefined) candidates.push(object);
    else kept.push({ id, reason });
  }
  const guards = options.guards ?? noGuards;
  const general = reasonToKeepAll(desired, options);
  // While nothing is pruned at all it is not sure what has left Git: nothing new begins to wait.
  const { free, waiting, guarded } = guardPrune(general === undefined ? candidates : [], recorded, guards);
  kept.push(...waiting.map((one) => ({ id: one.object, reason: waitingReason(one) })));
  if (general !== undefined) kept.push(...candidates.map((object) => ({ id: nameOf(object), reason: general })));
  // What stays for another reason for now goes on to be guarded after it.
  const judged = new Set(guarded.map(({ object }) => object));
  const still = guards.waiting.filter(({ object }) => !judged.has(object) && kept.some(({ id }) => id === object));
  const approvals = new Map(free.map(({ object, approval }) => [object, approval]));
  const prune = orderGroups([...approvals.keys()])
    .reverse()
    .map((group) => group.reverse().map((object) => planned(object, approvals.get(object))));
  return { prune, skipped: [...skipped, ...kept], gone, waiting, guarded: [...guarded, ...still] };
}

function planned(live: KubeObject, approval: string | undefined): PlannedPrune {
  return { id: nameOf(live), live, reason: approval === undefined ? 'left Git' : `left Git; ${approval}` };
}

function reasonToKeepAll(desired: KubeObject[], { keep, prune }: PruneOptions): string | undefined {
  if (keep !== undefined) return `it left Git; not pruned: ${keep}`;
  if (!prune) return 'it left Git; prune is off';
  if (desired.length === 0) return 'Git has no object at all: nothing is pruned';
  return undefined;
}

/** An object that moved to another sync is that one's. */
function belongsToAnother(object: KubeObject, sync: string): boolean {
  const other = object.metadata.annotations?.[idAnnotation]?.split(':')[0];
  return other !== undefined && other !== sync && belongsTo(object, other);
}

function reasonToKeep(object: KubeObject, { sync, claimed }: PruneOptions): string | undefined {
  const claim = claimed?.get(nameOf(object));
  if (claim !== undefined) return claim;
  if (!belongsTo(object, sync)) return 'it left Git; it does not carry our label and id any more, so it is not deleted';
  const bad = badExceptions(object).find(({ key }) => key !== ignoreAnnotation && key !== takeAnnotation);
  if (bad !== undefined) return `it left Git; not pruned: ${bad.key}: ${bad.message}`;
  const { prune: wish } = exceptionsOf(object);
  if (wish === 'never') return 'it left Git; an annotation says never to prune it';
  if (object.metadata.deletionTimestamp) return 'it left Git and is being deleted';
  if (isKeptKind(object) && wish !== 'always' && wish !== 'confirm')
    return `it left Git; a ${object.kind} is pruned only with ${pruneAnnotation}: always, or confirm`;
  return undefined;
}
