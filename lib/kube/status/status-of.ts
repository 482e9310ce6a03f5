import type { KubeObject } from '../../model/kube-object.ts';
import { groupOf } from '../../model/object-id.ts';
import { numberAt } from '../values.ts';
import { apiService } from './api-service.ts';
import { claim } from './claim.ts';
import { conditionOf, conditionText } from './conditions.ts';
import { cronJob } from './cron-job.ts';
import { customResourceDefinition } from './custom-resource-definition.ts';
import { daemonSet } from './daemon-set.ts';
import { deployment } from './deployment.ts';
import { generic } from './generic.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { ingress } from './ingress.ts';
import { job } from './job.ts';
import { namespace } from './namespace.ts';
import { pod, stuckContainer, stuckReasons } from './pod.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { newestPodsOf } from './pods-of.ts';
import { present } from './present.ts';
import { replicaSet } from './replica-set.ts';
import { service } from './service.ts';
import { statefulSet } from './stateful-set.ts';
import { failed, inProgress, type Related, type Rule, type Status } from './status.ts';
import { volume } from './volume.ts';

/** Which rule a kind follows, by `group/Kind` (`Kind` in the core group); every other kind follows `generic`. */
const rules: Record<string, Rule> = {
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'apps/ReplicaSet': replicaSet,
  ReplicationController: replicaSet,
  Pod: pod,
  'batch/Job': job,
  'batch/CronJob': cronJob,
  PersistentVolumeClaim: claim,
  PersistentVolume: volume,
  Service: service,
  'networking.k8s.io/Ingress': ingress,
  'autoscaling/HorizontalPodAutoscaler': horizontalPodAutoscaler,
  'policy/PodDisruptionBudget': podDisruptionBudget,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinition,
  'apiregistration.k8s.io/APIService': apiService,
  Namespace: namespace,
  ConfigMap: present,
  Secret: present,
  ServiceAccount: present,
};

/** Workloads that fail by their pods, and by which waiting reasons: crashing pods of a Job are counted by its back-off limit. */
const failsByPods: Record<string, RegExp> = {
  'apps/Deployment': stuckReasons,
  'apps/StatefulSet': stuckReasons,
  'apps/DaemonSet': stuckReasons,
  'apps/ReplicaSet': stuckReasons,
  ReplicationController: stuckReasons,
  'batch/Job': /^(ErrImage.*|ImagePullBackOff|InvalidImageName|CreateContainerConfigError)$/,
};

/**
 * The status of a live object, in kstatus's words. In order: being deleted; not yet seen by its controller; a rule that people wrote, else
 * the conditions `Reconciling` and `Stalled` and the rule of its kind; and for a workload that is on its way or has failed, its newest pods.
 */
export function statusOf(object: KubeObject, related: Related = {}): Status {
  if (object.metadata.deletionTimestamp) return { status: 'Terminating', reason: 'it is being deleted' };
  const kind = [groupOf(object.apiVersion), object.kind].filter((part) => part !== '').join('/');
  const early = unseen(object) ?? related.rules?.(object) ?? announced(object);
  const status = early ?? (Object.hasOwn(rules, kind) ? rules[kind]! : generic)(object, related);
  if (status.status !== 'InProgress' && status.status !== 'Failed') return status;
  const stuck = failedPod(object, kind, related);
  if (stuck === undefined) return status;
  // Why its pods cannot start tells more than that time ran out.
  return failed(status.status === 'Failed' ? `${stuck}; ${status.reason}` : stuck);
}

function unseen(object: KubeObject): Status | undefined {
  const { generation } = object.metadata;
  const observed = numberAt(object, 'status', 'observedGeneration');
  if (generation === undefined || observed === undefined || observed === generation) return undefined;
  return inProgress(`its controller has seen generation ${observed} of ${generation}`);
}

function announced(object: KubeObject): Status | undefined {
  const stalled = conditionOf(object, 'Stalled');
  const reconciling = conditionOf(object, 'Reconciling');
  if (reconciling?.status === 'True') return inProgress(conditionText(reconciling));
  if (stalled?.status === 'True') return failed(conditionText(stalled));
  return undefined;
}

function failedPod(workload: KubeObject, kind: string, { pods }: Related): string | undefined {
  const reasons = failsByPods[kind];
  if (reasons === undefined || pods === undefined || unseen(workload) !== undefined) return undefined;
  for (const candidate of newestPodsOf(workload, pods)) {
    const stuck = stuckContainer(candidate, reasons);
    if (stuck !== undefined) return `pod ${candidate.metadata.name}: ${stuck}`;
  }
  return undefined;
}
