import type { KubeObject } from '../../model/kube-object.ts';
import { textAt } from '../values.ts';
import { current, failed, inProgress, type Rule } from './status.ts';

/**
 * A PersistentVolumeClaim: current when bound, failed when its volume is lost. One whose StorageClass makes volumes for the first pod alone is
 * current without one as well, until a node was chosen for that pod: a pod that waits speaks for itself.
 */
export const claim: Rule = (object, { lateClasses }) => {
  const phase = textAt(object, 'status', 'phase') ?? 'Pending';
  if (phase === 'Bound') return current(`it is bound to ${textAt(object, 'spec', 'volumeName') ?? 'a volume'}`);
  if (phase === 'Lost') return failed('its volume is lost');
  const className = classAwaited(object);
  if (className !== undefined && lateClasses?.has(className))
    return current(`it waits for its first pod, as its StorageClass ${className} says`);
  return inProgress('it is not bound to a volume yet');
};

/** The StorageClass that decides whether a claim waits for its first pod; undefined for a claim that does not, whatever the class says. */
export function classAwaited(object: KubeObject): string | undefined {
  const isClaim = object.apiVersion === 'v1' && object.kind === 'PersistentVolumeClaim';
  const phase = textAt(object, 'status', 'phase') ?? 'Pending';
  // The scheduler writes this when it has found a node: then the volume is being made.
  const isChosen = object.metadata.annotations?.['volume.kubernetes.io/selected-node'] !== undefined;
  if (!isClaim || phase !== 'Pending' || isChosen || textAt(object, 'spec', 'volumeName')) return undefined;
  return textAt(object, 'spec', 'storageClassName') || undefined;
}

/** True for a StorageClass whose volumes are made when the first pod that wants one has a node. */
export function isLateClass(object: KubeObject): boolean {
  const isClass = object.apiVersion === 'storage.k8s.io/v1' && object.kind === 'StorageClass';
  return isClass && textAt(object, 'volumeBindingMode') === 'WaitForFirstConsumer';
}
