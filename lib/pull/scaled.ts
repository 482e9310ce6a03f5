import { type Plan, type PlanInput, plan } from '../kube/plan.ts';
import { mayBeScaled, type Scaling, scalerKinds, scalingOf } from '../kube/scalers.ts';
import type { Problem } from '../model/errors.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { each } from './each.ts';
import { isForbidden } from './list-kind.ts';
import type { Cluster } from './ports.ts';

/** How many lists are under way at once. */
const listsAtOnce = 8;

/**
 * Plans, with a look at the autoscalers where the number of replicas in Git is not the live one: it costs a list or two for each such
 * namespace, and nothing else. An autoscaler that this pull prunes does not count. Where they may not be read, the managed fields alone
 * decide, and a notice says so; throws where reading them fails.
 */
export async function planScaled(
  input: PlanInput,
  cluster: Pick<Cluster, 'preferred' | 'list'>,
): Promise<{ plan: Plan; notices: Problem[] }> {
  const first = plan(input);
  const differing = input.desired.filter((object) => mayBeScaled(object, input.live.get(nameOf(object))));
  if (differing.length === 0) return { plan: first, notices: [] };
  const leaving = new Set(first.prune.flat().map(({ id }) => id));
  const found = await each(namespacesOf(differing), listsAtOnce, (namespace) => scalersIn(namespace, cluster));
  const scalers = new Map(found.map(({ namespace, scalers }) => [namespace, scalers]));
  const scaling = new Map<string, Scaling>();
  for (const object of differing) {
    const here = scalers.get(object.metadata.namespace ?? '')?.filter((scaler) => !leaving.has(nameOf(scaler)));
    const live = input.live.get(nameOf(object))!;
    scaling.set(nameOf(object), here === undefined ? 'unknown' : scalingOf(object, live, here));
  }
  const notices = found.filter((one) => one.scalers === undefined).map(({ namespace }) => unread(namespace));
  return { plan: plan({ ...input, options: { ...input.options, scaling } }), notices };
}

function namespacesOf(objects: readonly KubeObject[]): string[] {
  return [...new Set(objects.map(({ metadata }) => metadata.namespace ?? ''))];
}

/** All autoscalers of a namespace; without `scalers` where they may not be read. */
async function scalersIn(
  namespace: string,
  cluster: Pick<Cluster, 'preferred' | 'list'>,
): Promise<{ namespace: string; scalers?: KubeObject[] }> {
  const lists = scalerKinds.map(async ({ group, kind }) => {
    const resource = await cluster.preferred(group, kind);
    return resource === undefined ? [] : await cluster.list(resource, undefined, namespace);
  });
  try {
    return { namespace, scalers: (await Promise.all(lists)).flat() };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return { namespace };
  }
}

function unread(namespace: string): Problem {
  return {
    code: 'autoscalers-unread',
    message: `the autoscalers of namespace ${namespace} may not be read: who sets the replicas there is told from managed fields alone`,
    hint: 'allow list on horizontalpodautoscalers, and on scaledobjects where KEDA is used',
  };
}
