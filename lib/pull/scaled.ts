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
  const differing = input.desired.filter((object) => mayBeScaled(object, input.live.get(nameOf(object))));
  if (differing.length === 0) return { plan: plan(input), notices: [] };
  const found = await each(namespacesOf(differing), listsAtOnce, (namespace) => scalersIn(namespace, cluster));
  const leaving = leavingOf(
    found.flatMap(({ scalers = [] }) => scalers),
    input,
  );
  const scalers = new Map(
    found.map((one) => [one.namespace, one.scalers?.filter((scaler) => !leaving.has(nameOf(scaler)))]),
  );
  const scaling = new Map<string, Scaling>();
  for (const object of differing) {
    const here = scalers.get(object.metadata.namespace ?? '');
    const live = input.live.get(nameOf(object))!;
    scaling.set(nameOf(object), here === undefined ? 'unknown' : scalingOf(object, live, here));
  }
  const notices = found.filter((one) => one.scalers === undefined).map(({ namespace }) => unread(namespace));
  return { plan: plan({ ...input, options: { ...input.options, scaling } }), notices };
}

/** Those of the autoscalers that this pull prunes; only a plan tells, and only for one that left Git it has to be made. */
function leavingOf(scalers: readonly KubeObject[], input: PlanInput): Set<string> {
  const recorded = new Set(input.record?.entries.map(({ object }) => object));
  const wanted = new Set(input.desired.map(nameOf));
  const left = scalers.map(nameOf).filter((name) => recorded.has(name) && !wanted.has(name));
  if (left.length === 0) return new Set();
  return new Set(
    plan(input)
      .prune.flat()
      .map(({ id }) => id),
  );
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
