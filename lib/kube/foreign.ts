import type { KubeObject, ManagedFieldsEntry } from '../model/kube-object.ts';
import { isCreation } from './creator.ts';
import { splitFields } from './exceptions/ignored.ts';
import { additions, type FieldPath, type FieldsV1, pathText } from './fields.ts';
import { classOfEntry, fieldsOf, type ManagerClass, otherEntries } from './managers.ts';
import { lastAppliedAnnotation } from './mask.ts';
import { resolvePath } from './resolve.ts';

/** A field that somebody put beside ours. */
export interface Addition {
  path: FieldPath;
  entry: ManagedFieldsEntry;
}

/**
 * The shortest paths that entries of a class have and `ours` lacks (rule C). Left out: status, what a tool notes for itself
 * (last-applied), what came with the creation of an object that is filled in once, what is `ignored`, and paths at which nothing is any
 * more. Sorted by path, each once.
 */
export function foreignAdditions(
  live: KubeObject,
  ours: FieldsV1,
  wanted: ManagerClass[] = ['person'],
  ignored: readonly FieldPath[] = [],
): Addition[] {
  const found = new Map<string, Addition>();
  for (const entry of otherEntries(live)) {
    if (isCreation(live, entry) || entry.subresource === 'status' || !wanted.includes(classOfEntry(entry))) continue;
    const { 'f:status': _status, ...theirs } = splitFields(fieldsOf(entry) ?? {}, ignored).outside;
    for (const path of additions(theirs, ours).flatMap((path) => withoutOwnNotes(theirs, path))) {
      const text = pathText(path);
      if (!found.has(text) && resolvePath(live, path).count !== 'none') found.set(text, { path, entry });
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, addition]) => addition);
}

/** `metadata.annotations` as a whole is given by its keys, so that a tool's own note can be left out. */
function withoutOwnNotes(theirs: FieldsV1, path: FieldPath): FieldPath[] {
  if (path.length === 2 && path[0] === 'f:metadata' && path[1] === 'f:annotations') {
    const keys = Object.keys(theirs['f:metadata']?.['f:annotations'] ?? {}).filter((key) => key !== '.');
    return keys.filter((key) => key !== `f:${lastAppliedAnnotation}`).map((key) => [...path, key]);
  }
  return path.at(-1) === `f:${lastAppliedAnnotation}` ? [] : [path];
}
