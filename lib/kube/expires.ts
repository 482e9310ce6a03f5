import type { KubeObject } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';
import { numberAt } from './values.ts';

/**
 * True for a Job that Kubernetes itself deletes when it has finished and its time is up (`ttlSecondsAfterFinished`): that it is not there is no
 * drift, and to make it again would run it again.
 */
export function expires(object: KubeObject): boolean {
  const isJob = object.kind === 'Job' && groupOf(object.apiVersion) === 'batch';
  return isJob && numberAt(object, 'spec', 'ttlSecondsAfterFinished') !== undefined;
}
