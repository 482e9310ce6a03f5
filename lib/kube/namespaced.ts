import type { KubeObject } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';

/** Kinds of Kubernetes itself that live in a namespace, by API group; the core group is ''. */
const namespaced: Record<string, readonly string[]> = {
  '': [
    'ConfigMap',
    'Endpoints',
    'LimitRange',
    'PersistentVolumeClaim',
    'Pod',
    'PodTemplate',
    'ReplicationController',
    'ResourceQuota',
    'Secret',
    'Service',
    'ServiceAccount',
  ],
  apps: ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
  autoscaling: ['HorizontalPodAutoscaler'],
  batch: ['CronJob', 'Job'],
  'coordination.k8s.io': ['Lease'],
  'discovery.k8s.io': ['EndpointSlice'],
  'networking.k8s.io': ['Ingress', 'NetworkPolicy'],
  policy: ['PodDisruptionBudget'],
  'rbac.authorization.k8s.io': ['Role', 'RoleBinding'],
};

/** True for an object without a namespace whose kind is known, without asking a cluster, to need one. */
export function lacksNamespace(object: KubeObject): boolean {
  const group = groupOf(object.apiVersion);
  const kinds = Object.hasOwn(namespaced, group) ? namespaced[group]! : [];
  return !object.metadata.namespace && kinds.includes(object.kind);
}

/** The groups of Kubernetes itself that have a kind which lives in a namespace; the core group is ''. None where the kind is not known. */
export function groupsOf(kind: string): string[] {
  return Object.entries(namespaced).flatMap(([group, kinds]) => (kinds.includes(kind) ? [group] : []));
}
