import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { type FieldsV1, pathText } from './fields.ts';
import { foreignAdditions } from './foreign.ts';
import { desiredHashOf, keyFor } from './hash.ts';
import { ourFields, ourManager } from './managers.ts';
import { heldByControllers } from './ownership.ts';
import { type HashTree, projectionOf } from './projection.ts';

/** What the puller last applied for one sync, kept in the cluster. Holds hashes, no values. */
export interface AppliedRecord {
  /** Readers refuse any other number. */
  format: 1;
  sync: string;
  cluster?: string;
  /** The commit that was applied last. */
  revision: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Versions of what rendered it: `{ kubectl: "v1.35.2", helm: "v4.1.4" }`. */
  renderers: Record<string, string>;
  entries: AppliedEntry[];
  /**
   * What a pull was about to write, set before its first write and taken away when the facts are in `entries`. Found set: that pull
   * was cut off, these objects (as `formatObjectId` writes them) may or may not have been written and their entries prove nothing.
   */
  intent?: { revision: string; objects: string[] };
}

/** What the API server answered to our last apply of one object. */
export interface AppliedEntry {
  /** As `formatObjectId` writes it. */
  object: string;
  apiVersion: string;
  kind: string;
  /** Empty for a cluster-scoped object. */
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  /** Of Git's object, normalised; keyed for a Secret. */
  desiredHash: string;
  /** Our `managedFields` entry (manager `windlass`, `Apply`, no subresource). */
  fields: FieldsV1;
  /** Paths, for people, that others held beside us in the answer, people's tools only. */
  foreign: string[];
  /** Paths, for people, that Git sets and a controller holds: left out of the apply. */
  left?: string[];
  /** The answer cut down to `fields`: list order kept, a hash per scalar (keyed for a Secret). */
  projection: HashTree;
  /** ISO 8601, UTC. */
  appliedAt: string;
  /** ISO 8601, UTC: since when the object has been on its way to health; absent when it is healthy. */
  healthProgressingSince?: string;
}

/**
 * Makes the record of one apply. `desired` is Git's object as `normalise` returned it (not what was sent, where fields were left to a
 * controller), `answer` what the API server gave back. Throws when the answer has no uid, no resourceVersion or no entry of `windlass`.
 */
export function recordEntry(
  desired: KubeObject,
  answer: KubeObject,
  options: { hashKey: Uint8Array; now: Date },
): AppliedEntry {
  const { uid, resourceVersion, name, namespace } = answer.metadata;
  const fields = ourFields(answer);
  if (!uid || !resourceVersion || fields === undefined) {
    throw new Error(
      `${nameOf(desired)}: the API server's answer has no uid, no resourceVersion or no fields of ${ourManager}`,
    );
  }
  const left = heldByControllers(desired, answer).map(pathText);
  return {
    object: nameOf(desired),
    apiVersion: desired.apiVersion,
    kind: desired.kind,
    namespace: namespace ?? '',
    name,
    uid,
    resourceVersion,
    desiredHash: desiredHashOf(desired, options.hashKey),
    fields,
    foreign: foreignAdditions(answer, fields).map(({ path }) => pathText(path)),
    ...(left.length === 0 ? {} : { left }),
    projection: projectionOf(answer, fields, keyFor(desired, options.hashKey)),
    appliedAt: options.now.toISOString(),
  };
}
