import type { KubeObject } from '../model/kube-object.ts';

/** Where kinds keep the pods that they make: Pod, Deployment and its like (those of CRDs, too), CronJob. */
const podSpecs = [['spec'], ['spec', 'template', 'spec'], ['spec', 'jobTemplate', 'spec', 'template', 'spec']];
const lists = ['initContainers', 'containers'];
/** A reference has 255 characters of name, 128 of tag and 71 of digest at most. */
const longest = 500;

/** The image references of the workloads among some objects, as they are written there, each once, sorted. */
export function imagesOf(objects: Iterable<KubeObject>): string[] {
  const found = new Set<string>();
  for (const object of objects)
    for (const path of podSpecs) for (const image of imagesIn(valueAt(object, path))) found.add(image);
  return [...found].sort();
}

function imagesIn(podSpec: unknown): string[] {
  return lists.flatMap((list) => {
    const containers = valueAt(podSpec, [list]);
    if (!Array.isArray(containers)) return [];
    return containers.map((one) => valueAt(one, ['image'])).filter(isReference);
  });
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[key] : undefined),
    value,
  );
}

function isReference(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longest;
}
