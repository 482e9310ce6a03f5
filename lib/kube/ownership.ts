import type { KubeObject } from '../model/kube-object.ts';
import type { ManagedFieldsEntry } from '../model/kube-object.ts';

/** A JSON patch (RFC 6902). */
export type JsonPatch = { op: 'replace'; path: string; value: unknown }[];

/**
 * A JSON patch that makes ours the fields of the entries for which `take` is true, so that our next apply removes what Git does not have.
 * Guarded by the object's resourceVersion: the API server answers 409 when it changed meanwhile. Undefined when there is nothing to take.
 */
export declare function ownershipPatch(
  live: KubeObject,
  take: (entry: ManagedFieldsEntry) => boolean,
  now: Date,
): JsonPatch | undefined;
