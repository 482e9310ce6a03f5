import type { KubeObject, ManagedFieldsEntry } from '../model/kube-object.ts';
import type { DriftRules } from './drift-rules.ts';
import { exceptionsOf } from './exceptions/exceptions.ts';
import { ignoredIn, takenIn, withLiveIgnored } from './exceptions/ignored.ts';
import { withoutIgnored } from './exceptions/without-ignored.ts';
import { type FieldPath, type FieldsV1, isWithin, pathText } from './fields.ts';
import type { Rewrite } from './fight.ts';
import { type ManagerRules, managerText } from './managers.ts';
import { belongsTo } from './normalise.ts';
import { adoptedFrom, heldByOthers, type JsonPatch, type TakenFrom, takeOverPatch, without } from './ownership.ts';
import { type Recreation, recreationOf } from './recreate.ts';
import { replicasPath, type Scaling } from './scalers.ts';

/** One object to apply. */
export interface PlannedApply {
  /** As `formatObjectId` writes it. */
  id: string;
  /** What to send: Git's object without the fields that are left to others. */
  object: KubeObject;
  /** Git's object, normalised: what `recordEntry` wants. Mostly the same as `object`. */
  desired: KubeObject;
  action: 'created' | 'configured';
  reason: string;
  /**
   * Send this JSON patch before the apply (only with the option `takeOver`): it makes ours what people or earlier tools put on the object,
   * so that the apply removes it. When the object changed meanwhile, `takeOverPatch` makes it anew from `takenFrom` and `except`. `before`:
   * whose the fields are until then.
   */
  ownership?: { takenFrom: TakenFrom; except: FieldPath[]; patch: JsonPatch; before: ManagedFieldsEntry[] };
  /** Whose tools count as what. */
  managers?: ManagerRules;
  /**
   * Set at adoption (only with the option `takeOver`): what the API server credits to `before-first-apply` then is taken over as well.
   * `isOurs`: the object says that it is of this sync, only the record does not know it.
   */
  adopts?: { except: FieldPath[]; isOurs: boolean };
  /** What is left to others although Git sets it, and to whom. */
  left?: { path: string; holder: string }[];
  /** Set where Git's object asks to be deleted and created again when a field turns out to be immutable. */
  recreate?: Recreation;
  /** For the record. */
  scaling?: Scaling;
  contested?: { paths: FieldPath[]; before: FieldsV1 };
  rewrites?: Rewrite[];
}

/** Why and how an object is applied. */
export interface ApplyDecision {
  action: 'created' | 'configured';
  reason: string;
  /** Take over what earlier deployers have, too. */
  adopt?: boolean;
  /** Fields that are left to another writer for now. */
  paused?: readonly FieldPath[];
  /** Fields that others added and that may stay. */
  kept?: readonly FieldPath[] | undefined;
  before?: FieldsV1;
  rewrites?: Rewrite[];
}

/** What a planned apply is made from. */
interface ApplySubject {
  id: string;
  desired: KubeObject;
  live: KubeObject | undefined;
}

/** Plans the apply of one object: what is sent, what is left to others, what is taken from them. */
export function applyOf(
  { id, desired, live }: ApplySubject,
  { action, reason, adopt = false, paused = [], kept: mayStay = [], before = {}, rewrites = [] }: ApplyDecision,
  options: {
    sync: string;
    takeOver?: boolean;
    scaling?: ReadonlyMap<string, Scaling>;
    scalers?: ReadonlyMap<string, string>;
    rules?: DriftRules | undefined;
  },
): PlannedApply {
  const managers = options.rules?.managers;
  const history = { ...(rewrites.length > 0 && { rewrites }), ...(managers !== undefined && { managers }) };
  if (live === undefined) return { id, object: desired, desired, action, reason, ...history };
  const scaling = options.scaling?.get(id);
  const leaving = { scaling: scaling ?? 'unknown', taken: takenIn(desired, live), managers } as const;
  const held = heldByOthers(withoutIgnored(desired), live, leaving);
  const isScaled = scaling === 'scaled' && !leaving.taken.some((outer) => isWithin(replicasPath, outer));
  const kept = [...ignoredIn(desired, live), ...paused, ...(isScaled ? [replicasPath] : [])];
  const except = [...kept, ...mayStay, ...held.map(({ path }) => path)];
  const sent = without(
    desired,
    held.map(({ path }) => path),
  );
  const object = withLiveIgnored(sent, kept, live);
  const takenFrom = adopt ? 'people and deployers' : 'people';
  const mayTake = options.takeOver && exceptionsOf(desired).apply !== 'merge';
  const patch = mayTake ? takeOverPatch(live, takenFrom, except, managers) : undefined;
  const recreate = recreationOf(desired, live, options.sync);
  const from = adopt && mayTake ? adoptedFrom(live, except, managers) : [];
  // Replicas are the autoscaler's, whoever wrote them last.
  const scaler = isScaled ? options.scalers?.get(id) : undefined;
  const left = held.map(({ path, holder }) => ({
    path: pathText(path),
    holder: (isWithin(path, replicasPath) && scaler) || managerText(holder),
  }));
  return {
    ...{ id, object, desired, action },
    reason: [reason, ...from.map((manager) => `taken over from ${manager}`), ...left.map(leftText)].join('; '),
    ...(left.length > 0 && { left }),
    ...(patch !== undefined && { ownership: { takenFrom, except, patch, before: live.metadata.managedFields ?? [] } }),
    ...(adopt && mayTake && { adopts: { except, isOurs: belongsTo(live, options.sync) } }),
    ...(recreate !== undefined && { recreate }),
    ...(scaling !== undefined && { scaling }),
    ...(paused.length > 0 && { contested: { paths: [...paused], before } }),
    ...history,
  };
}

function leftText({ path, holder }: { path: string; holder: string }): string {
  return `${path} is left to ${holder}`;
}
