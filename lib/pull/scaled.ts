import { type Plan, type PlanInput, plan } from '../kube/plan.ts';
import { mayBeScaled, type Scaling, scalerKinds, scalingOf } from '../kube/scalers.ts';
import { each } from '../model/each.ts';
import type { Problem } from '../model/errors.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { isForbidden } from './list-kind.ts';
import type { Cluster } from './ports.ts';

/** How many lists are under way at once. */
const listsAtOnce = 8;

/**
 * Plans, with a look at the autoscalers where the number of replicas in Git is not the live one: it costs a list or two for each such
 * namespace, and nothing else. An autoscaler that this pull prunes does not count. Where a kind of them may not be read and none
 * of the others answers for the object, the managed fields alone decide, and a notice says so; throws where reading them fails.
 */
export async function planScaled(
  input: PlanInput,
  cluster: Pick<Cluster, 'preferred' | 'list'>,
): Promise<{ plan: Plan; notices: Problem[] }> {
  const differing = input.desired.filter((object) => mayBeScaled(object, input.live.get(nameOf(object))));
  if (differing.length === 0) return { plan: plan(input), notices: [] };
  const found = await each(namespacesOf(differing), listsAtOnce, (namespace) => scalersIn(namespace, cluster));
  const leaving = leavingOf(
    found.flatMap(({ scalers }) => scalers),
    input,
  );
  const byNamespace = new Map(found.map((one) => [one.namespace, one]));
  const scaling = new Map<string, Scaling>();
  const scalers = new Map<string, string>();
  const unsure = new Set<ScalersThere>();
  for (const object of differing) {
    const here = byNamespace.get(object.metadata.namespace ?? '')!;
    const staying = here.scalers.filter((scaler) => !leaving.has(nameOf(scaler)));
    const { scaling: known, scaler } = scalingOf(object, input.live.get(nameOf(object))!, staying);
    const isUnsure = known === 'free' && here.unread.length > 0;
    scaling.set(nameOf(object), isUnsure ? 'unknown' : known);
    if (isUnsure) unsure.add(here);
    if (scaler !== undefined) scalers.set(nameOf(object), scaler);
  }
  const notices = [...unsure].map(unread);
  return { plan: plan({ ...input, options: { ...input.options, scaling, scalers } }), notices };
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

/** The autoscalers of a namespace, and the kinds of them that may not be read. */
interface ScalersThere {
  namespace: string;
  scalers: KubeObject[];
  unread: string[];
}

async function scalersIn(namespace: string, cluster: Pick<Cluster, 'preferred' | 'list'>): Promise<ScalersThere> {
  const there: ScalersThere = { namespace, scalers: [], unread: [] };
  const readKind = async ({ group, kind }: (typeof scalerKinds)[number]) => {
    try {
      const resource = await cluster.preferred(group, kind);
      if (resource !== undefined) there.scalers.push(...(await cluster.list(resource, undefined, namespace)));
    } catch (error) {
      if (!isForbidden(error)) throw error;
      there.unread.push(kind);
    }
  };
  await Promise.all(scalerKinds.map(readKind));
  return there;
}

function unread({ namespace, unread: kinds }: ScalersThere): Problem {
  return {
    code: 'autoscalers-unread',
    message: `the autoscalers of namespace ${namespace} may not be read (${kinds.sort().join(', ')}): who sets the replicas there is told from managed fields alone`,
    hint: 'allow list on horizontalpodautoscalers, and on scaledobjects where KEDA is used',
  };
}
