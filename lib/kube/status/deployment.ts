import type { KubeObject } from '../../model/kube-object.ts';
import { numberAt, valueAt } from '../values.ts';
import { conditionOf, conditionText } from './conditions.ts';
import { counted, current, failed, inProgress, partOf, type Rule } from './status.ts';

/** Failed past its progress deadline; else by its counts; then the controller must have said that the new ReplicaSet is available. */
export const deployment: Rule = (object) => {
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const count = (name: string) => numberAt(object, 'status', name) ?? 0;
  const progressing = conditionOf(object, 'Progressing');
  if (progressing?.status === 'False' && progressing.reason === 'ProgressDeadlineExceeded') {
    const updated = partOf(count('updatedReplicas'), wanted, 'replica', 'updated');
    return failed(`its progress deadline has passed: ${updated}, ${count('availableReplicas')} available`);
  }
  if (numberAt(object, 'status', 'observedGeneration') === undefined)
    return inProgress('its controller has not seen it yet');
  if (count('updatedReplicas') < wanted) {
    return inProgress(`${partOf(count('updatedReplicas'), wanted, 'replica', 'updated')}${hindrance(object)}`);
  }
  if (count('replicas') > wanted)
    return inProgress(`${counted(count('replicas') - wanted, 'old replica')} still to go`);
  if (count('availableReplicas') < wanted) {
    return inProgress(partOf(count('availableReplicas'), wanted, 'replica', 'available'));
  }
  if (count('readyReplicas') < wanted) return inProgress(partOf(count('readyReplicas'), wanted, 'replica', 'ready'));
  const isPaused = valueAt(object, 'spec', 'paused') === true;
  if (progressing !== undefined && progressing.reason !== 'NewReplicaSetAvailable' && !isPaused) {
    return inProgress(`its new ReplicaSet is not reported as available yet: ${conditionText(progressing)}`);
  }
  const available = conditionOf(object, 'Available');
  if (available?.status !== 'True') {
    return inProgress(available === undefined ? 'it is not reported as available yet' : conditionText(available));
  }
  return current(partOf(wanted, wanted, 'replica', 'available'));
};

/** What keeps new replicas from being made, where it is known: somebody paused it, or a quota or an admission refuses them. */
function hindrance(object: KubeObject): string {
  if (valueAt(object, 'spec', 'paused') === true) return ', and it is paused';
  const failure = conditionOf(object, 'ReplicaFailure');
  return failure?.status === 'True' ? `: ${conditionText(failure)}` : '';
}
