import type { KubeObject, ManagedFieldsEntry } from '../model/kube-object.ts';
import { type FieldPath, type FieldsV1, nodeAt } from './fields.ts';
import { classOfEntry, fieldsOf, type ManagerRules, otherEntries } from './managers.ts';

/**
 * Whose entry has a path; else, whose has all of what it lies in. People before others, others before controllers, then the latest.
 */
export function holderOf(live: KubeObject, path: FieldPath, managers?: ManagerRules): ManagedFieldsEntry | undefined {
  const rank = { person: 0, deployer: 1, other: 2, controller: 3 };
  const others = otherEntries(live);
  const exact = others.filter((entry) => nodeAt(fieldsOf(entry) ?? {}, path) !== undefined);
  const holders = exact.length > 0 ? exact : others.filter((entry) => holds(fieldsOf(entry) ?? {}, path));
  return holders.sort(
    (a, b) =>
      rank[classOfEntry(a, managers)] - rank[classOfEntry(b, managers)] || ((a.time ?? '') < (b.time ?? '') ? 1 : -1),
  )[0];
}

/** True when a set has a path, or all of what it lies in. */
export function holds(fields: FieldsV1, path: FieldPath): boolean {
  if (nodeAt(fields, path) !== undefined) return true;
  return path.some((_, length) => {
    const outer = length === 0 ? undefined : nodeAt(fields, path.slice(0, length));
    return outer !== undefined && isWhole(outer);
  });
}

/** True for a value that is held as one. A map of which only itself is held (`.`) holds nothing of what others have in it. */
function isWhole(node: FieldsV1): boolean {
  return Object.keys(node).length === 0;
}

/** True where a controller holds the field. */
export function isController(holder: ManagedFieldsEntry | undefined, managers?: ManagerRules): boolean {
  return holder !== undefined && classOfEntry(holder, managers) === 'controller';
}
