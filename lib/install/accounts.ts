import type { KubeObject } from '../model/kube-object.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import { bindingName, installed } from './names.ts';
import { type AccountRights, objectVerbs } from './rights.ts';
import type { PolicyRule } from './rules.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const rbacGroup = 'rbac.authorization.k8s.io';

/** The account of one or more syncs, and what it may do. No pod runs as it: the puller speaks in its name. */
export function accountManifests(rights: AccountRights): KubeObject[] {
  const { account, clusterAdmin } = rights;
  const own = installed('v1', 'ServiceAccount', place(account, systemNamespace), {
    automountServiceAccountToken: false,
  });
  if (clusterAdmin) return [own, clusterBinding(account, 'cluster-admin')];
  return [
    own,
    ...rights.namespaces.map((namespace) => binding(account, namespace, bindingName(account), 'ClusterRole', 'admin')),
    ...extraManifests(rights),
    ...lookManifests(rights),
    ...declaredNamespaces(rights),
  ];
}

/** Kinds that `admin` leaves out, in the namespaces where the sync has them. */
function extraManifests({ account, extra }: AccountRights): KubeObject[] {
  const byNamespace = Map.groupBy(extra, ({ namespace }) => namespace);
  const name = `${bindingName(account)}:kinds`;
  return [...byNamespace].flatMap(([namespace, kinds]) => {
    const groups = Map.groupBy(kinds, ({ group }) => group);
    const rules = [...groups].map(([group, ofGroup]) => ({
      apiGroups: [group],
      resources: ofGroup.map(({ plural }) => plural),
      verbs: [...objectVerbs],
    }));
    return [
      installed(rbac, 'Role', place(name, namespace), { rules }),
      binding(account, namespace, name, 'Role', name),
    ];
  });
}

/** What a pull looks at beside the sync's objects, where the role `admin` does not show it. */
function lookManifests({ account, looks }: AccountRights): KubeObject[] {
  const byNamespace = Map.groupBy(looks, ({ namespace }) => namespace);
  const name = `${bindingName(account)}:looks`;
  return [...byNamespace].flatMap(([namespace, own]) => {
    const rules = own.map(({ group, plural, verb }) => ({ apiGroups: [group], resources: [plural], verbs: [verb] }));
    if (namespace === undefined)
      return [installed(rbac, 'ClusterRole', { name }, { rules }), clusterBinding(account, name)];
    return [
      installed(rbac, 'Role', place(name, namespace), { rules }),
      binding(account, namespace, name, 'Role', name),
    ];
  });
}

/**
 * The sync's own Namespace objects. Server-side apply names what it creates, so that the API server holds `create` against the names as well:
 * it is not the right to make any namespace.
 */
function declaredNamespaces({ account, declaredNamespaces: names }: AccountRights): KubeObject[] {
  if (names.length === 0) return [];
  const name = `${bindingName(account)}:namespaces`;
  const rule: PolicyRule = {
    apiGroups: [''],
    resources: ['namespaces'],
    resourceNames: names,
    verbs: ['get', 'create', 'patch', 'delete'],
  };
  return [installed(rbac, 'ClusterRole', { name }, { rules: [rule] }), clusterBinding(account, name)];
}

function place(name: string, namespace: string): { name: string; namespace: string } {
  return { name, namespace };
}

function binding(
  account: string,
  namespace: string,
  name: string,
  kind: 'Role' | 'ClusterRole',
  role: string,
): KubeObject {
  return installed(rbac, 'RoleBinding', place(name, namespace), boundTo(account, kind, role));
}

function clusterBinding(account: string, role: string): KubeObject {
  const name = role === 'cluster-admin' ? `${bindingName(account)}:cluster-admin` : role;
  return installed(rbac, 'ClusterRoleBinding', { name }, boundTo(account, 'ClusterRole', role));
}

function boundTo(account: string, kind: 'Role' | 'ClusterRole', name: string) {
  return {
    roleRef: { apiGroup: rbacGroup, kind, name },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: systemNamespace }],
  };
}
