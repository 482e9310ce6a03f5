import { numberAt, textAt } from '../values.ts';
import { current, inProgress, partOf, type Rule } from './status.ts';

/** By its counts on the nodes it belongs to; its controller must have seen it. With `OnDelete`, old pods stay until somebody deletes them. */
export const daemonSet: Rule = (object) => {
  const wanted = numberAt(object, 'status', 'desiredNumberScheduled');
  if (numberAt(object, 'status', 'observedGeneration') === undefined || wanted === undefined) {
    return inProgress('its controller has not seen it yet');
  }
  const count = (name: string) => numberAt(object, 'status', name) ?? 0;
  const isOnDelete = textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';
  if (count('currentNumberScheduled') < wanted) {
    return inProgress(partOf(count('currentNumberScheduled'), wanted, 'pod', 'scheduled'));
  }
  if (!isOnDelete && count('updatedNumberScheduled') < wanted) {
    return inProgress(partOf(count('updatedNumberScheduled'), wanted, 'pod', 'updated'));
  }
  if (count('numberAvailable') < wanted)
    return inProgress(partOf(count('numberAvailable'), wanted, 'pod', 'available'));
  if (count('numberReady') < wanted) return inProgress(partOf(count('numberReady'), wanted, 'pod', 'ready'));
  return current(partOf(wanted, wanted, 'pod', 'available'));
};
