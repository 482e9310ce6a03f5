import { randomUUID } from 'node:crypto';
import { readCapabilities } from '../../adapters/kubernetes/capabilities.ts';
import { ClusterLeases } from '../../adapters/kubernetes/lease.ts';
import { ClusterRecords } from '../../adapters/kubernetes/records.ts';
import { lackingRights, type Right } from '../../adapters/kubernetes/rights.ts';
import { pullerName } from '../../install/names.ts';
import { UserError } from '../../model/errors.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import type { Cluster } from '../../pull/ports.ts';
import { type PullOutcome, pull } from '../../pull/pull.ts';
import { rendererWith } from '../../pull/renderer.ts';
import type { Io } from '../command.ts';
import { renderers } from '../wiring-renderers.ts';
import { sleep } from './sleep.ts';
import type { Parts } from './wiring-parts.ts';

/** What a loop would do to a cluster. */
export interface Preview {
  /** One of each sync, of a dry run. */
  outcomes: PullOutcome[];
  /** The namespace of the records is not there yet; undefined where the user may not know. */
  makesNamespace: boolean | undefined;
  /** A puller is installed there, and works beside the loop; undefined where the user may not know. */
  hasPuller: boolean | undefined;
}

/** What the loop writes beside the objects of syncs: records, leases, and the key that hashes of Secrets are made with. */
const ownRights: readonly Right[] = [
  ...['get', 'list', 'create', 'patch', 'delete'].map((verb) => ({ verb, group: '', resource: 'configmaps' })),
  ...['get', 'create'].map((verb) => ({ verb, group: '', resource: 'secrets' })),
  ...['get', 'create', 'update'].map((verb) => ({ verb, group: 'coordination.k8s.io', resource: 'leases' })),
].map((right) => ({ ...right, namespace: systemNamespace }));

/** Makes a dry run of every sync; writes nothing. Throws `UserError` when these credentials may not write what the loop keeps in the cluster. */
export async function previewOf({ source, heads, target }: Parts, io: Io, signal: AbortSignal): Promise<Preview> {
  const { cluster } = target;
  const hasNamespace = await isThere(cluster, 'v1', 'Namespace', '', systemNamespace);
  const makesNamespace = hasNamespace === undefined ? undefined : !hasNamespace;
  const makingRights = ['create', 'patch'].map((verb) => ({ verb, group: '', resource: 'namespaces' }));
  const lacking = await lackingRights(cluster.client, [...(makesNamespace ? makingRights : []), ...ownRights]);
  if (lacking.length > 0) throw mayNot(target.shown, lacking);
  const pullers = await Promise.all([
    isThere(cluster, 'batch/v1', 'CronJob', systemNamespace, pullerName),
    isThere(cluster, 'apps/v1', 'Deployment', systemNamespace, pullerName),
  ]);
  const hasPuller = pullers.includes(true) || (pullers.includes(undefined) ? undefined : false);

  const renderer = rendererWith({ ...renderers(io), capabilities: () => readCapabilities(cluster.client) });
  const head = await heads.at(await source.head());
  const outcomes: PullOutcome[] = [];
  for (const sync of head.config.syncs) {
    signal.throwIfAborted();
    outcomes.push(
      await pull(
        { head, sync, dryRun: true, wait: 'report', run: randomUUID() },
        {
          ...{ cluster, renderer, now: io.now, signal },
          records: new ClusterRecords(cluster.client, { readOnly: true }),
          leases: new ClusterLeases(cluster.client),
          reports: { send: async () => undefined },
          sleep: (milliseconds) => sleep(milliseconds, signal),
          ...{ isAncestor: source.isAncestor, currentHead: source.head },
        },
      ),
    );
  }
  return { outcomes, makesNamespace, hasPuller };
}

/** Undefined where the user may not know. */
async function isThere(
  cluster: Cluster,
  apiVersion: string,
  kind: string,
  namespace: string,
  name: string,
): Promise<boolean | undefined> {
  const resource = await cluster.resource(apiVersion, kind);
  if (resource === undefined) return false;
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
  try {
    return (await cluster.get(resource, { group, kind, namespace, name })) !== undefined;
  } catch (error) {
    if (error instanceof UserError && error.code === 'forbidden') return undefined;
    throw error;
  }
}

function mayNot(cluster: string, lacking: readonly Right[]): UserError {
  const byResource = Map.groupBy(lacking, ({ group, resource }) => (group === '' ? resource : `${resource}.${group}`));
  const list = [...byResource].map(([name, rights]) => `${rights.map(({ verb }) => verb).join(', ')} ${name}`);
  return new UserError(
    `this user of ${cluster} may not: ${list.join('; ')}\n` +
      `Windlass keeps its records, leases and a key in the namespace ${systemNamespace}: use a user who may, or have them granted`,
    { code: 'forbidden', subject: cluster },
  );
}
