import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';
import { hasOrderWish } from './depends-on.ts';
import { precedenceOf } from './precedence.ts';
import { sortOut } from './sort-out.ts';

/** One step of the order: its kinds may be applied side by side. */
export interface OrderStep {
  why: string;
  /** `group/Kind`, `Kind` in the core group. */
  kinds: string[];
}

/** Stands for every kind that is not named in the order. */
const everythingElse = '*';

/** First to last. A kind is named with its group: a `Namespace` of another group is nothing special. */
export const order: readonly OrderStep[] = [
  { why: 'custom objects need their kind', kinds: ['apiextensions.k8s.io/CustomResourceDefinition'] },
  { why: 'everything namespaced needs its namespace', kinds: ['Namespace'] },
  {
    why: 'pods, claims and ingresses name a class, and are refused or left alone without it',
    kinds: [
      'scheduling.k8s.io/PriorityClass',
      'node.k8s.io/RuntimeClass',
      'storage.k8s.io/StorageClass',
      'storage.k8s.io/CSIDriver',
      'storage.k8s.io/VolumeAttributesClass',
      'snapshot.storage.k8s.io/VolumeSnapshotClass',
      'networking.k8s.io/IngressClass',
      'gateway.networking.k8s.io/GatewayClass',
      'resource.k8s.io/DeviceClass',
      'karpenter.k8s.aws/EC2NodeClass',
      'eks.amazonaws.com/NodeClass',
    ],
  },
  {
    why: 'limits and defaults hold for pods made after them, a network policy should be there before the first pod',
    kinds: ['ResourceQuota', 'LimitRange', 'networking.k8s.io/NetworkPolicy'],
  },
  { why: 'pods are refused without their account, bindings name it', kinds: ['ServiceAccount'] },
  {
    why: 'a binding is refused without its role',
    kinds: ['rbac.authorization.k8s.io/ClusterRole', 'rbac.authorization.k8s.io/Role'],
  },
  {
    why: 'controllers need their rights when they start',
    kinds: ['rbac.authorization.k8s.io/ClusterRoleBinding', 'rbac.authorization.k8s.io/RoleBinding'],
  },
  { why: 'pods wait for what they mount', kinds: ['ConfigMap', 'Secret', 'PersistentVolume', 'PersistentVolumeClaim'] },
  {
    why: 'pods get the addresses of services as environment when they start',
    kinds: ['Service', 'Endpoints', 'discovery.k8s.io/EndpointSlice'],
  },
  {
    why: 'what runs',
    kinds: [
      'apps/Deployment',
      'apps/StatefulSet',
      'apps/DaemonSet',
      'apps/ReplicaSet',
      'ReplicationController',
      'Pod',
      'batch/Job',
      'batch/CronJob',
    ],
  },
  { why: 'scalers, budgets, ingresses and custom objects point at what runs', kinds: [everythingElse] },
  { why: 'an API is served by what runs', kinds: ['apiregistration.k8s.io/APIService'] },
  {
    why: 'a webhook or policy that comes too early refuses everything after it',
    kinds: [
      'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
      'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
      'admissionregistration.k8s.io/MutatingAdmissionPolicy',
      'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding',
      'admissionregistration.k8s.io/MutatingWebhookConfiguration',
      'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
    ],
  },
];

const stepOfKind = new Map(order.flatMap((step, index) => step.kinds.map((kind) => [kind, index] as const)));

/**
 * The objects in groups, first to last; only groups with members. Deletion takes the reverse. Annotations about order come before the order of
 * kinds: an object that comes after another one is in a later group, whatever its kind. One that cannot be followed is passed over.
 */
export function orderGroups(objects: readonly KubeObject[]): KubeObject[][] {
  if (objects.some(hasOrderWish)) return groupsByPosition(objects);
  const groups = order.map((): KubeObject[] => []);
  for (const object of objects) groups[stepOf(object)]!.push(object);
  return groups.filter((group) => group.length > 0).map((group) => group.sort(byName));
}

/** Wave, step of the order of kinds, and how many objects come before it for their annotations alone; the first that differs counts. */
type Position = [wave: number, step: number, level: number];

function groupsByPosition(all: readonly KubeObject[]): KubeObject[][] {
  const { objects, before, waves } = precedenceOf(all);
  // What is in a cycle comes by its kind, as if it said nothing.
  const own = (name: string): Position => [waves.get(name)!, stepOf(objects.get(name)!), 0];
  const positions = new Map([...objects.keys()].map((name) => [name, own(name)]));
  for (const name of sortOut(before).sorted) {
    if (!objects.has(name)) continue;
    const others = before.get(name)!.flatMap((one) => (positions.has(one) ? [positions.get(one)!] : []));
    const last = others.reduce<Position | undefined>((a, b) => (a === undefined || isBefore(a, b) ? b : a), undefined);
    if (last !== undefined && !isBefore(last, own(name))) positions.set(name, [last[0], last[1], last[2] + 1]);
  }
  const placeOf = (object: KubeObject) => positions.get(nameOf(object))!;
  const groups = Map.groupBy(all, (object) => placeOf(object).join(' '));
  return [...groups.values()]
    .sort(([a], [b]) => (isBefore(placeOf(a!), placeOf(b!)) ? -1 : 1))
    .map((group) => group.sort(byName));
}

function isBefore(a: Position, b: Position): boolean {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at >= 0 && a[at]! < b[at]!;
}

/** All objects in apply order; within a step by group, kind, namespace and name. */
export function applyOrder(objects: readonly KubeObject[]): KubeObject[] {
  return orderGroups(objects).flat();
}

function stepOf(object: KubeObject): number {
  const group = groupOf(object.apiVersion);
  const kind = group === '' ? object.kind : `${group}/${object.kind}`;
  return stepOfKind.get(kind) ?? stepOfKind.get(everythingElse)!;
}

function byName(a: KubeObject, b: KubeObject): number {
  const left = sortKey(a);
  const right = sortKey(b);
  const at = left.findIndex((part, i) => part !== right[i]);
  if (at < 0) return 0;
  return left[at]! < right[at]! ? -1 : 1;
}

function sortKey({ apiVersion, kind, metadata }: KubeObject): string[] {
  return [groupOf(apiVersion), kind, metadata.namespace ?? '', metadata.name];
}
