import { each } from '../model/each.ts';
import type { UserError } from '../model/errors.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { formatObjectId, type ObjectId } from '../model/object-id.ts';
import { isForbidden, wholeOrByNamespace } from './list-kind.ts';
import type { Cluster, Resource } from './ports.ts';

/** An object that a list by label did not have. */
export interface Lacking {
  id: ObjectId;
  resource: Resource;
}

/** Up to so many of a kind are read one by one without asking first which there are. */
const fewReads = 10;
/** A name in a list of metadata costs the API server about a fifth of a single read. */
const namesPerRead = 5;
/** With fewer than these in a namespace, a list of the namespace costs more than reading them. */
const worthAList = 4;
/** How many single reads are under way at once. */
const readsAtOnce = 32;

/** What single reads found, by name. */
export interface Found {
  /** Undefined where the API server said that there is none. */
  objects: Map<string, KubeObject | undefined>;
  /** What may not be read: whether it is there is not known. */
  unread: Map<string, UserError>;
}

/**
 * Reads objects one by one. Of a kind with many, a list of what there is comes first, metadata only, so that a first apply does not ask for
 * a thousand objects that do not exist. Each is in one of the two maps. Throws when one cannot be read for another reason than that it is forbidden.
 */
export async function readLacking(
  lacking: readonly Lacking[],
  cluster: Pick<Cluster, 'get' | 'names'>,
): Promise<Found> {
  const found: Found = {
    objects: new Map(lacking.map(({ id }) => [formatObjectId(id), undefined])),
    unread: new Map(),
  };
  const kinds = Map.groupBy(lacking, ({ resource }) => `${resource.apiVersion} ${resource.kind}`);
  const existing = await Promise.all([...kinds.values()].map((ofKind) => withoutAbsent(ofKind, cluster)));
  await each(existing.flat(), readsAtOnce, async ({ id, resource }) => {
    const name = formatObjectId(id);
    try {
      found.objects.set(name, await cluster.get(resource, id));
    } catch (error) {
      if (!isForbidden(error)) throw error;
      found.objects.delete(name);
      found.unread.set(name, error);
    }
  });
  return found;
}

/** Leaves out those of one kind of which a list says that they are not there. */
async function withoutAbsent(ofKind: readonly Lacking[], cluster: Pick<Cluster, 'names'>): Promise<readonly Lacking[]> {
  if (ofKind.length <= fewReads) return ofKind;
  const names = await namesOf(ofKind, cluster);
  if (names === undefined) return ofKind;
  const there = new Set(names.map(keyOf));
  return ofKind.filter(({ id }) => there.has(keyOf(id)));
}

/** The names of a kind in the whole cluster, else in the namespaces of interest; undefined where single reads are cheaper, or all that is allowed. */
async function namesOf(ofKind: readonly Lacking[], cluster: Pick<Cluster, 'names'>): Promise<Names | undefined> {
  const resource = ofKind[0]!.resource;
  const atMost = ofKind.length * namesPerRead;
  const namespaces = [...new Set(ofKind.map(({ id }) => id.namespace))];
  const ask = (namespace?: string) => cluster.names(resource, atMost, namespace);
  const { answers, forbidden } = await wholeOrByNamespace(resource, namespaces, ask);
  if (forbidden.size > 0) return undefined;
  const ofAll = joined(answers);
  if (ofAll !== undefined || !resource.namespaced || ofKind.length < namespaces.length * worthAList) return ofAll;
  return joined(await each(namespaces, readsAtOnce, ask));
}

type Names = { namespace: string; name: string }[];

function joined(lists: (Names | undefined)[]): Names | undefined {
  return lists.includes(undefined) ? undefined : lists.flatMap((names) => names ?? []);
}

function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}
