// Puts a cluster behind `windlass doctor`: nothing of it is changed.
import { readDate } from '../adapters/local/server-date.ts';
import type { CheckerSubject, ServedGroup } from '../install/checker.ts';
import type { Right, RightsOf } from '../model/right.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import type { Cluster } from '../pull/ports.ts';
import type { Io } from './command.ts';
import type { HeldLease } from './doctor/puller.ts';
import { contextMeant, type NamedContext } from './local/kubeconfig-context.ts';
import { kubernetes } from './wiring.ts';

/** A cluster that is looked at. */
export interface OpenedCluster {
  /** For people. */
  shown: string;
  where: NamedContext;
  cluster: Cluster;
  version(): Promise<string>;
  /** What time the API server has. */
  date(): Promise<Date | undefined>;
  lease(name: string): Promise<HeldLease | undefined>;
  capabilities: Awaited<ReturnType<typeof kubernetes>>['capabilities'];
  served(): Promise<{ groups: ServedGroup[]; unread: string[] }>;
  lacking(whose: RightsOf, rights: readonly Right[]): Promise<Right[]>;
  /** Whom the rights of the scheduled check are bound to; undefined where they are not installed. */
  checker(): Promise<CheckerSubject | undefined>;
  close(): Promise<void>;
}

/** Opens the cluster of a context. Throws `UserError` for one that is not there; the cluster is not asked yet. */
export async function openDoctorCluster(
  io: Io,
  asked: { kubeconfig: string | undefined; context: string | undefined },
): Promise<OpenedCluster> {
  const { contextsOf } = await import('../adapters/kubernetes/kubeconfig.ts');
  const { lackingRightsOf } = await import('../adapters/kubernetes/rights.ts');
  const { readLease, versionAnnotation } = await import('../adapters/kubernetes/lease-object.ts');
  const { readServer } = await import('../adapters/kubernetes/server.ts');
  const where = await contextMeant(asked, io, contextsOf);
  const { cluster, capabilities } = await kubernetes(where.kubeconfig, { readOnly: true, context: where.context });
  const { client } = cluster;
  return {
    ...{ where, cluster, capabilities, shown: `context ${where.context} (${client.server})` },
    version: async () => (await readServer(client)).version,
    date: async () => readDate((await readServer(client)).date),
    lease: async (name) => {
      const found = await readLease(client, name);
      if (found === undefined) return undefined;
      const version = found.metadata.annotations?.[versionAnnotation];
      const { renewTime } = found.spec;
      return { ...(version !== undefined && { version }), ...(renewTime !== undefined && { renewedAt: renewTime }) };
    },
    served: () => cluster.served(),
    lacking: (whose, rights) => lackingRightsOf(client, whose, rights),
    checker: () => checkerIn(cluster),
    close: () => cluster.close(),
  };
}

async function checkerIn(cluster: Cluster): Promise<CheckerSubject | undefined> {
  const group = 'rbac.authorization.k8s.io';
  const resource = await cluster.resource(`${group}/v1`, 'ClusterRoleBinding');
  const id = { group, kind: 'ClusterRoleBinding', namespace: '', name: 'windlass-checker' };
  const binding = resource && (await cluster.get(resource, id));
  const [subject] = (binding?.['subjects'] ?? []) as { kind: string; name: string; namespace?: string }[];
  if (subject === undefined) return undefined;
  const { kind, name, namespace = systemNamespace } = subject;
  return kind === 'ServiceAccount' ? { kind, name, namespace } : { kind: kind === 'User' ? 'User' : 'Group', name };
}
