import { isDeepStrictEqual } from 'node:util';
import { component, componentLabel } from '../install/names.ts';
import type { SyncObjects } from '../install/rights.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import type { Cluster, Resource } from '../pull/ports.ts';
import type { PullOutcome } from '../pull/pull.ts';

/** What the syncs of Git declare, by name. */
export type Declared = ReadonlyMap<string, { sync: string; object: KubeObject }>;

/** The objects of syncs, by their names. */
export function declaredBy(syncs: readonly SyncObjects[]): Declared {
  return new Map(
    syncs.flatMap(({ name, objects }) => objects.map((object) => [nameOf(object), { sync: name, object }] as const)),
  );
}

/** The sync that manages what is to be installed, as the dry run met it; `differs` when Git and this installation are not the same. */
export function managedBy(
  { report, changes }: Pick<PullOutcome, 'report' | 'changes'>,
  manifests: readonly KubeObject[],
  declared: Declared,
): { sync: string; differs: boolean } | undefined {
  const claims = report.errors.filter(({ code }) => code === 'claimed-twice');
  const sync = declared.get(claims[0]?.object ?? '')?.sync;
  if (sync === undefined || claims.length < report.errors.length) return undefined;
  const claimed = new Set(claims.map(({ object }) => object));
  const differs =
    changes.some(({ action }) => action !== 'unchanged') ||
    manifests.some((one) => claimed.has(nameOf(one)) && !isSame(one, declared.get(nameOf(one))?.object));
  return { sync, differs };
}

/** True where Git declares an object just so. */
export function isDeclaredSo(object: KubeObject, declared: Declared): boolean {
  return isSame(object, declared.get(nameOf(object))?.object);
}

function isSame(one: KubeObject, other: KubeObject | undefined): boolean {
  // What is undefined is not in a file.
  const plain = (object: unknown) => JSON.parse(JSON.stringify(object ?? null));
  return isDeepStrictEqual(plain(one), plain(other));
}

/** A puller's workload that an installation would not make: a second puller beside it. */
export interface OtherPuller {
  object: KubeObject;
  resource: Resource;
  /** The sync that declares it in Git, and would bring it back. */
  declaredBy?: string;
}

/** Finds the workloads of pullers that are not among these manifests, by the label of what is installed. */
export async function otherPullers(
  cluster: Cluster,
  manifests: readonly KubeObject[],
  declared: Declared,
): Promise<OtherPuller[]> {
  const wanted = new Set(manifests.map(nameOf));
  const found: OtherPuller[] = [];
  for (const [apiVersion, kind] of [
    ['apps/v1', 'Deployment'],
    ['batch/v1', 'CronJob'],
  ] as const) {
    const resource = await cluster.resource(apiVersion, kind);
    if (resource === undefined) continue;
    const objects = await cluster.list(resource, `${componentLabel}=${component}`, systemNamespace);
    const others = objects.filter((one) => one.metadata.deletionTimestamp === undefined && !wanted.has(nameOf(one)));
    found.push(...others.map((object) => ({ object, resource, declaredBy: declared.get(nameOf(object))?.sync })));
  }
  return found;
}
