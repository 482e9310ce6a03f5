import { randomBytes } from 'node:crypto';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterLeases } from '../../lib/adapters/kubernetes/lease.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import type { Config, HealthRule, SyncSpec } from '../../lib/config/config.ts';
import { defaultLimits } from '../../lib/config/drift-limits.ts';
import type { Kustomizer, SourceTree } from '../../lib/desired/ports.ts';
import type { AppliedEntry } from '../../lib/kube/record.ts';
import { countActions } from '../../lib/model/change-set.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { objectIdOf } from '../../lib/model/kube-object.ts';
import type { SyncReported } from '../../lib/model/messages.ts';
import type { ObjectId } from '../../lib/model/object-id.ts';
import type { Cluster, Resource } from '../../lib/pull/ports.ts';
import { type PullOutcome, pull } from '../../lib/pull/pull.ts';
import { rendererWith } from '../../lib/pull/renderer.ts';
import type { PullDeps } from '../../lib/pull/request.ts';
import { waitFor } from '../helpers/cluster.ts';

/** A tree of files in memory; each content has a revision of its own. */
export function treeOf(files: Record<string, string>, revision = randomBytes(20).toString('hex')): SourceTree {
  const all = Object.keys(files).sort();
  const bytes = (path: string) => new TextEncoder().encode(files[path]);
  return {
    revision,
    async files(directory) {
      const within = all.filter((path) => directory === '.' || path.startsWith(`${directory}/`));
      return within.map((path) => ({ path, size: bytes(path).length, kind: 'file' as const }));
    },
    async read(path) {
      if (files[path] === undefined) throw new Error(`no file ${path}`);
      return bytes(path);
    },
  };
}

/** For trees without kustomizations: asking it is a fault of the test. */
export const noKustomizer: Kustomizer = {
  build: () => Promise.reject(new Error('this tree has no kustomization')),
  version: async () => 'none',
};

/** A sync of the path `.` with defaults; names are unique, so that tests can share a cluster. */
export function syncSpec(changes: Partial<SyncSpec> = {}): SyncSpec {
  const name = changes.name ?? `t${randomBytes(4).toString('hex')}`;
  return {
    name,
    template: name,
    cluster: 'test',
    path: 'app',
    dependsOn: [],
    waitSeconds: 60,
    prune: true,
    selfHeal: true,
    ...changes,
  };
}

/** One sync, one namespace and the means to pull it, on a real API server. */
export interface World {
  cluster: KubernetesCluster;
  records: ClusterRecords;
  namespace: string;
  sync: SyncSpec;
  reports: SyncReported[];
  /** Pulls a tree that has these files below the sync's path. */
  pull(files: Record<string, string>, changes?: PullChanges): Promise<PullOutcome>;
  live(apiVersion: string, kind: string, name: string, namespace?: string): Promise<KubeObject | undefined>;
  entries(): Promise<Map<string, AppliedEntry>>;
  /** Changes an object as another tool would: a merge patch by another field manager. */
  edit(apiVersion: string, kind: string, name: string, patch: unknown, manager?: string): Promise<void>;
  /** Requests that write, as counted by the client since the last call. */
  writes(): Record<string, number>;
  close(): Promise<void>;
}

/** What differs in one pull. */
export interface PullChanges {
  sync?: Partial<SyncSpec>;
  others?: SyncSpec[];
  revision?: string;
  dryRun?: boolean;
  wait?: 'block' | 'report';
  cluster?: Cluster;
  now?: () => Date;
  health?: HealthRule[];
  drift?: Partial<Config['drift']>;
  deps?: Partial<PullDeps>;
}

/** Opens a world in a namespace of its own, which is made by the first pull or by the test. */
export async function openWorld(kubeconfig: string, sync = syncSpec()): Promise<World> {
  const cluster = await openCluster({ kubeconfig });
  const records = new ClusterRecords(cluster.client);
  const leases = new ClusterLeases(cluster.client);
  const reports: SyncReported[] = [];
  const namespace = `ns-${sync.name}`;
  let counted: Record<string, number> = {};
  const resource = async (apiVersion: string, kind: string): Promise<Resource> => {
    const found = await cluster.resource(apiVersion, kind);
    if (found === undefined) throw new Error(`the server has no ${apiVersion} ${kind}`);
    return found;
  };
  const idOf = (apiVersion: string, kind: string, name: string, inNamespace: string): ObjectId =>
    objectIdOf({ apiVersion, kind, metadata: { name, namespace: inNamespace } });
  const world: World = {
    ...{ cluster, records, namespace, sync, reports },
    async pull(files, changes = {}) {
      const spec = { ...sync, ...changes.sync };
      const below = Object.fromEntries(
        Object.entries(files).map(([name, text]) => [name.includes('/') ? name : `${spec.path}/${name}`, text]),
      );
      const config = {
        images: {},
        clusters: {},
        environments: [],
        syncs: [spec, ...(changes.others ?? [])],
        drift: { ignore: [], graceSeconds: 0, limits: defaultLimits, ...changes.drift },
        notify: { routes: [] },
        ...(changes.health && { health: changes.health }),
      };
      const head = { tree: treeOf(below, changes.revision), config: config as never };
      return await pull(
        {
          head,
          sync: spec,
          dryRun: changes.dryRun ?? false,
          wait: changes.wait ?? 'report',
          run: randomBytes(8).toString('hex'),
        },
        {
          cluster: changes.cluster ?? cluster,
          records,
          leases,
          renderer: rendererWith({ kustomizer: noKustomizer }),
          reports: { send: async (report) => void reports.push(report) },
          sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
          now: changes.now ?? (() => new Date()),
          ...changes.deps,
        },
      );
    },
    async live(apiVersion, kind, name, inNamespace = namespace) {
      return await cluster.get(await resource(apiVersion, kind), idOf(apiVersion, kind, name, inNamespace));
    },
    async entries() {
      return new Map((await records.read(sync.name))?.entries.map((entry) => [entry.object, entry]));
    },
    async edit(apiVersion, kind, name, patch, manager = 'kubectl-edit') {
      const { plural, namespaced } = await resource(apiVersion, kind);
      const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      const path = `${base}${namespaced ? `/namespaces/${namespace}` : ''}/${plural}/${name}?fieldManager=${manager}`;
      const answer = await cluster.client.send({
        verb: 'release',
        method: 'PATCH',
        path,
        body: JSON.stringify(patch),
        contentType:
          plural === 'deployments' ? 'application/strategic-merge-patch+json' : 'application/merge-patch+json',
      });
      if (answer.status !== 200) throw new Error(`the edit was refused: ${answer.text}`);
    },
    writes() {
      const now = cluster.stats();
      const verbs = ['apply', 'delete', 'release', 'write-record'] as const;
      const since = Object.fromEntries(verbs.map((verb) => [verb, (now[verb] ?? 0) - (counted[verb] ?? 0)]));
      counted = { ...now };
      return Object.fromEntries(Object.entries(since).filter(([, count]) => count > 0));
    },
    async close() {
      const namespaces = await resource('v1', 'Namespace');
      const mine = await cluster.get(namespaces, idOf('v1', 'Namespace', namespace, ''));
      if (mine !== undefined) await cluster.remove(namespaces, objectIdOf(mine), mine.metadata.uid ?? '');
      await cluster.close();
    },
  };
  return world;
}

/** `{ created: 3 }`: the actions of a pull without the zeros. */
export function actionsOf({ changes }: PullOutcome): Record<string, number> {
  return Object.fromEntries(Object.entries(countActions(changes)).filter(([, count]) => count > 0));
}

/** Waits until `check` gives something; a condition, never a fixed time. */
export function until<T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> {
  return waitFor(check, { what, everyMs: 200 });
}
