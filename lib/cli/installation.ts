import type { Config, SyncSpec } from '../config/config.ts';
import type { GuardedSync, GuardOptions } from '../install/guard.ts';
import { type AccountRights, type KindPlace, rightsOf, type SyncObjects } from '../install/rights.ts';
import type { PolicyRule } from '../install/rules.ts';
import { scalerKinds } from '../kube/scalers.ts';
import { type Problem, UserError } from '../model/errors.ts';
import { type KubeObject, objectIdOf } from '../model/kube-object.ts';
import { amongKnown, listed } from '../model/nearest.ts';
import { groupOf } from '../model/object-id.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import type { Head } from '../pull/head.ts';
import type { Cluster, Renderer } from '../pull/ports.ts';

/** What a person said of the rights of syncs. */
export interface RightsAsked {
  /** Syncs whose account is given everything. */
  clusterAdmins: readonly string[];
  /** `SYNC=NAMESPACE`. */
  namespaces: readonly string[];
}

/** The cluster of windlass.yaml that is meant. Throws `UserError` with what there is. */
export function clusterNamed({ clusters }: Pick<Config, 'clusters'>, name: string | undefined): string {
  const names = Object.keys(clusters);
  if (name === undefined && names.length === 1) return names[0]!;
  if (name !== undefined && names.includes(name)) return name;
  if (name === undefined)
    throw new UserError(`which cluster of windlass.yaml is it? Give --cluster (${listed(names)})`, { code: 'usage' });
  throw new UserError(`windlass.yaml has no cluster "${name}"${amongKnown(name, names)}`, {
    code: 'unknown-cluster',
    subject: name,
  });
}

/** The syncs of a cluster with their objects, and what a person said of their rights. Throws `UserError` with all problems. */
export async function renderSyncs(
  { tree, config }: Head,
  clusterName: string,
  asked: RightsAsked,
  renderer: Renderer,
): Promise<SyncObjects[]> {
  const syncs = config.syncs.filter((sync) => sync.cluster === clusterName);
  const wishes = readWishes(asked, syncs);
  const rendered: SyncObjects[] = [];
  const problems: Problem[] = [];
  for (const sync of syncs) {
    const desired = await renderer.render(tree, sync);
    problems.push(...desired.problems);
    rendered.push({
      ...{ name: sync.name, serviceAccount: sync.serviceAccount },
      objects: desired.objects.map(({ object }) => object),
      namespaces: wishes.namespaces.filter(([name]) => name === sync.name).map(([, namespace]) => namespace),
      clusterAdmin: wishes.clusterAdmins.has(sync.name),
    });
  }
  if (problems.length > 0)
    throw new UserError('the syncs cannot be rendered, so nobody knows which rights they need', {
      code: 'render',
      problems,
    });
  return rendered;
}

/** What the accounts of syncs need, by what the syncs declare and what the cluster is. */
export async function readRights(syncs: readonly SyncObjects[], cluster: Cluster): Promise<AccountRights[]> {
  const placeOf = await placesOf(
    syncs.flatMap(({ objects }) => objects),
    cluster,
  );
  const served = await Promise.all(scalerKinds.map(({ group, kind }) => cluster.preferred(group, kind)));
  const scalers = served.flatMap((resource, index) =>
    resource === undefined ? [] : [{ group: scalerKinds[index]!.group, plural: resource.plural }],
  );
  return rightsOf(syncs, { placeOf, scalers, admin: await adminRules(cluster) });
}

/** The syncs that ask to be guarded, and the namespaces that they have objects in or declare. */
export function guardOf({ syncs, guard }: Config, rendered: readonly SyncObjects[]): GuardOptions {
  const guarded = rendered.flatMap(({ name, objects }): GuardedSync[] => {
    const mode = syncs.find((sync) => sync.name === name)?.guard;
    if (mode === undefined) return [];
    const inside = objects.map((object) => (isNamespace(object) ? object.metadata.name : object.metadata.namespace));
    return [{ name, mode, namespaces: [...new Set(inside.filter((one) => one !== undefined))] }];
  });
  return { syncs: guarded, rules: guard };
}

function isNamespace({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === 'v1' && kind === 'Namespace';
}

function readWishes({ clusterAdmins, namespaces }: RightsAsked, syncs: readonly SyncSpec[]) {
  const known = syncs.map(({ name }) => name);
  const pairs = namespaces.map((text): [string, string] => {
    const [, sync, namespace] = /^([^=]+)=([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)$/.exec(text) ?? [];
    if (sync === undefined || namespace === undefined)
      throw new UserError(`--namespace ${text}: write SYNC=NAMESPACE, like shop-prod=shop`, { code: 'usage' });
    if (namespace === systemNamespace)
      throw new UserError(
        `--namespace ${text}: whoever administers ${systemNamespace} may act as every sync; if that is meant, give --cluster-admin ${sync}`,
        { code: 'usage' },
      );
    return [sync, namespace];
  });
  for (const name of [...clusterAdmins, ...pairs.map(([sync]) => sync)]) {
    if (known.includes(name)) continue;
    const message = `this cluster has no sync "${name}"${amongKnown(name, known)}`;
    throw new UserError(message, { code: 'unknown-sync', subject: name });
  }
  return { clusterAdmins: new Set(clusterAdmins), namespaces: pairs };
}

/** Where each kind is: by the cluster, else by a CRD that one of the syncs declares. */
async function placesOf(
  objects: readonly KubeObject[],
  cluster: Cluster,
): Promise<(object: KubeObject) => KindPlace | undefined> {
  const keyOf = ({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>) => `${groupOf(apiVersion)} ${kind}`;
  const places = new Map<string, KindPlace | undefined>(objects.filter(isCrd).map(declaredKind));
  const samples = new Map(objects.map((object) => [`${object.apiVersion} ${object.kind}`, object]));
  const answers = await Promise.all(
    [...samples.values()].map(async (sample) => ({
      key: keyOf(sample),
      place: await cluster.resource(sample.apiVersion, sample.kind),
    })),
  );
  for (const { key, place } of answers) if (place !== undefined) places.set(key, place);
  return (object) => places.get(keyOf(object));
}

function isCrd({ apiVersion, kind }: KubeObject): boolean {
  return kind === 'CustomResourceDefinition' && groupOf(apiVersion) === 'apiextensions.k8s.io';
}

function declaredKind(crd: KubeObject): [string, KindPlace | undefined] {
  const { group, scope, names } = (crd['spec'] ?? {}) as {
    group?: string;
    scope?: string;
    names?: { kind?: string; plural?: string };
  };
  const key = `${group} ${names?.kind}`;
  return [key, names?.plural === undefined ? undefined : { plural: names.plural, namespaced: scope === 'Namespaced' }];
}

async function adminRules(cluster: Cluster): Promise<PolicyRule[]> {
  const resource = await cluster.resource('rbac.authorization.k8s.io/v1', 'ClusterRole');
  const id = { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', namespace: '', name: 'admin' };
  const role = resource && (await cluster.get(resource, id));
  if (role !== undefined) return (role['rules'] ?? []) as PolicyRule[];
  throw new UserError('the cluster has no ClusterRole "admin", which syncs are bound to: is RBAC switched on?', {
    code: 'no-admin-role',
  });
}

/** The ports that the API server's own addresses are reached at, behind its Service. */
export async function readApiPorts(cluster: Cluster): Promise<number[]> {
  const slices = await cluster.resource('discovery.k8s.io/v1', 'EndpointSlice');
  if (slices === undefined) return [];
  const found = await cluster.list(slices, 'kubernetes.io/service-name=kubernetes', 'default');
  const ports = found.flatMap((slice) => (slice['ports'] ?? []) as { port?: number }[]);
  return [...new Set(ports.flatMap(({ port }) => port ?? []))];
}

/** The namespaces that accounts are bound in, and are not there, or are there because an earlier installation made them. */
export async function namespacesToMake(
  accounts: readonly AccountRights[],
  installSync: string,
  cluster: Cluster,
): Promise<KubeObject[]> {
  const resource = (await cluster.resource('v1', 'Namespace'))!;
  const names = [...new Set(accounts.flatMap(({ namespaces }) => namespaces))].sort();
  const made = await Promise.all(
    names.map(async (name) => {
      const object: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      const live = await cluster.get(resource, objectIdOf(object));
      const ours = live === undefined || live.metadata.labels?.['windlass.dev/sync'] === installSync;
      return ours ? [object] : [];
    }),
  );
  return made.flat();
}
