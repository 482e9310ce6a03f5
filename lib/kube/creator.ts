import type { KubeObject, ManagedFieldsEntry } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';

const filledAtCreation = new Set(['/PersistentVolumeClaim', '/PersistentVolume', '/Pod', 'batch/Job']);

/**
 * True for kinds that the API server fills in once, at creation, in the creator's name, and that hardly change after it. Taken over,
 * those fields would be removed by our apply, which it refuses.
 */
export function keepsCreator({ apiVersion, kind }: { apiVersion: string; kind: string }): boolean {
  return filledAtCreation.has(`${groupOf(apiVersion)}/${kind}`);
}

/** Verbs of kubectl that change what is there and create nothing. */
const onlyChanges = /^kubectl-(label|annotate|edit|patch|set|rollout|replace|taint|autoscale)$/;

/** True for the entry of such an object's creator who has not touched it since: it says nothing about what somebody added. */
export function isCreation(object: KubeObject, entry: ManagedFieldsEntry): boolean {
  if (!keepsCreator(object) || onlyChanges.test(entry.manager ?? '')) return false;
  return entry.time !== undefined && entry.time === object.metadata.creationTimestamp;
}
