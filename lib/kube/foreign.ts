import type { KubeObject, ManagedFieldsEntry } from '../model/kube-object.ts';
import { isCreation } from './creator.ts';
import { splitFields } from './exceptions/ignored.ts';
import { additions, type FieldPath, type FieldsV1, hasMember, membersOf, pathText } from './fields.ts';
import { classOfEntry, fieldsOf, type ManagerClass, type ManagerRules, otherEntries } from './managers.ts';
import { lastAppliedAnnotation } from './mask.ts';
import { resolvePath } from './resolve.ts';

/** A field that somebody put beside ours. */
export interface Addition {
  path: FieldPath;
  entry: ManagedFieldsEntry;
}

/** What Git says about additions. */
export interface AdditionRules {
  managers?: ManagerRules | undefined;
  /** What remains of one that was found. */
  keep?: (addition: Addition) => Addition[];
}

/**
 * The shortest paths that entries of a class have and `ours` lacks (rule C), and at which something is. Left out: status, what a tool notes
 * for itself (last-applied), what came with the creation of an object that is filled in once, and what is `ignored`. Sorted by path, each once.
 */
export function foreignAdditions(
  live: KubeObject,
  ours: FieldsV1,
  wanted: ManagerClass[] = ['person'],
  ignored: readonly FieldPath[] = [],
  { managers, keep = (addition) => [addition] }: AdditionRules = {},
): Addition[] {
  const found = new Map<string, Addition>();
  const there = foreignPaths(live, ours, wanted, ignored, managers).filter(
    ({ path }) => resolvePath(live, path).count !== 'none',
  );
  for (const addition of there.flatMap(keep)) {
    const text = pathText(addition.path);
    if (!found.has(text)) found.set(text, addition);
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, addition]) => addition);
}

/** The same by managed fields alone, also where nothing is any more, in no order. */
export function foreignPaths(
  live: KubeObject,
  ours: FieldsV1,
  wanted: ManagerClass[],
  ignored: readonly FieldPath[] = [],
  managers?: ManagerRules,
): Addition[] {
  const found: Addition[] = [];
  for (const entry of otherEntries(live)) {
    if (isCreation(live, entry) || entry.subresource === 'status' || !wanted.includes(classOfEntry(entry, managers)))
      continue;
    const { 'f:status': _status, ...theirs } = splitFields(fieldsOf(entry) ?? {}, ignored).outside;
    for (const path of additions(theirs, ours).flatMap((path) => withoutOwnNotes(theirs, path)))
      found.push({ path, entry });
  }
  return found;
}

/** Every single field that others have, that `ours` lacks, and at which something is; each once. Status is left out. */
export function foreignMembers(live: KubeObject, ours: FieldsV1): FieldPath[] {
  const found = new Map<string, FieldPath>();
  for (const entry of otherEntries(live)) {
    if (entry.subresource === 'status') continue;
    const { 'f:status': _status, ...theirs } = fieldsOf(entry) ?? {};
    for (const path of membersOf(theirs))
      if (!hasMember(ours, path) && resolvePath(live, path).count !== 'none') found.set(pathText(path), path);
  }
  return [...found.values()];
}

/** `metadata.annotations` as a whole is given by its keys, so that a tool's own note can be left out. */
function withoutOwnNotes(theirs: FieldsV1, path: FieldPath): FieldPath[] {
  if (path.length === 2 && path[0] === 'f:metadata' && path[1] === 'f:annotations') {
    const keys = Object.keys(theirs['f:metadata']?.['f:annotations'] ?? {}).filter((key) => key !== '.');
    return keys.filter((key) => key !== `f:${lastAppliedAnnotation}`).map((key) => [...path, key]);
  }
  return path.at(-1) === `f:${lastAppliedAnnotation}` ? [] : [path];
}
