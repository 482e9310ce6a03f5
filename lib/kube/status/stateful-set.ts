import { numberAt, textAt } from '../values.ts';
import { counted, current, inProgress, partOf, type Rule } from './status.ts';

/** By its counts and revisions; with a partition, only the replicas above it have to be updated. `OnDelete` waits for nobody. */
export const statefulSet: Rule = (object) => {
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') {
    return current('its pods are updated when somebody deletes them (OnDelete)');
  }
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const count = (name: string) => numberAt(object, 'status', name) ?? 0;
  if (numberAt(object, 'status', 'observedGeneration') === undefined)
    return inProgress('its controller has not seen it yet');
  if (count('replicas') < wanted) return inProgress(partOf(count('replicas'), wanted, 'replica', 'created'));
  if (count('readyReplicas') < wanted) return inProgress(partOf(count('readyReplicas'), wanted, 'replica', 'ready'));
  if (count('replicas') > wanted) return inProgress(`${counted(count('replicas') - wanted, 'replica')} still to go`);

  const partition = numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
  if (partition > 0) {
    const share = Math.max(0, wanted - partition);
    if (count('updatedReplicas') < share)
      return inProgress(partOf(count('updatedReplicas'), share, 'replica', 'updated'));
    return current(`${partOf(share, wanted, 'replica', 'updated')}, the partition keeps the others`);
  }
  const updated = textAt(object, 'status', 'updateRevision');
  if (count('updatedReplicas') < wanted && textAt(object, 'status', 'currentRevision') !== updated) {
    return inProgress(partOf(count('updatedReplicas'), wanted, 'replica', 'updated'));
  }
  if (count('currentReplicas') < wanted)
    return inProgress(partOf(count('currentReplicas'), wanted, 'replica', 'current'));
  if (textAt(object, 'status', 'currentRevision') !== updated)
    return inProgress(`it is not reported as being at ${updated} yet`);
  return current(partOf(wanted, wanted, 'replica', 'ready'));
};
