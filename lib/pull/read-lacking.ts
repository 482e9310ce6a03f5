import type { KubeObject } from '../model/kube-object.ts';
import { formatObjectId, type ObjectId } from '../model/object-id.ts';
import { each } from './each.ts';
import { wholeOrByNamespace } from './list-kind.ts';
import type { Cluster, Resource } from './ports.ts';

/** An object that a list by label did not have. */
export interface Lacking {
  id: ObjectId;
  resource: Resource;
}

/** Up to so many of a kind are read one by one without asking first which there are. */
const fewReads = 10;
/** A name in a list of metadata costs the API server about a tenth of a single read. */
const namesPerRead = 10;
/** How many single reads are under way at once. */
const readsAtOnce = 32;

/**
 * Reads objects one by one. Of a kind with many, a list of what there is comes first, metadata only, so that a first apply does not ask for
 * a thousand objects that do not exist. By name; undefined where the API server said that there is none. Throws when one cannot be read.
 */
export async function readLacking(
  lacking: readonly Lacking[],
  cluster: Pick<Cluster, 'get' | 'names'>,
): Promise<Map<string, KubeObject | undefined>> {
  const found = new Map<string, KubeObject | undefined>(lacking.map(({ id }) => [formatObjectId(id), undefined]));
  const kinds = Map.groupBy(lacking, ({ resource }) => `${resource.apiVersion} ${resource.kind}`);
  const existing = await Promise.all([...kinds.values()].map((ofKind) => withoutAbsent(ofKind, cluster)));
  await each(existing.flat(), readsAtOnce, async ({ id, resource }) => {
    found.set(formatObjectId(id), await cluster.get(resource, id));
  });
  return found;
}

/** Leaves out those of one kind of which a list says that they are not there. */
async function withoutAbsent(ofKind: readonly Lacking[], cluster: Pick<Cluster, 'names'>): Promise<readonly Lacking[]> {
  const resource = ofKind[0]!.resource;
  if (ofKind.length <= fewReads) return ofKind;
  const names = await wholeOrByNamespace(
    resource,
    ofKind.map(({ id }) => id.namespace),
    (namespace) => cluster.names(resource, ofKind.length * namesPerRead, namespace),
    joined,
  );
  if (names === undefined) return ofKind;
  const there = new Set(names.map(keyOf));
  return ofKind.filter(({ id }) => there.has(keyOf(id)));
}

type Names = { namespace: string; name: string }[];

function joined(lists: (Names | undefined)[]): Names | undefined {
  return lists.includes(undefined) ? undefined : lists.flatMap((names) => names ?? []);
}

function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}
