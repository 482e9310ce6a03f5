import type { KubeObject } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';
import type { DesiredObject } from './desired-object.ts';
import type { Capabilities } from './ports.ts';

/** Kinds of Kubernetes itself that are in no namespace, by API group; `*` stands for all of a group. */
const clusterScoped: Record<string, readonly string[]> = {
  '': ['ComponentStatus', 'Namespace', 'Node', 'PersistentVolume'],
  'admissionregistration.k8s.io': ['*'],
  'apiextensions.k8s.io': ['*'],
  'apiregistration.k8s.io': ['*'],
  'certificates.k8s.io': ['CertificateSigningRequest', 'ClusterTrustBundle'],
  'flowcontrol.apiserver.k8s.io': ['*'],
  'networking.k8s.io': ['IngressClass', 'IPAddress', 'ServiceCIDR'],
  'node.k8s.io': ['*'],
  policy: ['PodSecurityPolicy'],
  'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding'],
  'resource.k8s.io': ['DeviceClass', 'DeviceTaintRule', 'ResourceSlice'],
  'scheduling.k8s.io': ['PriorityClass'],
  'storage.k8s.io': ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment', 'VolumeAttributesClass'],
};

/**
 * Puts what names no namespace into that of the release, as an install would. What is in no namespace is known from the cluster, from
 * the chart's CRDs, else from Kubernetes' own kinds; a custom kind of which nothing is known is taken for one that is in a namespace.
 */
export function placeInNamespace(
  declared: readonly DesiredObject[],
  namespace: string,
  capabilities?: Capabilities,
): DesiredObject[] {
  const scopes = new Map<string, boolean>();
  for (const { object } of declared) for (const [key, scope] of scopesOf(object)) scopes.set(key, scope);
  for (const { apiVersion, kind, namespaced } of capabilities?.kinds ?? [])
    scopes.set(`${groupOf(apiVersion)}/${kind}`, namespaced);
  return declared.map((one) => {
    const { object } = one;
    const key = `${groupOf(object.apiVersion)}/${object.kind}`;
    if (object.metadata.namespace || !(scopes.get(key) ?? isNamespaced(object))) return one;
    return { ...one, object: { ...object, metadata: { ...object.metadata, namespace } } };
  });
}

function isNamespaced(object: KubeObject): boolean {
  const kinds = clusterScoped[groupOf(object.apiVersion)] ?? [];
  return !kinds.includes('*') && !kinds.includes(object.kind);
}

function scopesOf(object: KubeObject): [key: string, namespaced: boolean][] {
  if (object.kind !== 'CustomResourceDefinition') return [];
  const { group, names, scope } = (object['spec'] ?? {}) as {
    group?: string;
    names?: { kind?: string };
    scope?: string;
  };
  return [[`${group}/${names?.kind}`, scope !== 'Cluster']];
}
