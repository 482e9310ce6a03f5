import { type KubeObject, type ManagedFieldsEntry, nameOf } from '../model/kube-object.ts';
import { formatObjectId, groupOf } from '../model/object-id.ts';
import { withoutIgnored } from './exceptions/without-ignored.ts';
import type { FieldPath } from './fields.ts';
import { mapOf, numberAt, valueAt } from './values.ts';

/** Whether an autoscaler sets an object's replicas: `free` when none does, `unknown` when nobody looked or could look. */
export type Scaling = 'scaled' | 'free' | 'unknown';

/** Where replicas stand in every built-in kind that has them. */
export const replicasPath: FieldPath = ['f:spec', 'f:replicas'];

/** The kinds that scale others, read at the version that the server prefers. */
export const scalerKinds = [
  { group: 'autoscaling', kind: 'HorizontalPodAutoscaler' },
  { group: 'keda.sh', kind: 'ScaledObject' },
] as const;

/** Who writes replicas on behalf of an autoscaler, and for no other reason. */
const scalerManagers = /^(kube-controller-manager|horizontal-pod-autoscaler|keda|keda-.*)$/;

/** True for the entry of what scales because an autoscaler says so. */
export function scalesForScalers(holder: ManagedFieldsEntry | undefined): boolean {
  return scalerManagers.test(holder?.manager ?? '');
}

/** True where it matters whether an autoscaler targets the object: Git sets replicas, and the cluster has another number. */
export function mayBeScaled(desired: KubeObject, live: KubeObject | undefined): boolean {
  const wanted = replicasOf(withoutIgnored(desired));
  return live !== undefined && wanted !== undefined && replicasOf(live) !== wanted;
}

/** Whether an autoscaler sets an object's replicas, and which: the one that does, else one that only rests. As `formatObjectId` writes it. */
export interface ScaledBy {
  scaling: 'scaled' | 'free';
  scaler?: string;
}

/**
 * Whether one of the autoscalers sets the replicas. `scalers` are all that count in the object's namespace. A HorizontalPodAutoscaler rests
 * while its target has 0 replicas (Kubernetes documentation, "implicit maintenance-mode deactivation"), so 0 is somebody else's number;
 * a ScaledObject scales to 0 by itself.
 */
export function scalingOf(desired: KubeObject, live: KubeObject, scalers: readonly KubeObject[]): ScaledBy {
  const mine = scalers.filter((scaler) => targetOf(scaler) === nameOf(desired) && !scaler.metadata.deletionTimestamp);
  const keda = mine.find(({ kind }) => kind === 'ScaledObject');
  if (keda !== undefined) return { scaling: 'scaled', scaler: nameOf(keda) };
  const [first] = mine;
  if (first === undefined) return { scaling: 'free' };
  const rests = replicasOf(live) === 0 || replicasOf(desired) === 0;
  return { scaling: rests ? 'free' : 'scaled', scaler: nameOf(first) };
}

/**
 * The objects of Git's whose replicas an autoscaler of Git's sets, as `formatObjectId` writes them: it does as soon as both are applied,
 * whatever the number of replicas is until then.
 */
export function scaledInGit(
  desired: readonly KubeObject[],
  live: ReadonlyMap<string, KubeObject | undefined>,
): Set<string> {
  const scalers = desired.filter(isScaler);
  const targets = new Set(scalers.map(targetOf));
  const scaled = desired
    .filter((object) => targets.has(nameOf(object)) && replicasOf(withoutIgnored(object)) !== undefined)
    .filter((object) => scalingOf(object, live.get(nameOf(object)) ?? object, scalers).scaling === 'scaled');
  return new Set(scaled.map(nameOf));
}

function isScaler({ apiVersion, kind }: KubeObject): boolean {
  return scalerKinds.some((known) => known.kind === kind && known.group === groupOf(apiVersion));
}

/** What an autoscaler scales, as `formatObjectId` writes it; a ScaledObject's default is a Deployment (KEDA documentation, scaleTargetRef). */
function targetOf(scaler: KubeObject): string | undefined {
  const ref = mapOf(valueAt(scaler, 'spec', 'scaleTargetRef'));
  const { apiVersion = 'apps/v1', kind = 'Deployment', name } = ref;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return undefined;
  return formatObjectId({ group: groupOf(apiVersion), kind, namespace: scaler.metadata.namespace ?? '', name });
}

function replicasOf(object: KubeObject): number | undefined {
  return numberAt(object, 'spec', 'replicas');
}
