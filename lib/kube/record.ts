import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { exceptionsOf } from './exceptions/exceptions.ts';
import { ignoredIn, put, splitFields, takenIn } from './exceptions/ignored.ts';
import { withoutIgnored } from './exceptions/without-ignored.ts';
import { expires } from './expires.ts';
import { type FieldPath, type FieldsV1, pathText, union } from './fields.ts';
import type { Rewrite } from './fight.ts';
import { foreignAdditions } from './foreign.ts';
import type { WaitingPrune } from './guard.ts';
import { desiredHashOf, keyFor } from './hash.ts';
import { isLeft, type Leaving } from './left.ts';
import { type ManagerRules, ourFields, ourManager } from './managers.ts';
import { heldByOthers } from './ownership.ts';
import { type HashTree, projectionOf } from './projection.ts';
import { type Found, resolvePath } from './resolve.ts';
import { mayBeScaled, replicasPath, type Scaling } from './scalers.ts';
import { isMap } from './values.ts';

/** The format that is written. A reader refuses a higher one. */
export const recordFormat = 3;

/** What the puller last applied for one sync, kept in the cluster. Holds hashes, no values. */
export interface AppliedRecord {
  /** 1 lacks `path`, `waiting` and the entries' `ignored` and `merged`, 2 their `taken`, `scaled` and `rewrites`; else they are the same. */
  format: 1 | 2 | typeof recordFormat;
  sync: string;
  cluster?: string;
  /** The commit that was applied last. */
  revision: string;
  /** The sync's path in the config repo at that commit. */
  path?: string;
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
  /** What left Git and is not pruned before somebody approves; each is in `entries` or was in `intent`. */
  waiting?: WaitingPrune[];
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
  /** Paths, for people, that Git sets and that were left to a controller: not in the apply. */
  left?: string[];
  /** Where those of `left` stand of which Git has more than an empty value: gone, somebody removed them. Older records lack it. */
  leftAt?: string[][];
  /** Fields that Git's object takes although a controller sets them. */
  taken?: string[][];
  /** True where an autoscaler set its replicas when a pull last looked. */
  scaled?: true;
  /** What was put right lately, against whom: to know a fight by. */
  rewrites?: Rewrite[];
  /** Fields that Git's object ignores: in neither `fields` nor `projection`, and not compared. The empty path is everything. */
  ignored?: string[][];
  /** True where Git's object says that what others add beside it may stay. */
  merged?: true;
  /** True for an object that Kubernetes deletes when it has done its work: that it is not there is no drift. */
  expires?: true;
  /** The answer cut down to `fields`: list order kept, a hash per scalar (keyed for a Secret). */
  projection: HashTree;
  /** ISO 8601, UTC. */
  appliedAt: string;
  /** ISO 8601, UTC: since when the object has been on its way to health; absent when it is healthy. */
  healthProgressingSince?: string;
}

/** What a record is made with, besides the objects. */
export interface RecordOptions {
  hashKey: Uint8Array;
  now: Date;
  /** Whether an autoscaler sets its replicas; absent is `unknown`. */
  scaling?: Scaling;
  /** Whose tools count as what. */
  managers?: ManagerRules | undefined;
  /** Fields that were left to another writer for now: of those that the record had (`before`), it keeps Git's values. */
  contested?: { paths: readonly FieldPath[]; before: FieldsV1 };
  rewrites?: readonly Rewrite[];
}

/**
 * Makes the record of one apply. `desired` is Git's object as `normalise` returned it (not what was sent, where fields were left to a
 * controller), `answer` what the API server gave back. Throws when the answer has no uid, no resourceVersion or no entry of `windlass`.
 */
export function recordEntry(desired: KubeObject, answer: KubeObject, options: RecordOptions): AppliedEntry {
  const { uid, resourceVersion, name, namespace } = answer.metadata;
  const owned = ourFields(answer);
  if (!uid || !resourceVersion || owned === undefined) {
    throw new Error(
      `${nameOf(desired)}: the API server's answer has no uid, no resourceVersion or no fields of ${ourManager}`,
    );
  }
  const { contested = { paths: [], before: {} }, rewrites = [], scaling = 'unknown', managers, hashKey } = options;
  const ignored = ignoredIn(desired, answer);
  const taken = takenIn(desired, answer);
  const fields = union(splitFields(owned, ignored).outside, splitFields(contested.before, contested.paths).inside);
  const left = leftIn(desired, answer, { scaling, taken, managers });
  const leftAt = left.filter((path) => !isEmptyValue(resolvePath(desired, path, true)));
  return {
    object: nameOf(desired),
    apiVersion: desired.apiVersion,
    kind: desired.kind,
    namespace: namespace ?? '',
    name,
    uid,
    resourceVersion,
    desiredHash: desiredHashOf(desired, hashKey),
    fields,
    foreign: foreignAdditions(answer, fields, ['person'], ignored, { managers }).map(({ path }) => pathText(path)),
    ...(left.length === 0 ? {} : { left: left.map(pathText) }),
    ...(leftAt.length === 0 ? {} : { leftAt: leftAt.map((path) => [...path]) }),
    ...(ignored.length === 0 ? {} : { ignored: ignored.map((path) => [...path]) }),
    ...(taken.length === 0 ? {} : { taken: taken.map((path) => [...path]) }),
    ...(scaling === 'scaled' ? { scaled: true as const } : {}),
    ...(rewrites.length === 0 ? {} : { rewrites: [...rewrites] }),
    ...(exceptionsOf(desired).apply === 'merge' ? { merged: true as const } : {}),
    ...(expires(answer) ? { expires: true as const } : {}),
    projection: projectionOf(withValues(answer, contested.paths, desired), fields, keyFor(desired, hashKey), desired),
    appliedAt: options.now.toISOString(),
  };
}

/** What was not applied as Git has it: an autoscaler's replicas are, where they are ours, applied as they were. */
function leftIn(desired: KubeObject, answer: KubeObject, leaving: Leaving): FieldPath[] {
  const held = heldByOthers(withoutIgnored(desired), answer, leaving).map(({ path }) => path);
  const isScaled = mayBeScaled(desired, answer) && isLeft(replicasPath, undefined, leaving);
  const left = [...held, ...(isScaled ? [replicasPath] : [])];
  return [...new Map(left.map((path) => [pathText(path), path])).values()];
}

/** The API server drops such a value (`caBundle: ""`): that nothing is there is the same. */
function isEmptyValue(found: Found): boolean {
  if (found.count === 'none' || found.value === null || found.value === '') return true;
  return typeof found.value === 'object' && Object.keys(found.value as object).length === 0;
}

/** The object with the values that another one has at the paths. */
function withValues(object: KubeObject, paths: readonly FieldPath[], from: KubeObject): KubeObject {
  if (paths.length === 0) return object;
  const copy = structuredClone(object);
  for (const path of paths) {
    const found = resolvePath(from, path, true);
    put(copy, path, found.count === 'one' ? found.value : undefined);
  }
  return copy;
}

/**
 * Reads a record as it was stored, of this format or an older one; or says why it cannot be used. One of a newer Windlass is refused: to
 * write it back without what is new in it would lose that.
 */
export function readRecord(stored: unknown, sync: string): { record: AppliedRecord } | { refused: string } {
  if (!isMap(stored)) return { refused: 'it is no record' };
  const { format } = stored;
  if (typeof format === 'number' && format > recordFormat) {
    const hint = 'use the newer one for this cluster';
    return { refused: `a newer Windlass wrote it, in format ${format}; this one reads up to ${recordFormat}: ${hint}` };
  }
  if (format !== 1 && format !== 2 && format !== recordFormat)
    return { refused: `it has format ${String(format)}, this Windlass reads 1 to ${recordFormat}` };
  if (stored['sync'] !== sync || !Array.isArray(stored['entries']))
    return { refused: 'it is not a record of this sync' };
  return { record: stored as unknown as AppliedRecord };
}
