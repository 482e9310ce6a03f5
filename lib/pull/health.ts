import type { CustomRules } from '../kube/status/status.ts';
import { statusOf } from '../kube/status/status-of.ts';
import { each } from '../model/each.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { ObjectHealth } from '../model/messages.ts';
import { Fresh } from './fresh.ts';
import { LateClasses } from './late-classes.ts';
import type { Ledger } from './ledger.ts';
import { isForbidden } from './list-kind.ts';
import type { Cluster, Resource, Sleep } from './ports.ts';

/** How many namespaces' pods are listed at once. */
const listsAtOnce = 16;

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
  /** Rules of windlass.yaml. */
  rules?: CustomRules | undefined;
  now: () => Date;
  sleep: Sleep;
  /** Ends the waiting. */
  signal?: AbortSignal | undefined;
  /** Ends the waiting as well: there is something newer to pull. */
  newHead?: AbortSignal | undefined;
  progress: (line: string) => void;
}

/** The health of a sync's objects, and what it means for the sync. */
export interface Health {
  objects: ObjectHealth[];
  verdict: 'synced' | 'progressing' | 'unhealthy';
  /** False while an object that is not healthy still has time. */
  decided: boolean;
  /** Where the pods of unfinished workloads may not be listed: nothing is known of them. */
  podsUnread: string[];
}

/**
 * Looks at the health of the objects, and with `block` waits until none that still has time is on its way: it watches the kinds of those that
 * are, and their pods. The record keeps since when each is, so that a later pull goes on with the same deadline.
 */
export async function waitForHealth(
  objects: Map<string, KubeObject>,
  block: boolean,
  deps: HealthDeps,
): Promise<Health> {
  const started = deps.now();
  const late = new LateClasses(deps.cluster);
  const pods = block ? await wait(objects, late, started, deps) : new Map();
  const { statuses, podsUnread } = await look(objects, pods, late, deps);
  keepSince(statuses, started, deps);
  return { ...judge(statuses, started, deps), podsUnread };
}

/** Pods by namespace and name. */
type Pods = ReadonlyMap<string, ReadonlyMap<string, KubeObject>>;

/** Keeps `objects` as they are in the cluster until there is nothing to wait for, and gives the pods that were seen beside them. */
async function wait(
  objects: Map<string, KubeObject>,
  late: LateClasses,
  started: Date,
  deps: HealthDeps,
): Promise<Pods> {
  const { cluster, sync, resources, sleep, signal, newHead } = deps;
  const signals = [signal, newHead].filter((one) => one !== undefined);
  const fresh = new Fresh(objects, { cluster, sync, resources, sleep, signals });
  try {
    while (!signals.some(({ aborted }) => aborted)) {
      const statuses = statusesOf(objects, fresh.pods, late, deps);
      const waiting = statuses.filter((status) => isOnItsWay(status) && !isOverdue(status.object, started, deps));
      if (waiting.length === 0) break;
      if (await late.explain(waiting.map(({ object }) => objects.get(object)!))) continue;
      deps.progress(
        `waiting for ${waiting.length} of ${objects.size} to be healthy: ${waiting[0]!.object}: ${waiting[0]!.reason}`,
      );
      await fresh.follow(
        waiting.map(({ object }) => object),
        namespacesOf(statuses, objects),
      );
      await fresh.changed();
    }
    return fresh.pods;
  } finally {
    await fresh.end();
  }
}

/** The statuses; what is not known of the pods of unfinished workloads is read. */
async function look(
  objects: ReadonlyMap<string, KubeObject>,
  pods: Pods,
  late: LateClasses,
  deps: HealthDeps,
): Promise<Pick<Health, 'podsUnread'> & { statuses: ObjectHealth[] }> {
  const before = statusesOf(objects, pods, late, deps);
  await late.explain(before.filter((status) => !isHealthy(status)).map(({ object }) => objects.get(object)!));
  const namespaces = namespacesOf(before, objects);
  const lacking = [...namespaces].filter((namespace) => !pods.has(namespace));
  const read = await podsOf(lacking, deps.cluster);
  return { statuses: statusesOf(objects, new Map([...pods, ...read.pods]), late, deps), podsUnread: read.unread };
}

function statusesOf(
  objects: ReadonlyMap<string, KubeObject>,
  pods: Pods,
  { names: lateClasses }: LateClasses,
  { now, rules }: HealthDeps,
): ObjectHealth[] {
  const lists = new Map([...pods].map(([namespace, byName]) => [namespace, [...byName.values()]]));
  return [...objects].map(([object, live]) => {
    const beside = hasPods(live) ? lists.get(live.metadata.namespace ?? '') : undefined;
    return { object, ...statusOf(live, { now: now(), rules, lateClasses, ...(beside && { pods: beside }) }) };
  });
}

/** Where unfinished workloads are. */
function namespacesOf(
  statuses: readonly ObjectHealth[],
  objects: ReadonlyMap<string, KubeObject>,
): ReadonlySet<string> {
  const unfinished = statuses.filter(isUnfinished).map(({ object }) => objects.get(object)!);
  return new Set(unfinished.filter(hasPods).map(({ metadata }) => metadata.namespace ?? ''));
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

async function podsOf(namespaces: readonly string[], cluster: Cluster): Promise<{ pods: Pods; unread: string[] }> {
  const pods = new Map<string, Map<string, KubeObject>>();
  const unread: string[] = [];
  const pod = namespaces.length === 0 ? undefined : await cluster.resource('v1', 'Pod');
  if (pod === undefined) return { pods, unread };
  await each(namespaces, listsAtOnce, async (namespace) => {
    try {
      const list = await cluster.list(pod, undefined, namespace);
      pods.set(namespace, new Map(list.map((found) => [found.metadata.name, found])));
    } catch (error) {
      if (!isForbidden(error)) throw error;
      unread.push(namespace);
    }
  });
  return { pods, unread };
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

function judge(statuses: ObjectHealth[], started: Date, deps: HealthDeps): Omit<Health, 'podsUnread'> {
  const late = (status: ObjectHealth) => deps.waitSeconds > 0 && isOverdue(status.object, started, deps);
  const sick = statuses.filter((status) => !isHealthy(status));
  const unhealthy = sick.some((status) => status.status === 'Failed' || late(status));
  return {
    objects: statuses,
    verdict: unhealthy ? 'unhealthy' : sick.length > 0 && deps.waitSeconds > 0 ? 'progressing' : 'synced',
    decided: sick.every((status) => isOverdue(status.object, started, deps)),
  };
}
