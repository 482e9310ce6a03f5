import { syncLabel } from '../kube/normalise.ts';
import { statusOf } from '../kube/status/status-of.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import type { ObjectHealth } from '../model/messages.ts';
import type { Ledger } from './ledger.ts';
import { listKind } from './list-kind.ts';
import type { Cluster, Resource, Sleep } from './ports.ts';

/** Time between two looks while waiting, in milliseconds. */
const lookEvery = 1000;

/** What waiting needs. */
export interface HealthDeps {
  cluster: Cluster;
  ledger: Ledger;
  sync: string;
  /** How long an object may take from its apply to health. */
  waitSeconds: number;
  /** The objects that this pull wrote: their time begins anew. */
  written: ReadonlySet<string>;
  resources: ReadonlyMap<string, Resource>;
  now: () => Date;
  sleep: Sleep;
  signal?: AbortSignal | undefined;
  progress: (line: string) => void;
}

/** The health of a sync's objects, and what it means for the sync. */
export interface Health {
  objects: ObjectHealth[];
  verdict: 'synced' | 'progressing' | 'unhealthy';
  /** False while an object that is not healthy still has time. */
  decided: boolean;
}

/**
 * Looks at the health of the objects, and with `block` goes on looking until none that still has time is on its way. The record keeps since
 * when each is, so that a later pull goes on with the same deadline.
 */
export async function waitForHealth(
  objects: Map<string, KubeObject>,
  block: boolean,
  deps: HealthDeps,
): Promise<Health> {
  const started = deps.now();
  let statuses = await look(objects, deps);
  while (block && deps.signal?.aborted !== true) {
    const waiting = statuses.filter((status) => isOnItsWay(status) && !isOverdue(status.object, started, deps));
    if (waiting.length === 0) break;
    deps.progress(
      `waiting for ${waiting.length} of ${objects.size} to be healthy: ${waiting[0]!.object}: ${waiting[0]!.reason}`,
    );
    await deps.sleep(lookEvery);
    await refresh(
      objects,
      waiting.map(({ object }) => object),
      deps,
    );
    statuses = await look(objects, deps);
  }
  keepSince(statuses, started, deps);
  return judge(statuses, started, deps);
}

async function look(objects: ReadonlyMap<string, KubeObject>, deps: HealthDeps): Promise<ObjectHealth[]> {
  const first = [...objects].map(([object, live]) => ({ object, live, ...statusOf(live, { now: deps.now() }) }));
  const namespaces = new Set(
    first
      .filter((found) => isUnfinished(found) && hasPods(found.live))
      .map(({ live }) => live.metadata.namespace ?? ''),
  );
  const pods = await podsOf(namespaces, deps.cluster);
  return first.map(({ object, live, status, reason }) => {
    const beside = pods.get(live.metadata.namespace ?? '');
    if (!isUnfinished({ status }) || beside === undefined) return { object, status, reason };
    return { object, ...statusOf(live, { pods: beside, now: deps.now() }) };
  });
}

// A workload past its deadline has failed by itself; its pods say why.
function isUnfinished({ status }: Pick<ObjectHealth, 'status'>): boolean {
  return status === 'InProgress' || status === 'Failed';
}

const workloads = new Set([
  'apps/v1 Deployment',
  'apps/v1 StatefulSet',
  'apps/v1 DaemonSet',
  'apps/v1 ReplicaSet',
  'batch/v1 Job',
]);

function hasPods({ apiVersion, kind }: KubeObject): boolean {
  return workloads.has(`${apiVersion} ${kind}`);
}

async function podsOf(namespaces: ReadonlySet<string>, cluster: Cluster): Promise<Map<string, KubeObject[]>> {
  if (namespaces.size === 0) return new Map();
  const pod = await cluster.resource('v1', 'Pod');
  if (pod === undefined) return new Map();
  const lists = [...namespaces].map(
    async (namespace): Promise<[string, KubeObject[]]> => [namespace, await cluster.list(pod, undefined, namespace)],
  );
  return new Map(await Promise.all(lists));
}

/** Reads the kinds of the waiting objects again, one LIST each. An object that is not there any more is left out: drift will tell. */
async function refresh(
  objects: Map<string, KubeObject>,
  waiting: readonly string[],
  { cluster, resources, sync }: HealthDeps,
): Promise<void> {
  const kinds = Map.groupBy(waiting, (object) => {
    const { apiVersion, kind } = resources.get(object)!;
    return `${apiVersion} ${kind}`;
  });
  const lists = await Promise.all(
    [...kinds.values()].map((ofKind) => {
      const namespaces = ofKind.map((object) => objects.get(object)?.metadata.namespace ?? '');
      return listKind(cluster, resources.get(ofKind[0]!)!, `${syncLabel}=${sync}`, namespaces);
    }),
  );
  const found = new Map(lists.flat().map((object) => [nameOf(object), object]));
  for (const object of waiting) {
    const live = found.get(object);
    if (live === undefined) objects.delete(object);
    else objects.set(object, live);
  }
}

function isOnItsWay({ status }: ObjectHealth): boolean {
  return status === 'InProgress' || status === 'Terminating';
}

function isHealthy({ status }: ObjectHealth): boolean {
  return status === 'Current' || status === 'Unknown';
}

function sinceOf(object: string, started: Date, { ledger, written }: HealthDeps): Date {
  const kept = written.has(object) ? undefined : ledger.entry(object)?.healthProgressingSince;
  return kept === undefined ? started : new Date(kept);
}

function isOverdue(object: string, started: Date, deps: HealthDeps): boolean {
  return deps.now().getTime() >= sinceOf(object, started, deps).getTime() + deps.waitSeconds * 1000;
}

function keepSince(statuses: readonly ObjectHealth[], started: Date, deps: HealthDeps): void {
  for (const status of statuses) {
    const entry = deps.ledger.entry(status.object);
    if (entry === undefined) continue;
    const since = isHealthy(status) ? undefined : sinceOf(status.object, started, deps).toISOString();
    if (entry.healthProgressingSince === since) continue;
    const { healthProgressingSince: _, ...rest } = entry;
    deps.ledger.set(since === undefined ? rest : { ...rest, healthProgressingSince: since });
  }
}

function judge(statuses: ObjectHealth[], started: Date, deps: HealthDeps): Health {
  const late = (status: ObjectHealth) => deps.waitSeconds > 0 && isOverdue(status.object, started, deps);
  const sick = statuses.filter((status) => !isHealthy(status));
  const unhealthy = sick.some((status) => status.status === 'Failed' || late(status));
  return {
    objects: statuses,
    verdict: unhealthy ? 'unhealthy' : sick.length > 0 && deps.waitSeconds > 0 ? 'progressing' : 'synced',
    decided: sick.every((status) => isOverdue(status.object, started, deps)),
  };
}
