import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ManagedFieldsEntry } from '../model/kube-object.ts';
import { keepsCreator } from './creator.ts';
import { insideEmpty } from './emptied.ts';
import { put, splitFields } from './exceptions/ignored.ts';
import { childrenOf, type FieldPath, type FieldsV1, hasChildren, nodeAt, pathText, union } from './fields.ts';
import { canonicalJson } from './hash.ts';
import { byHolderAlone, isLeft, type Leaving } from './left.ts';
import {
  classOfEntry,
  fieldsOf,
  isOurs,
  type ManagerRules,
  managerText,
  otherEntries,
  ourFields,
  ourManager,
} from './managers.ts';
import { resolveChild, resolvePath } from './resolve.ts';

/** A JSON patch (RFC 6902). */
export type JsonPatch = { op: 'replace' | 'remove'; path: string; value?: unknown }[];

/**
 * A JSON patch that makes ours the fields of the entries for which `take` is true, so that our next apply removes what Git does not have.
 * Entries of subresources, of another apiVersion and of kinds whose creation cannot be repeated stay. Guarded by the resourceVersion: the
 * API server answers 409 when the object changed meanwhile. Fields at the paths of `except` stay with who has them: an apply that lacks
 * them would remove them. Undefined when there is nothing to take.
 */
export function ownershipPatch(
  live: KubeObject,
  take: (entry: ManagedFieldsEntry) => boolean,
  except: readonly FieldPath[] = [],
): JsonPatch | undefined {
  if (keepsCreator(live)) return undefined;
  const entries = live.metadata.managedFields ?? [];
  const parts = new Map(entries.map((entry) => [entry, splitFields(fieldsOf(entry) ?? {}, except)]));
  const isTaken = (entry: ManagedFieldsEntry) =>
    !isOurs(entry) && !entry.subresource && entry.apiVersion === live.apiVersion && take(entry);
  const taken = entries.filter((entry) => isTaken(entry) && !isEmpty(parts.get(entry)!.outside));
  if (taken.length === 0) return undefined;
  const ours = entries.find((entry) => isOurs(entry) && entry.apiVersion === live.apiVersion);
  const fields = taken.reduce<FieldsV1>((all, entry) => union(all, parts.get(entry)!.outside), fieldsOf(ours) ?? {});
  const time = ours?.time ?? taken.at(-1)?.time;
  const merged: ManagedFieldsEntry = {
    manager: ourManager,
    operation: 'Apply',
    apiVersion: live.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
  };
  const kept = entries.flatMap((entry) => {
    if (entry === ours) return [];
    if (!taken.includes(entry)) return [entry];
    const { inside } = parts.get(entry)!;
    return isEmpty(inside) ? [] : [{ ...entry, fieldsV1: inside }];
  });
  return [
    { op: 'replace', path: '/metadata/managedFields', value: [merged, ...kept] },
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
  ];
}

/**
 * A JSON patch that gives back what an ownership patch took, when the apply after it was refused: with the entries would go who made a
 * difference that stays. `before` are the entries from before that patch, `taken` is what it was answered with. Undefined where somebody
 * wrote the object meanwhile, save its subresources.
 */
export function givingBackPatch(
  before: readonly ManagedFieldsEntry[],
  taken: KubeObject,
  live: KubeObject,
): JsonPatch | undefined {
  const isMain = ({ subresource }: ManagedFieldsEntry) => !subresource;
  const { managedFields: now = [], resourceVersion } = live.metadata;
  if (!isDeepStrictEqual(now.filter(isMain), taken.metadata.managedFields?.filter(isMain))) return undefined;
  const value = [...before.filter(isMain), ...now.filter(({ subresource }) => subresource)];
  return [
    { op: 'replace', path: '/metadata/managedFields', value },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
  ];
}

/**
 * A JSON patch that removes, one by one, what is ours inside of maps and lists that Git gives empty (`automated: {}`): an apply would not
 * leave the map empty but null, which the schema of a custom resource refuses. Guarded by the resourceVersion. Undefined where there is nothing.
 */
export function emptyingPatch(live: KubeObject, git: KubeObject): JsonPatch | undefined {
  const ours = ourFields(live) ?? {};
  const inside = insideEmpty(ours, git, live);
  if (inside.length === 0) return undefined;
  const { outside } = splitFields(
    ours,
    inside.map(({ path }) => path),
  );
  const entries = live.metadata.managedFields?.map((entry) =>
    isOurs(entry) ? { ...entry, fieldsV1: outside } : entry,
  );
  return [
    ...inside.map(({ pointer }) => ({ op: 'remove' as const, path: pointer })),
    { op: 'replace', path: '/metadata/managedFields', value: entries },
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
  ];
}

/**
 * For a dry run of an apply that `emptyingPatch` has to go before, since neither can be tried after the other: what to apply, without the
 * maps and lists that it would empty, and the answer with these as they would be. Undefined where there is nothing to empty.
 */
export function tryEmptying(
  live: KubeObject,
  git: KubeObject,
): { object: KubeObject; complete(answer: KubeObject): KubeObject } | undefined {
  const inside = insideEmpty(ourFields(live) ?? {}, git, live).map(({ path }) => path);
  if (inside.length === 0) return undefined;
  const emptied = [...new Map(inside.map((path) => path.slice(0, -1)).map((path) => [pathText(path), path])).values()];
  const remaining = without(live, inside);
  const complete = (answer: KubeObject) => {
    const copy = structuredClone(answer);
    for (const path of emptied) {
      const [there, wanted] = [resolvePath(remaining, path), resolvePath(git, path, true)];
      const found = there.count === 'one' ? there : wanted;
      put(copy, path, found.count === 'one' ? found.value : undefined);
    }
    return copy;
  };
  return { object: without(git, emptied), complete };
}

/**
 * A JSON patch that gives up what our patch made ours by Update: the defaults that the API server put in the place of what it removed, which
 * are nobody's. Undefined where there is none.
 */
export function defaultsPatch(answer: KubeObject): JsonPatch | undefined {
  const entries = answer.metadata.managedFields ?? [];
  const kept = entries.filter(({ manager, operation }) => manager !== ourManager || operation !== 'Update');
  if (kept.length === entries.length) return undefined;
  return [
    { op: 'replace', path: '/metadata/managedFields', value: kept },
    { op: 'replace', path: '/metadata/resourceVersion', value: answer.metadata.resourceVersion },
  ];
}

/** Whose fields are taken over: of people's tools, or at adoption also those of earlier deployers. */
export type TakenFrom = 'people' | 'people and deployers';

/** The ownership patch for what people, and at adoption earlier tools, put on an object. Undefined when there is nothing to take. */
export function takeOverPatch(
  live: KubeObject,
  from: TakenFrom,
  except: readonly FieldPath[] = [],
  managers?: ManagerRules,
): JsonPatch | undefined {
  const adopting = from === 'people and deployers';
  const isWanted = (entry: ManagedFieldsEntry) => {
    const manager = classOfEntry(entry, managers);
    return manager === 'person' || (adopting && (manager === 'deployer' || entry.manager === 'before-first-apply'));
  };
  return ownershipPatch(live, isWanted, except);
}

/** The managers of whom an adoption takes something: people's tools, earlier deployers, and programs that nobody knows. Sorted. */
export function adoptedFrom(live: KubeObject, except: readonly FieldPath[], managers?: ManagerRules): string[] {
  const from = otherEntries(live).filter(
    (entry) =>
      !entry.subresource &&
      classOfEntry(entry, managers) !== 'controller' &&
      !isEmpty(splitFields(fieldsOf(entry) ?? {}, except).outside),
  );
  return [...new Set(from.map(managerText))].sort();
}

/** A field that Git sets and that is left to who holds it. */
export interface Held {
  path: FieldPath;
  holder: ManagedFieldsEntry;
}

/**
 * The fields that Git sets, that are left to another and that we do not hold, with another value than Git's: an autoscaler's replicas, an
 * injected caBundle. An apply that sent them would undo the controller's work, and for ever again.
 */
export function heldByOthers(desired: KubeObject, live: KubeObject, leaving: Leaving = byHolderAlone): Held[] {
  const ours = ourFields(live) ?? {};
  const held = otherEntries(live)
    .filter((entry) => entry.subresource !== 'status')
    .flatMap((holder) => leavesOf(fieldsOf(holder) ?? {}).map((path): Held => ({ path, holder })))
    .filter(
      ({ path, holder }) => isLeft(path, holder, leaving) && nodeAt(ours, path) === undefined && isRemovable(path),
    );
  const different = held.filter(({ path }) => {
    const wanted = resolvePath(desired, path, true);
    const found = resolvePath(live, path);
    return (
      wanted.count === 'one' && found.count === 'one' && canonicalJson(wanted.value) !== canonicalJson(found.value)
    );
  });
  return [...new Map(different.map((one) => [pathText(one.path), one])).values()];
}

/** A copy of the object without the fields at the paths. */
export function without(object: KubeObject, paths: readonly FieldPath[]): KubeObject {
  if (paths.length === 0) return object;
  const copy = structuredClone(object);
  for (const path of paths) put(copy, path, undefined);
  return copy;
}

function isEmpty(fields: FieldsV1): boolean {
  return Object.keys(fields).length === 0;
}

function leavesOf(set: FieldsV1, path: FieldPath = []): FieldPath[] {
  if (!hasChildren(set)) return path.length === 0 ? [] : [path];
  return childrenOf(set).flatMap(([element, child]) => leavesOf(child, [...path, element]));
}

/** Only fields can be left out of an apply, and of a list item only those that are not its keys. */
function isRemovable(path: FieldPath): boolean {
  const last = path.at(-1)!;
  const item = path.at(-2);
  if (!last.startsWith('f:')) return false;
  return !item?.startsWith('k:') || resolveChild(JSON.parse(item.slice(2)), last).count === 'none';
}
