import { numberAt } from '../values.ts';
import { conditionOf, conditionText } from './conditions.ts';
import { counted, current, inProgress, partOf, type Rule } from './status.ts';

/** By its counts; a failure to create pods (a quota, an admission) is shown and may pass. ReplicationControllers follow the same rule. */
export const replicaSet: Rule = (object) => {
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status === 'True') return inProgress(`pods cannot be created: ${conditionText(failure)}`);
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const count = (name: string) => numberAt(object, 'status', name) ?? 0;
  if (count('fullyLabeledReplicas') < wanted) {
    return inProgress(partOf(count('fullyLabeledReplicas'), wanted, 'replica', 'created with all labels'));
  }
  if (count('availableReplicas') < wanted) {
    return inProgress(partOf(count('availableReplicas'), wanted, 'replica', 'available'));
  }
  if (count('readyReplicas') < wanted) return inProgress(partOf(count('readyReplicas'), wanted, 'replica', 'ready'));
  if (count('replicas') > wanted) return inProgress(`${counted(count('replicas') - wanted, 'replica')} still to go`);
  return current(partOf(wanted, wanted, 'replica', 'available'));
};
