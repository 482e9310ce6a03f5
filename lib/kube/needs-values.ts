import type { KubeObject } from '../model/kube-object.ts';
import { foreignPaths } from './foreign.ts';
import type { ManagerRules } from './managers.ts';
import type { AppliedEntry } from './record.ts';

/** What of a live object a list of metadata tells, at the record's apiVersion. */
export type LiveMetadata = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;

/**
 * Whether an object must be read whole to be compared: false where its metadata prove that `compareObject` would find nothing. It is the object that
 * was recorded, at the resourceVersion that was recorded, and nobody but controllers holds a field that we do not.
 * Who counts as what may depend on rules of Git (`managers`). Of a fight the record has Git's values and not what was there, and what was left to another is judged by its holder: these are always read.
 */
export function needsValues(
  entry: AppliedEntry,
  { apiVersion, kind, metadata }: LiveMetadata,
  managers?: ManagerRules,
): boolean {
  const isSame = metadata.uid === entry.uid && metadata.resourceVersion === entry.resourceVersion;
  if (!isSame || apiVersion !== entry.apiVersion) return true;
  if (entry.left !== undefined && entry.left.length > 0) return true;
  if (entry.rewrites?.some(({ fight }) => fight !== undefined)) return true;
  if (entry.merged) return false;
  const live = { apiVersion, kind, metadata };
  return foreignPaths(live, entry.fields, ['person', 'deployer', 'other'], entry.ignored, managers).length > 0;
}
