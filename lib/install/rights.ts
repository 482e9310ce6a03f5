import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import { accountOf } from './names.ts';
import { allows, type PolicyRule } from './rules.ts';

/** What a pull asks for of every kind that a sync has: see docs/pull.md. */
export const objectVerbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'] as const;

/** Where a kind lives in the API. */
export interface KindPlace {
  plural: string;
  namespaced: boolean;
}

/** One sync of the cluster, rendered. */
export interface SyncObjects {
  name: string;
  serviceAccount?: string;
  objects: readonly KubeObject[];
  /** Namespaces that it may use beside those of its objects. */
  namespaces: readonly string[];
  /** Its account is given everything. */
  clusterAdmin: boolean;
}

/** A kind in a namespace that the role `admin` does not cover, and the sync has objects of. */
export interface ExtraKind {
  namespace: string;
  group: string;
  plural: string;
}

/** What a pull looks at beside the sync's objects, and the role `admin` does not show: an autoscaler, a claim's StorageClass. */
export interface Look {
  /** The whole cluster unless given. */
  namespace?: string;
  group: string;
  plural: string;
  verb: 'get' | 'list';
}

/** What the account of one sync, or of several that name the same one, is given. */
export interface AccountRights {
  account: string;
  syncs: string[];
  clusterAdmin: boolean;
  /** Where it is bound to the role `admin`. */
  namespaces: string[];
  /** The Namespace objects that its syncs declare: it may make and change these by name. */
  declaredNamespaces: string[];
  extra: ExtraKind[];
  looks: Look[];
  /** Written names of objects that it may not write, and why, unless it is given everything. */
  withheld: { object: string; why: string }[];
}

/** What decides which rights are needed. */
export interface RightsBasis {
  /** Undefined for a kind that nobody knows. */
  placeOf: (object: KubeObject) => KindPlace | undefined;
  /** The rules of the cluster's role `admin`. */
  admin: readonly PolicyRule[];
  /** The kinds of autoscalers that the cluster serves. */
  scalers: readonly Pick<ExtraKind, 'group' | 'plural'>[];
}

/** The namespaces whose administrator is in effect that of the cluster: accounts, tokens and the control plane's own pods are there. */
export function isGuarded(namespace: string): boolean {
  return namespace === systemNamespace || namespace.startsWith('kube-');
}

/** The rights of each account, by what its syncs declare; sorted, so that the same Git gives the same manifests. */
export function rightsOf(syncs: readonly SyncObjects[], basis: RightsBasis): AccountRights[] {
  const byAccount = Map.groupBy(syncs, accountOf);
  return [...byAccount].map(([account, own]) => rightsOfAccount(account, own, basis)).sort(byName);
}

function rightsOfAccount(account: string, syncs: readonly SyncObjects[], basis: RightsBasis): AccountRights {
  const clusterAdmin = syncs.some((sync) => sync.clusterAdmin);
  const rights: AccountRights = {
    account,
    syncs: syncs.map(({ name }) => name).sort(),
    clusterAdmin,
    ...{ namespaces: [], declaredNamespaces: [], extra: [], looks: [], withheld: [] },
  };
  if (clusterAdmin) return rights;
  rights.namespaces.push(...syncs.flatMap(({ namespaces }) => namespaces));
  for (const object of syncs.flatMap(({ objects }) => objects)) need(object, rights, basis);
  return { ...rights, ...unique(rights) };
}

/** Adds what one object needs. */
function need(object: KubeObject, rights: AccountRights, basis: RightsBasis): void {
  const { placeOf, admin } = basis;
  const place = placeOf(object);
  const withhold = (why: string) => rights.withheld.push({ object: nameOf(object), why });
  if (place === undefined) return void withhold(`neither the cluster nor the config repo knows ${object.kind}`);
  const { name, namespace = '' } = object.metadata;
  const group = groupOf(object.apiVersion);
  if (!place.namespaced) {
    if (group !== '' || object.kind !== 'Namespace') return void withhold('it belongs to the whole cluster');
    if (isGuarded(name)) return void withhold("this namespace is not a team's");
    rights.declaredNamespaces.push(name);
    return;
  }
  // A pull names it as a problem of its own.
  if (namespace === '') return;
  if (isGuarded(namespace) && !rights.namespaces.includes(namespace))
    return void withhold(`whoever administers ${namespace} administers the cluster`);
  rights.namespaces.push(namespace);
  const lacking = objectVerbs.some((verb) => !allows(admin, { group, plural: place.plural, verb }));
  if (lacking) rights.extra.push({ namespace, group, plural: place.plural });
  rights.looks.push(...looksFor(object, namespace, basis));
}

/** Whoever sets replicas in Git has to know whether an autoscaler does; a claim's StorageClass says whether it waits for a pod. */
function looksFor(object: KubeObject, namespace: string, { admin, scalers }: RightsBasis): Look[] {
  if (object.apiVersion === 'v1' && object.kind === 'PersistentVolumeClaim')
    return [{ group: 'storage.k8s.io', plural: 'storageclasses', verb: 'get' }];
  const { replicas } = (object['spec'] ?? {}) as { replicas?: unknown };
  if (typeof replicas !== 'number') return [];
  const unseen = scalers.filter((kind) => !allows(admin, { ...kind, verb: 'list' }));
  return unseen.map((kind) => ({ namespace, ...kind, verb: 'list' }));
}

function unique({ namespaces, declaredNamespaces, extra, looks, withheld }: AccountRights) {
  const kinds = new Map(extra.map((kind) => [`${kind.namespace} ${kind.group} ${kind.plural}`, kind]));
  const seen = new Map(looks.map((look) => [JSON.stringify(look), look]));
  return {
    namespaces: [...new Set(namespaces)].sort(),
    declaredNamespaces: [...new Set(declaredNamespaces)].sort(),
    extra: [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind),
    looks: [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, look]) => look),
    withheld: [...withheld].sort((a, b) => (a.object < b.object ? -1 : 1)),
  };
}

function byName(a: AccountRights, b: AccountRights): number {
  return a.account < b.account ? -1 : 1;
}
