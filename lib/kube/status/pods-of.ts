import type { KubeObject } from '../../model/kube-object.ts';
import { groupOf } from '../../model/object-id.ts';
import { mapOf, mapsOf, textAt, valueAt } from '../values.ts';

/** The label that tells the pods of one template from those of another. */
const templateLabels: Record<string, string> = {
  'apps/Deployment': 'pod-template-hash',
  'apps/StatefulSet': 'controller-revision-hash',
  'apps/DaemonSet': 'controller-revision-hash',
};

/** Of `pods`, those that a workload made from its newest template. Old ones may be broken: that is often what a new template mends. */
export function newestPodsOf(workload: KubeObject, pods: readonly KubeObject[]): KubeObject[] {
  const own = pods.filter((pod) => !pod.metadata.deletionTimestamp && isSelected(workload, pod));
  const label = templateLabels[`${groupOf(workload.apiVersion)}/${workload.kind}`];
  if (label === undefined) return own;
  const revision = textAt(workload, 'status', 'updateRevision');
  if (revision !== undefined) return own.filter((pod) => pod.metadata.labels?.[label] === revision);
  const fitting = own.filter((pod) => hasImagesOf(workload, pod));
  const newest = fitting.reduce<KubeObject | undefined>(
    (a, b) => (a !== undefined && createdAt(a) >= createdAt(b) ? a : b),
    undefined,
  );
  return fitting.filter((pod) => pod.metadata.labels?.[label] === newest?.metadata.labels?.[label]);
}

function isSelected(workload: KubeObject, pod: KubeObject): boolean {
  if (pod.kind !== 'Pod' || pod.metadata.namespace !== workload.metadata.namespace) return false;
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
  if (owner?.kind === workload.kind) return owner.uid === workload.metadata.uid;
  return fits(mapOf(valueAt(workload, 'spec', 'selector')), pod.metadata.labels ?? {});
}

/** A label selector (`matchLabels` and `matchExpressions`) without any requirement selects nothing here. */
function fits(selector: Record<string, unknown>, labels: Record<string, string>): boolean {
  const wanted = Object.entries(mapOf(selector['matchLabels']));
  const expressions = mapsOf(selector['matchExpressions']);
  if (wanted.length + expressions.length === 0) return false;
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    expressions.every((expression) => meets(expression, labels))
  );
}

function meets(expression: Record<string, unknown>, labels: Record<string, string>): boolean {
  const label = labels[textAt(expression, 'key') ?? ''];
  const values = Array.isArray(expression['values']) ? expression['values'] : [];
  switch (expression['operator']) {
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    default:
      return false;
  }
}

function hasImagesOf(workload: KubeObject, pod: KubeObject): boolean {
  const containers = mapsOf(valueAt(pod, 'spec', 'containers'));
  return mapsOf(valueAt(workload, 'spec', 'template', 'spec', 'containers')).every((wanted) =>
    containers.some((container) => container['name'] === wanted['name'] && container['image'] === wanted['image']),
  );
}

function createdAt(pod: KubeObject): string {
  return pod.metadata.creationTimestamp ?? '';
}
