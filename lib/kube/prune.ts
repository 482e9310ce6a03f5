import type { KubeObject } from '../model/kube-object.ts';
import { nameOf } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';
import { belongsTo, idAnnotation } from './normalise.ts';
import { orderGroups } from './order.ts';

/** On an object: `never` keeps it when it leaves Git, `always` lets also a kind go that is kept by default. */
export const pruneAnnotation = 'windlass.dev/prune';

/** Deleting one of these deletes what people stored in it. */
const keptKinds = new Set([
  '/Namespace',
  '/PersistentVolume',
  '/PersistentVolumeClaim',
  'apiextensions.k8s.io/CustomResourceDefinition',
]);

/** More objects than this AND more than this share of the sync: somebody has to look first. */
export const pruneLimit = { objects: 10, share: 0.25 };

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

/** What to delete, in the reverse of the apply order; what to keep and why, after what was `skipped` before; what is gone already. */
export function planPrune(
  { left, live, recorded, desired, options }: PruneInput,
  skipped: readonly Skipped[],
): { prune: PlannedPrune[][]; skipped: Skipped[]; gone: string[] } {
  const gone: string[] = [];
  const kept: Skipped[] = [];
  const doomed: KubeObject[] = [];
  const general = reasonToKeepAll(desired, options);
  for (const id of left) {
    const object = live(id);
    if (object === undefined || belongsToAnother(object, options.sync)) gone.push(id);
    else {
      const reason = general ?? reasonToKeep(object, options.sync);
      if (reason === undefined) doomed.push(object);
      else kept.push({ id, reason });
    }
  }
  if (doomed.length > pruneLimit.objects && doomed.length > pruneLimit.share * recorded) {
    const reason = `it left Git, with ${doomed.length} of ${recorded} objects at once: too many to prune unasked`;
    kept.push(...doomed.map((object) => ({ id: nameOf(object), reason })));
    doomed.length = 0;
  }
  const prune = orderGroups(doomed)
    .reverse()
    .map((group) => group.reverse().map((object) => ({ id: nameOf(object), live: object, reason: 'left Git' })));
  return { prune, skipped: [...skipped, ...kept], gone };
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

function reasonToKeep(object: KubeObject, sync: string): string | undefined {
  if (!belongsTo(object, sync)) return 'it left Git; it does not carry our label and id any more, so it is not deleted';
  const wish = object.metadata.annotations?.[pruneAnnotation];
  if (wish === 'never') return `it left Git; ${pruneAnnotation} is never`;
  if (object.metadata.deletionTimestamp) return 'it left Git and is being deleted';
  const kind = `${groupOf(object.apiVersion)}/${object.kind}`;
  if (keptKinds.has(kind) && wish !== 'always')
    return `it left Git; a ${object.kind} is pruned only with ${pruneAnnotation}: always`;
  return undefined;
}
