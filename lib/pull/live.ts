import { syncLabel } from '../kube/normalise.ts';
import type { AppliedRecord } from '../kube/record.ts';
import type { UserError } from '../model/errors.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { formatObjectId, type ObjectId, parseObjectId } from '../model/object-id.ts';
import { listKind } from './list-kind.ts';
import type { Cluster, Resource } from './ports.ts';
import { type Found, type Lacking, readLacking } from './read-lacking.ts';
import type { WantedObject } from './wanted.ts';

/** What the cluster has of everything that Git wants and the record knows. */
export interface Live {
  /** A key for each that could be read; undefined where the API server said that there is none. */
  objects: Map<string, KubeObject | undefined>;
  /** The others: the user may not read them, and whether they are there is not known. */
  unread: Map<string, UserError>;
  /** Where each is; undefined where the server does not know the kind. */
  resources: Map<string, Resource | undefined>;
}

interface Target {
  id: ObjectId;
  resource: Resource | undefined;
}

/**
 * Reads the live objects: one LIST per kind by our label, then what the lists lack (a removed label is not a deleted object, and an object
 * of that name may be there that is not ours yet). Throws when anything cannot be read for another reason than that it is forbidden.
 */
export async function readLive(
  sync: string,
  wanted: readonly WantedObject[],
  record: AppliedRecord | undefined,
  cluster: Cluster,
): Promise<Live> {
  const targets = await targetsOf(wanted, record, cluster);
  const all = [...targets];
  const isNamespace = ([, { id }]: (typeof all)[number]) => id.group === '' && id.kind === 'Namespace';
  // A namespace that is just being deleted must not be missed alone, with all that was in it read a moment before.
  const first = await readTargets(sync, all.filter(isNamespace), cluster);
  const others = await readTargets(
    sync,
    all.filter((one) => !isNamespace(one)),
    cluster,
  );
  const found = new Map([...first.objects, ...others.objects]);
  const unread = new Map([...first.unread, ...others.unread]);
  const read = [...targets.keys()].filter((name) => !unread.has(name));
  return {
    objects: new Map(read.map((name) => [name, found.get(name)])),
    unread,
    resources: new Map(all.map(([name, { resource }]) => [name, resource])),
  };
}

async function readTargets(sync: string, targets: [string, Target][], cluster: Cluster): Promise<Found> {
  const listed = await listKinds(
    sync,
    targets.map(([, target]) => target),
    cluster,
  );
  const lacking = targets.filter(([name]) => !listed.has(name)).map(([, target]) => target);
  const single = await readLacking(
    lacking.filter((target): target is Lacking => target.resource !== undefined),
    cluster,
  );
  return { objects: new Map([...single.objects, ...listed]), unread: single.unread };
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
  const { resource, preferred } = lookUps(cluster);
  for (const { object, apiVersion, kind, namespace, name } of record?.entries ?? []) {
    const id = { ...parsed(object), kind, namespace, name };
    // Read at the version that was applied: the paths of our entry are in its terms.
    const recorded = await resource(apiVersion, kind);
    const served = recorded ?? targets.get(object)?.resource ?? (await preferred(id.group, kind));
    targets.set(object, { id, resource: served });
  }
  for (const object of record?.intent?.objects ?? []) {
    if (targets.has(object)) continue;
    const id = parsed(object);
    targets.set(object, { id, resource: await preferred(id.group, id.kind) });
  }
  return targets;
}

/** Discovery that asks once a kind: it would ask again for each object of a kind that is not served any more. */
function lookUps(cluster: Pick<Cluster, 'resource' | 'preferred'>): Pick<Cluster, 'resource' | 'preferred'> {
  const kept = new Map<string, Promise<Resource | undefined>>();
  const once = (key: string, ask: () => Promise<Resource | undefined>) => {
    const asked = kept.get(key) ?? ask();
    kept.set(key, asked);
    return asked;
  };
  return {
    resource: (apiVersion, kind) => once(`at ${apiVersion} ${kind}`, () => cluster.resource(apiVersion, kind)),
    preferred: (group, kind) => once(`of ${group} ${kind}`, () => cluster.preferred(group, kind)),
  };
}

function parsed(name: string): ObjectId {
  const id = parseObjectId(name);
  if (id === undefined) throw new Error(`the applied record names "${name}", which is no object`);
  return id;
}

async function listKinds(sync: string, targets: Target[], cluster: Cluster): Promise<Map<string, KubeObject>> {
  const served = targets.filter((target): target is Lacking => target.resource !== undefined);
  const kinds = Map.groupBy(served, ({ resource }) => `${resource.apiVersion} ${resource.kind}`);
  const lists = await Promise.all([...kinds.values()].map((ofKind) => listOurs(sync, ofKind, cluster)));
  // Two versions of one kind list the same objects: the target's own version counts.
  const versions = new Map(targets.map(({ id, resource }) => [formatObjectId(id), resource?.apiVersion]));
  const ours = lists.flat().filter((object) => versions.get(nameOf(object)) === object.apiVersion);
  return new Map(ours.map((object) => [nameOf(object), object]));
}

/** What the user may list; the rest is read one by one. */
async function listOurs(sync: string, ofKind: readonly Lacking[], cluster: Cluster): Promise<KubeObject[]> {
  const namespaces = ofKind.map(({ id }) => id.namespace);
  return (await listKind(cluster, ofKind[0]!.resource, `${syncLabel}=${sync}`, namespaces)).objects;
}
