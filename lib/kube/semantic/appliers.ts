import type { KubeObject, ManagedFieldsEntry } from '../../model/kube-object.ts';
import { classOf, classOfEntry, isOurs, type ManagerRules } from '../managers.ts';
import { lastAppliedAnnotation } from '../mask.ts';
import { isMap } from '../values.ts';

/** Who brought an object into the cluster and keeps it there, as far as `managedFields` tell, and who else wrote on it. */
export interface Appliers {
  /**
   * `deployer` a tool that applies what Git says, or Windlass; `kubectl-apply` and `kubectl-client` a person's or a pipeline's kubectl,
   * server-side and client-side; `creator` whoever created it; `nobody` where `managedFields` are empty.
   */
  kind: 'deployer' | 'kubectl-apply' | 'kubectl-client' | 'creator' | 'nobody';
  entries: ManagedFieldsEntry[];
  /** Those of everybody else. */
  others: ManagedFieldsEntry[];
}

/** The first rule that finds anybody counts: a tool that applies Git stands above kubectl, and that above who created the object. */
export function appliersOf(live: KubeObject, managers?: ManagerRules): Appliers {
  const all = live.metadata.managedFields ?? [];
  for (const [kind, rule] of rules) {
    const entries = all.filter((entry) => !entry.subresource && rule(entry, live, managers));
    if (entries.length > 0) return { kind, entries, others: all.filter((entry) => !entries.includes(entry)) };
  }
  return { kind: 'nobody', entries: [], others: all };
}

type Rule = (entry: ManagedFieldsEntry, live: KubeObject, managers?: ManagerRules) => boolean;

const rules: readonly [Appliers['kind'], Rule][] = [
  ['deployer', (entry) => isOurs(entry) || classOf(entry.manager) === 'deployer'],
  // A pipeline may call itself what it likes: what applies server-side and is neither a person nor a controller, deploys.
  ['deployer', (entry, _, managers) => entry.operation === 'Apply' && classOfEntry(entry, managers) === 'other'],
  ['kubectl-apply', (entry) => entry.operation === 'Apply' && classOfEntry(entry) === 'person'],
  ['kubectl-client', (entry) => entry.manager === 'kubectl-client-side-apply'],
  ['creator', isCreator],
];

/** True for an entry that is as old as the object: the API server put its defaults into it. */
export function isCreator(entry: ManagedFieldsEntry, live: KubeObject): boolean {
  return entry.operation === 'Update' && entry.time !== undefined && entry.time === live.metadata.creationTimestamp;
}

/** What a client-side apply notes of what it applied last; undefined where there is no such note, or it is none. */
export function lastAppliedTo(live: KubeObject): KubeObject | undefined {
  try {
    const noted: unknown = JSON.parse(live.metadata.annotations?.[lastAppliedAnnotation] ?? '');
    return isMap(noted) && isMap(noted['metadata']) ? (noted as KubeObject) : undefined;
  } catch {
    return undefined;
  }
}

/** The object as if only these had written on it. */
export function withEntries(live: KubeObject, entries: ManagedFieldsEntry[]): KubeObject {
  return { ...live, metadata: { ...live.metadata, managedFields: entries } };
}
