import { type KubeObject, objectIdOf } from '../model/kube-object.ts';
import { isForbidden, listKind } from './list-kind.ts';
import type { Cluster, Resource, Sleep, Watched } from './ports.ts';
import { readLacking } from './read-lacking.ts';

/** Time between two looks where watching is forbidden, in milliseconds. */
const lookEvery = 2000;
/** In more namespaces than these a kind is looked at and not watched: an API server lets one connection have some hundred watches. */
const mostNamespaces = 20;

/** What following needs. */
export interface FollowDeps {
  cluster: Cluster;
  sleep: Sleep;
  /** Ends it. */
  signal: AbortSignal;
}

/** Hears what there is. `within`: only the objects of that namespace are spoken of; else all of the kind. */
export type Tell = (watched: Watched, within?: string) => void;

/**
 * Tells what there is of a sync's objects of one kind, and each change, until the signal ends it. By watching the whole cluster, or the
 * namespaces of the objects where only that is allowed; by looking again and again where watching is forbidden. Throws where it can neither
 * be watched nor read.
 */
export async function followKind(
  resource: Resource,
  labelSelector: string,
  objects: readonly KubeObject[],
  deps: FollowDeps,
  tell: Tell,
): Promise<void> {
  const namespaces = new Set(objects.map(({ metadata }) => metadata.namespace ?? ''));
  await watchOrLook(
    deps,
    async (signal) => {
      const watch = (namespace?: string) => tellAll(deps.cluster, resource, { labelSelector, namespace, signal }, tell);
      try {
        await watch();
      } catch (error) {
        if (!resource.namespaced || !isForbidden(error) || namespaces.size > mostNamespaces) throw error;
        await Promise.all([...namespaces].map(watch));
      }
    },
    async () => {
      tell({ type: 'all', objects: await readKind(resource, labelSelector, objects, deps.cluster) });
    },
  );
}

/** Tells what there is of a kind in one namespace, and each change, as `followKind` does. */
export async function followNamespace(
  resource: Resource,
  namespace: string,
  deps: FollowDeps,
  tell: Tell,
): Promise<void> {
  await watchOrLook(
    deps,
    (signal) => tellAll(deps.cluster, resource, { namespace, signal }, tell),
    async () => tell({ type: 'all', objects: await deps.cluster.list(resource, undefined, namespace) }, namespace),
  );
}

async function tellAll(
  cluster: Cluster,
  resource: Resource,
  options: { labelSelector?: string; namespace?: string | undefined; signal: AbortSignal },
  tell: Tell,
): Promise<void> {
  for await (const watched of cluster.watch(resource, options)) {
    if (options.signal.aborted) return;
    tell(watched, options.namespace);
  }
}

async function watchOrLook(
  { signal, sleep }: FollowDeps,
  watch: (signal: AbortSignal) => Promise<void>,
  look: () => Promise<void>,
): Promise<void> {
  // Where one of several watches is refused the others must end before looking takes their place.
  const refused = new AbortController();
  try {
    return await watch(AbortSignal.any([signal, refused.signal]));
  } catch (error) {
    if (!isForbidden(error)) throw error;
  } finally {
    refused.abort();
  }
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  while (!signal.aborted) {
    await look();
    await Promise.race([sleep(lookEvery), ended]);
  }
}

async function readKind(
  resource: Resource,
  labelSelector: string,
  objects: readonly KubeObject[],
  cluster: Cluster,
): Promise<KubeObject[]> {
  const namespaces = objects.map(({ metadata }) => metadata.namespace ?? '');
  const { objects: listed, forbidden } = await listKind(cluster, resource, labelSelector, namespaces);
  // What may not be listed may still be read by name.
  const lacking = objects.filter(({ metadata }) => forbidden.has(metadata.namespace ?? ''));
  const found = await readLacking(
    lacking.map((object) => ({ id: objectIdOf(object), resource })),
    cluster,
  );
  for (const error of found.unread.values()) throw error;
  return [...listed, ...[...found.objects.values()].filter((object) => object !== undefined)];
}
