import { syncLabel } from '../kube/normalise.ts';
import type { AppliedEntry } from '../kube/record.ts';
import type { Unknown } from '../model/drift.ts';
import { UserError } from '../model/errors.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';
import type { ClusterReader, Resource } from './ports.ts';
import type { Applied } from './read-applied.ts';
import { reasonOf } from './reason.ts';

/** What the cluster has of the recorded objects. */
export interface Live {
  /** A key for each that was read; undefined where the API server said that there is none. */
  objects: Map<string, KubeObject | undefined>;
  unknown: Unknown[];
}

/**
 * Reads the recorded objects: one LIST per kind by our label, then one GET for each that the list lacks (a removed label is not a deleted
 * object). A kind that cannot be read is unknown and stops no other.
 */
export async function readLive(applied: Applied, cluster: ClusterReader): Promise<Live> {
  const kinds = Map.groupBy(applied.entries, (entry) => `${entry.apiVersion} ${entry.kind}`);
  const read = await Promise.all([...kinds.values()].map((entries) => readKind(applied.sync, entries, cluster)));
  return {
    objects: new Map(read.flatMap((kind) => [...kind.objects])),
    unknown: read.flatMap((kind) => kind.unknown),
  };
}

async function readKind(sync: string, entries: AppliedEntry[], cluster: ClusterReader): Promise<Live> {
  const { apiVersion, kind } = entries[0]!;
  try {
    const resource = await cluster.resource(apiVersion, kind);
    if (resource === undefined) return unreadable(entries, `the API server does not know ${kind} of ${apiVersion}`);
    const listed = await listOurs(sync, entries, resource, cluster);
    const byName = new Map(listed.map((object) => [nameOf(object), object]));
    const lacking = entries.filter((entry) => !byName.has(entry.object));
    const single = await readSingly(lacking, resource, cluster);
    const found = entries.flatMap(({ object }) => {
      const live = byName.get(object);
      return live === undefined ? [] : [[object, live] as const];
    });
    return { objects: new Map([...found, ...single.objects]), unknown: single.unknown };
  } catch (error) {
    return unreadable(entries, reasonOf(error));
  }
}

/** One list of the whole cluster, or of each namespace where only that is allowed. What no list has is read by name. */
async function listOurs(
  sync: string,
  entries: AppliedEntry[],
  resource: Resource,
  cluster: ClusterReader,
): Promise<KubeObject[]> {
  const selector = `${syncLabel}=${sync}`;
  const unlessForbidden = (namespace?: string): Promise<KubeObject[] | undefined> =>
    cluster.list(resource, selector, namespace).catch((error: unknown) => {
      if (!isForbidden(error)) throw error;
      refusal = error;
      return undefined;
    });
  let refusal: unknown;
  const whole = await unlessForbidden();
  if (whole !== undefined) return whole;
  if (!resource.namespaced) return [];
  const namespaces = [...new Set(entries.map(({ namespace }) => namespace))];
  const lists = (await Promise.all(namespaces.map(unlessForbidden))).filter((list) => list !== undefined);
  if (lists.length === 0) throw refusal;
  return lists.flat();
}

function isForbidden(error: unknown): boolean {
  return error instanceof UserError && error.code === 'forbidden';
}

function unreadable(entries: AppliedEntry[], reason: string): Live {
  const { apiVersion, kind } = entries[0]!;
  const group = groupOf(apiVersion);
  return { objects: new Map(), unknown: [{ object: group === '' ? kind : `${group}/${kind}`, reason }] };
}

async function readSingly(entries: AppliedEntry[], resource: Resource, cluster: ClusterReader): Promise<Live> {
  const live: Live = { objects: new Map(), unknown: [] };
  await Promise.all(
    entries.map(async ({ object, apiVersion, kind, namespace, name }) => {
      try {
        live.objects.set(object, await cluster.get(resource, { group: groupOf(apiVersion), kind, namespace, name }));
      } catch (error) {
        live.unknown.push({ object, reason: reasonOf(error) });
      }
    }),
  );
  return live;
}
