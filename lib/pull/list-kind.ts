import { UserError } from '../model/errors.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { Cluster, Resource } from './ports.ts';

/**
 * All objects of a kind that carry the label selector, in the namespaces of interest at least: of the whole cluster, or namespace by
 * namespace where only that is allowed. Throws where a list cannot be had: what is forbidden is not empty.
 */
export async function listKind(
  cluster: Pick<Cluster, 'list'>,
  resource: Resource,
  labelSelector: string,
  namespaces: Iterable<string>,
): Promise<KubeObject[]> {
  return await wholeOrByNamespace(
    resource,
    namespaces,
    (namespace) => cluster.list(resource, labelSelector, namespace),
    (lists) => lists.flat(),
  );
}

/** Asks for the whole cluster, and for each of the namespaces where that is forbidden. */
export async function wholeOrByNamespace<T>(
  resource: Resource,
  namespaces: Iterable<string>,
  ask: (namespace?: string) => Promise<T>,
  join: (answers: T[]) => T,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!resource.namespaced || !isForbidden(error)) throw error;
    return join(await Promise.all([...new Set(namespaces)].map((namespace) => ask(namespace))));
  }
}

/** True for the API server's refusal to let this user read. */
export function isForbidden(error: unknown): boolean {
  return error instanceof UserError && error.code === 'forbidden';
}
