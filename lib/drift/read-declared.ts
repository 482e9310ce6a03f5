import type { Unknown } from '../model/drift.ts';
import { each } from '../model/each.ts';
import { type KubeObject, nameOf, objectIdOf } from '../model/kube-object.ts';
import { kindName } from './kind-name.ts';
import type { Resource } from './ports.ts';
import type { Reading } from './read-live.ts';
import { isForbidden, whyNot } from './reason.ts';
import { whileTime } from './time-left.ts';

/** From so many objects of a kind in a namespace on they are listed, with all that is beside them; fewer are read one by one. */
const worthAList = 10;
/** Objects that are read at once. */
const atOnce = 16;

/** An object that Git declares, and what the cluster has of it. */
export interface Pair {
  git: KubeObject;
  /** Undefined where the API server said that there is none. */
  live: KubeObject | undefined;
}

/** What could be read, and what not. */
export interface ReadPairs {
  pairs: Pair[];
  unknown: Unknown[];
}

/**
 * Reads what Git declares by kind and name, whoever applied it. A kind, a namespace or an object that cannot be read is unknown and stops no
 * other.
 */
export async function readDeclared(declared: readonly KubeObject[], reading: Reading): Promise<ReadPairs> {
  const kinds = [...Map.groupBy(declared, ({ apiVersion, kind }) => `${apiVersion} ${kind}`).values()];
  return joined(await Promise.all(kinds.map((objects) => readKind(objects, reading))));
}

async function readKind(objects: KubeObject[], reading: Reading): Promise<ReadPairs> {
  const { apiVersion, kind } = objects[0]!;
  try {
    const resource = await whileTime(reading.cluster.resource(apiVersion, kind), reading.signal);
    if (resource === undefined) return unreadable(objects, `the API server does not know ${kind} of ${apiVersion}`);
    const { placed, unknown } = place(objects, resource);
    const namespaces = [...Map.groupBy(placed, ({ metadata }) => metadata.namespace ?? '').values()];
    const read = await Promise.all(namespaces.map((within) => readWithin(within, resource, reading)));
    return briefly(objects, joined([{ pairs: [], unknown }, ...read]));
  } catch (error) {
    return unreadable(objects, whyNot(error, reading.signal));
  }
}

/** Objects in their place, as a pull would apply them. */
function place(
  objects: readonly KubeObject[],
  { kind, namespaced }: Resource,
): { placed: KubeObject[] } & Pick<ReadPairs, 'unknown'> {
  const lacking = objects.filter(({ metadata }) => namespaced && !metadata.namespace);
  const unknown = lacking.map((object) => ({ object: nameOf(object), reason: `${kind} needs a namespace` }));
  const placed = objects
    .filter((object) => !lacking.includes(object))
    .map((object) => {
      if (namespaced) return object;
      const { namespace: _none, ...metadata } = object.metadata;
      return { ...object, metadata };
    });
  return { placed, unknown };
}

async function readWithin(objects: KubeObject[], resource: Resource, reading: Reading): Promise<ReadPairs> {
  const listed = objects.length < worthAList ? undefined : await list(objects, resource, reading);
  if (listed !== undefined)
    return { pairs: objects.map((git) => ({ git, live: listed.get(nameOf(git)) })), unknown: [] };
  return joined(await each(objects, atOnce, (git) => readOne(git, resource, reading)));
}

/** Undefined where lists are not allowed. */
async function list(
  objects: KubeObject[],
  resource: Resource,
  { cluster, signal }: Reading,
): Promise<Map<string, KubeObject> | undefined> {
  const wanted = new Set(objects.map(nameOf));
  const found = new Map<string, KubeObject>();
  const namespace = objects[0]!.metadata.namespace;
  try {
    for await (const page of cluster.pages(resource, { namespace, signal })) {
      for (const live of page) if (wanted.has(nameOf(live))) found.set(nameOf(live), live);
    }
    return found;
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

async function readOne(git: KubeObject, resource: Resource, reading: Reading): Promise<ReadPairs> {
  try {
    const live = await whileTime(reading.cluster.get(resource, objectIdOf(git), reading.signal), reading.signal);
    return { pairs: [{ git, live }], unknown: [] };
  } catch (error) {
    return { pairs: [], unknown: [{ object: nameOf(git), reason: whyNot(error, reading.signal) }] };
  }
}

/** Of a kind of which nothing could be read, one reason. */
function briefly(objects: KubeObject[], read: ReadPairs): ReadPairs {
  const [first, ...rest] = read.unknown;
  const isWhole = first !== undefined && rest.length > 0 && read.pairs.length === 0;
  return isWhole ? unreadable(objects, first.reason) : read;
}

function unreadable(objects: KubeObject[], reason: string): ReadPairs {
  return { pairs: [], unknown: [{ object: kindName(objects[0]!), reason }] };
}

function joined(read: readonly ReadPairs[]): ReadPairs {
  return { pairs: read.flatMap(({ pairs }) => pairs), unknown: read.flatMap(({ unknown }) => unknown) };
}
