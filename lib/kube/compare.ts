import type { FieldDrift, ObjectDrift } from '../model/drift.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { AppliedEntry } from './record.ts';

/** What a comparison found. No `drift` and no `unknown`: the object is as it was applied. */
export interface Verdict {
  drift?: ObjectDrift;
  /** Why it could not be compared. */
  unknown?: string;
  /** Fields of ours that a controller holds now (an HPA's replicas): not drift. */
  leftToControllers: FieldDrift[];
  /** Fields that managers which are neither people's tools nor controllers put beside ours: shown, no alert. */
  addedByOthers: FieldDrift[];
  /** Paths that are no longer ours although their values are: taken back by the next apply. */
  ownershipLost: string[];
}

/**
 * Compares a live object with what was applied.
 * `live` is read at the record's apiVersion, undefined only when the API server said that it is not there. `desired` (normalised, of the
 * revision that was applied) only serves to show Git's values. Objects named in the record's `intent` must not be compared.
 */
export declare function compareObject(input: {
  entry: AppliedEntry;
  live: KubeObject | undefined;
  desired?: KubeObject;
  hashKey: Uint8Array;
}): Verdict;
