import type { ObjectChange } from '../model/change-set.ts';
import type { ObjectDrift } from '../model/drift.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { FieldDrift } from '../model/drift.ts';
import type { JsonPatch } from './ownership.ts';
import type { AppliedRecord } from './record.ts';

/** One object to apply. */
export interface PlannedApply {
  /** As `formatObjectId` writes it. */
  id: string;
  /** What to send: Git's object without the fields that a controller holds. */
  object: KubeObject;
  /** Git's object, normalised: what `recordEntry` wants. Mostly the same as `object`. */
  desired: KubeObject;
  action: 'created' | 'configured';
  reason: string;
  /** Send this JSON patch before the apply (only with the option `takeOver`): it makes ours what people added, so that the apply removes it. */
  ownership?: JsonPatch;
}

/** One object to delete; `uid` and `resourceVersion` guard the deletion. */
export interface PlannedPrune {
  id: string;
  live: KubeObject;
  reason: string;
}

/** What a pull is going to do with one sync: a value, shown, performed and reported. */
export interface Plan {
  /** In order: a group is applied before the next, its members in any order. */
  apply: PlannedApply[][];
  /** Objects that are as the record says. */
  unchanged: string[];
  /** In order, the reverse of applying. */
  prune: PlannedPrune[][];
  /** Objects that stay as they are, and why; those of the record stay in the record. */
  skipped: { id: string; reason: string }[];
  /** Objects of the record that left Git and are gone already: they leave the record. */
  gone: string[];
  /** What live shows against the record, before anything is healed. */
  drift: ObjectDrift[];
  /** Fields that controllers hold: not drift. */
  leftToControllers: { id: string; fields: FieldDrift[] }[];
}

/** How to plan. */
export interface PlanOptions {
  sync: string;
  /** Delete what left Git. */
  prune: boolean;
  /** Put right what drifted although Git did not change. */
  selfHeal: boolean;
  hashKey: Uint8Array;
  /** Why nothing may be pruned now (`the render has problems`): everything that would be is skipped with this reason. */
  keep?: string;
  /** True when the caller can send `PlannedApply.ownership`. Without it, what people added is drift that stays. */
  takeOver?: boolean;
}

/**
 * What must happen so that `live` becomes `desired`.
 * `desired` are normalised objects with their namespaces; `live` has a key for every object of `desired` and of the record (its entries
 * and intent), undefined where the API server said that there is none. Throws a `UserError` (`duplicate-object`) when two objects have one name,
 * and an `Error` when an object was not looked up: not knowing is not the same as not there.
 */
export declare function plan(input: {
  desired: KubeObject[];
  live: ReadonlyMap<string, KubeObject | undefined>;
  record: AppliedRecord | undefined;
  options: PlanOptions;
}): Plan;

/** The plan as changes, in the order of doing; for a dry run and `diff`. */
export declare function changesOf(plan: Plan): ObjectChange[];
