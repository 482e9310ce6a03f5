import type { KubeObject } from '../../model/kube-object.ts';
import { mapsOf, textAt, valueAt } from '../values.ts';
import { conditionOf, isTrue } from './conditions.ts';
import { current, failed, inProgress, type Related, type Rule, type Status } from './status.ts';

/** Waiting reasons of a container that does not start by waiting longer (the kubelet's names). */
export const stuckReasons = /^(CrashLoopBackOff|ImagePullBackOff|InvalidImageName|RegistryUnavailable|Err.+|.+Error)$/;

/** How long a scheduler may look for a node before a lone Pod counts as failed, in milliseconds. */
const schedulingGrace = 15_000;

/** By phase and readiness; failed when a container cannot start, or when no node took it for 15 seconds. */
export const pod: Rule = (object, related) => {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Succeeded') return current('it has completed');
  if (phase === 'Failed') return failed(failedText(object));
  if (phase === 'Running' && isTrue(object, 'Ready')) return current('it is ready');
  const stuck = stuckContainer(object);
  if (stuck !== undefined) return failed(stuck);
  if (phase === 'Running') return inProgress(`it is running and not ready: ${readyText(object)}`);
  if (phase === 'Pending') return pending(object, related);
  if (phase === 'Unknown') return { status: 'Unknown', reason: 'its node does not report' };
  return inProgress('it has not been seen by its node yet');
};

/** Why a container of a pod cannot start: the first stuck one, with kubelet's reason and message; undefined when none is. */
export function stuckContainer(object: KubeObject, reasons = stuckReasons): string | undefined {
  for (const list of ['initContainerStatuses', 'containerStatuses']) {
    for (const container of mapsOf(valueAt(object, 'status', list))) {
      const reason = textAt(container, 'state', 'waiting', 'reason') ?? '';
      if (!reasons.test(reason)) continue;
      const message = textAt(container, 'state', 'waiting', 'message');
      return [`container ${textAt(container, 'name') ?? '?'}`, reason, message].filter(Boolean).join(': ');
    }
  }
  return undefined;
}

function pending(object: KubeObject, { now }: Related): Status {
  const scheduled = conditionOf(object, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return inProgress('it is pending');
  const age = now === undefined ? 0 : now.getTime() - Date.parse(object.metadata.creationTimestamp ?? '');
  const text = `no node takes it: ${scheduled.message || scheduled.reason}`;
  return age > schedulingGrace ? failed(text) : inProgress(text);
}

function readyText(object: KubeObject): string {
  const containers = mapsOf(valueAt(object, 'status', 'containerStatuses'));
  const ready = containers.filter((container) => container['ready'] === true).length;
  return `${ready} of ${containers.length} containers are ready`;
}

function failedText(object: KubeObject): string {
  const why = [textAt(object, 'status', 'reason'), textAt(object, 'status', 'message')].filter(Boolean);
  return ['it has failed', ...why].join(': ');
}
