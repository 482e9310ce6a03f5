import type { FieldDrift } from '../model/drift.ts';
import { matchesObject } from '../model/glob.ts';
import { type KubeObject, type ManagedFieldsEntry, nameOf } from '../model/kube-object.ts';
import { classOfEntry, type ManagerRules, managerText } from './managers.ts';

/** What of an object a list of metadata tells. */
export type Stray = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;

/** Kinds of which programs write many objects, and people hardly any: nobody declares them. */
const passing = new Set([
  '/Event',
  'events.k8s.io/Event',
  'discovery.k8s.io/EndpointSlice',
  'coordination.k8s.io/Lease',
]);

/** What the cluster puts into every namespace by itself; of some it does not say so in `managedFields`. */
const builtIn = ['ServiceAccount/*/default', 'ConfigMap/*/kube-root-ca.crt'];

/** True for a kind of which objects that nobody declared mean nothing. */
export function isPassing(group: string, kind: string): boolean {
  return passing.has(`${group}/${kind}`);
}

/**
 * True for an object that somebody put there: it has no owner, is not made by the cluster itself, by controllers alone or by Helm for its own
 * notes, is not going away, and no rule of Git says that it may be there. An object with an owner goes when that does: the cluster sees to it.
 */
export function isSomebodys(
  object: Stray,
  { managers, ignore }: { managers?: ManagerRules | undefined; ignore: readonly string[] },
): boolean {
  const { metadata } = object;
  if (metadata.deletionTimestamp || (metadata.ownerReferences ?? []).length > 0) return false;
  const name = nameOf(object);
  if ([...builtIn, ...ignore].some((pattern) => matchesObject(pattern, name))) return false;
  if (metadata.labels?.['owner'] === 'helm' && metadata.name.startsWith('sh.helm.release.')) return false;
  const entries = metadata.managedFields ?? [];
  return entries.length === 0 || entries.some((entry) => classOfEntry(entry, managers) !== 'controller');
}

/** Milliseconds between the creation of an object and the time of its creator's entry: both are whole seconds. */
const sameMoment = 1_000;

/**
 * Who made an object and when, as far as that is known: an entry of `managedFields` has the time of its manager's last change, so that only who
 * has not touched the object since is known to have made it.
 */
export function originOf(
  { metadata }: Stray,
  managers?: ManagerRules,
): { reason: string; field: FieldDrift | undefined } {
  const entries = (metadata.managedFields ?? []).filter(({ subresource }) => !subresource);
  const byPeople = entries.filter((entry) => classOfEntry(entry, managers) !== 'controller');
  const { creationTimestamp: made } = metadata;
  if (!made) return { reason: 'when and by whom it was made is not recorded', field: undefined };
  const creator = byPeople.find(({ time }) => isSame(time, made));
  const others = namesOf(byPeople.filter((entry) => entry !== creator));
  const by = creator === undefined ? ', by whom is not recorded' : ` by ${managerText(creator)}`;
  const since = others.length === 0 ? '' : `; ${others.join(', ')} changed it`;
  const known = creator && {
    manager: managerText(creator),
    ...(creator.operation !== undefined && { operation: creator.operation }),
  };
  const note = creator === undefined ? { note: 'by whom is not recorded' } : {};
  return {
    reason: `made at ${made}${by}${since}`,
    field: { path: 'metadata.creationTimestamp', live: made, ...known, time: made, ...note },
  };
}

function isSame(time: string | undefined, made: string): boolean {
  return time !== undefined && Math.abs(Date.parse(time) - Date.parse(made)) <= sameMoment;
}

function namesOf(entries: readonly ManagedFieldsEntry[]): string[] {
  return [...new Set(entries.map(managerText))].sort();
}
