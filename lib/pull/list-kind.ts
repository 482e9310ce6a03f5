import { UserError } from '../model/errors.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { Cluster, Resource } from './ports.ts';

/** What could be had of a kind; what is forbidden is not empty. */
export interface Asked<T> {
  answers: T[];
  /** The namespaces of interest of which it was forbidden; '' for a kind that is in none. */
  forbidden: ReadonlySet<string>;
}

/**
 * All objects of a kind that carry the label selector, in the namespaces of interest at least: of the whole cluster, or namespace by
 * namespace where only that is allowed. Throws where a list cannot be had for another reason than that it is forbidden.
 */
export async function listKind(
  cluster: Pick<Cluster, 'list'>,
  resource: Resource,
  labelSelector: string,
  namespaces: Iterable<string>,
): Promise<{ objects: KubeObject[]; forbidden: ReadonlySet<string> }> {
  const { answers, forbidden } = await wholeOrByNamespace(resource, namespaces, (namespace) =>
    cluster.list(resource, labelSelector, namespace),
  );
  return { objects: answers.flat(), forbidden };
}

/** Asks for the whole cluster, and for each of the namespaces where that is forbidden. */
export async function wholeOrByNamespace<T>(
  resource: Resource,
  namespaces: Iterable<string>,
  ask: (namespace?: string) => Promise<T>,
): Promise<Asked<T>> {
  const whole = await allowed(() => ask());
  if (whole !== 'forbidden') return { answers: [whole.answer], forbidden: new Set() };
  if (!resource.namespaced) return { answers: [], forbidden: new Set(['']) };
  const asked = await Promise.all(
    [...new Set(namespaces)].map(async (namespace) => ({ namespace, got: await allowed(() => ask(namespace)) })),
  );
  return {
    answers: asked.flatMap(({ got }) => (got === 'forbidden' ? [] : [got.answer])),
    forbidden: new Set(asked.filter(({ got }) => got === 'forbidden').map(({ namespace }) => namespace)),
  };
}

async function allowed<T>(ask: () => Promise<T>): Promise<{ answer: T } | 'forbidden'> {
  try {
    return { answer: await ask() };
  } catch (error) {
    if (isForbidden(error)) return 'forbidden';
    throw error;
  }
}

/** True for the API server's refusal to let this user read. */
export function isForbidden(error: unknown): error is UserError {
  return error instanceof UserError && error.code === 'forbidden';
}
