import { syncLabel } from '../kube/normalise.ts';
import type { AppliedRecord } from '../kube/record.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { formatObjectId, type ObjectId, parseObjectId } from '../model/object-id.ts';
import { each } from './each.ts';
import type { Cluster, Resource } from './ports.ts';
import type { WantedObject } from './wanted.ts';

/** How many single reads are under way at once. */
const readsAtOnce = 32;

/** What the cluster has of everything that Git wants and the record knows. */
export interface Live {
  /** A key for each; undefined where the API server said that there is none. */
  objects: Map<string, KubeObject | undefined>;
  /** Where each is; undefined where the server does not know the kind. */
  resources: Map<string, Resource | undefined>;
}

interface Target {
  id: ObjectId;
  resource: Resource | undefined;
}

/**
 * Reads the live objects: one LIST per kind by our label, then one GET for each that the lists lack (a removed label is not a deleted
 * object, and an object of that name may be there that is not ours yet). Throws when anything cannot be read.
 */
export async function readLive(
  sync: string,
  wanted: readonly WantedObject[],
  record: AppliedRecord | undefined,
  cluster: Cluster,
): Promise<Live> {
  const targets = await targetsOf(wanted, record, cluster);
  const listed = await listKinds(sync, [...targets.values()], cluster);
  const lacking = [...targets].filter(([name]) => !listed.has(name));
  const single = await each(
    lacking,
    readsAtOnce,
    async ([name, { id, resource }]): Promise<[string, KubeObject | undefined]> => [
      name,
      resource === undefined ? undefined : await cluster.get(resource, id),
    ],
  );
  const known = [...listed].filter(([name]) => targets.has(name));
  return {
    objects: new Map([...known, ...single]),
    resources: new Map([...targets].map(([name, { resource }]) => [name, resource])),
  };
}

async function targetsOf(
  wanted: readonly WantedObject[],
  record: AppliedRecord | undefined,
  cluster: Cluster,
): Promise<Map<string, Target>> {
  const targets = new Map<string, Target>();
  for (const { id, object, resource, served } of wanted) {
    const { namespace = '', name } = object.metadata;
    targets.set(id, { id: { ...parseObjectId(id)!, namespace, name }, resource: served ? resource : undefined });
  }
  for (const { object, apiVersion, kind, namespace, name } of record?.entries ?? []) {
    const id = { ...parsed(object), kind, namespace, name };
    // Read at the version that was applied: the paths of our entry are in its terms.
    const recorded = await cluster.resource(apiVersion, kind);
    const resource = recorded ?? targets.get(object)?.resource ?? (await cluster.preferred(id.group, kind));
    targets.set(object, { id, resource });
  }
  for (const object of record?.intent?.objects ?? []) {
    if (targets.has(object)) continue;
    const id = parsed(object);
    targets.set(object, { id, resource: await cluster.preferred(id.group, id.kind) });
  }
  return targets;
}

function parsed(name: string): ObjectId {
  const id = parseObjectId(name);
  if (id === undefined) throw new Error(`the applied record names "${name}", which is no object`);
  return id;
}

async function listKinds(sync: string, targets: Target[], cluster: Cluster): Promise<Map<string, KubeObject>> {
  const kinds = new Map<string, Resource>();
  for (const { resource } of targets)
    if (resource !== undefined) kinds.set(`${resource.apiVersion} ${resource.kind}`, resource);
  const lists = await Promise.all(
    [...kinds.values()].map((resource) => cluster.list(resource, `${syncLabel}=${sync}`)),
  );
  // Two versions of one kind list the same objects: the target's own version counts.
  const versions = new Map(targets.map(({ id, resource }) => [formatObjectId(id), resource?.apiVersion]));
  const ours = lists.flat().filter((object) => versions.get(nameOf(object)) === object.apiVersion);
  return new Map(ours.map((object) => [nameOf(object), object]));
}
