import type { SyncStatus } from '../../model/sync-status.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import type { SyncObjects } from '../../pull/ports.ts';
import type { Answer, Client } from './client.ts';
import type { KubernetesCluster } from './cluster.ts';
import { listAll } from './list.ts';
import { isAbsent, readError } from './status.ts';

/** The API version and kind of what shows how a sync is. */
export const syncKind = { apiVersion: 'windlass.dev/v1alpha1', kind: 'Sync' } as const;

const syncs = `/apis/${syncKind.apiVersion}/namespaces/${systemNamespace}/syncs`;
const owner = 'fieldManager=windlass-puller&force=true';
/** Milliseconds: a cluster without the kind is not asked at every pull. */
const lookAgain = 600_000;

/** The Sync objects of a cluster, as whoever the client is. */
export class ClusterSyncs implements SyncObjects {
  readonly #cluster: KubernetesCluster;
  readonly #client: Client;
  #absentSince: number | undefined;

  constructor(cluster: KubernetesCluster) {
    this.#cluster = cluster;
    this.#client = cluster.client;
  }

  async available(): Promise<boolean> {
    if (this.#absentSince !== undefined && performance.now() - this.#absentSince < lookAgain) return false;
    const isThere = (await this.#cluster.resource(syncKind.apiVersion, syncKind.kind)) !== undefined;
    this.#absentSince = isThere ? undefined : performance.now();
    return isThere;
  }

  async read(sync: string): Promise<{ generation: number; status?: SyncStatus } | undefined> {
    const answer = await this.#client.send({ verb: 'get', method: 'GET', path: `${syncs}/${sync}` });
    if (isAbsent(answer, sync)) return undefined;
    const { metadata, status } = this.#ok(answer, `read Sync/${sync}`) as SyncObject;
    return { generation: metadata.generation, ...(status !== undefined && { status }) };
  }

  async create(sync: string): Promise<number> {
    const answer = await this.#apply(sync, '', { labels: { 'app.kubernetes.io/managed-by': 'windlass' } });
    return (this.#ok(answer, `make Sync/${sync}`) as SyncObject).metadata.generation;
  }

  async write(sync: string, status: SyncStatus): Promise<void> {
    this.#ok(await this.#apply(sync, '/status', {}, status), `write the status of Sync/${sync}`);
  }

  async names(): Promise<string[]> {
    if (!(await this.available())) return [];
    const refused = (answer: Answer) => this.#refused(answer, 'list the Syncs');
    const items = await listAll(this.#client, { path: syncs, what: 'syncs', metadataOnly: true, refused });
    return items.map(({ metadata }) => metadata.name);
  }

  async remove(sync: string): Promise<void> {
    const answer = await this.#client.send({ verb: 'delete', method: 'DELETE', path: `${syncs}/${sync}` });
    if (!isAbsent(answer, sync)) this.#ok(answer, `remove Sync/${sync}`);
  }

  #apply(sync: string, part: '' | '/status', more: object, status?: SyncStatus): Promise<Answer> {
    return this.#client.send({
      verb: 'apply',
      method: 'PATCH',
      path: `${syncs}/${sync}${part}?${owner}`,
      body: JSON.stringify({ ...syncKind, metadata: { name: sync, namespace: systemNamespace, ...more }, status }),
      contentType: 'application/apply-patch+yaml',
    });
  }

  #ok(answer: Answer, doing: string): unknown {
    if (answer.status === 200 || answer.status === 201) return answer.json;
    throw this.#refused(answer, doing);
  }

  /** The CRD may have gone since it was found: then discovery is asked anew. */
  #refused(answer: Answer, doing: string): Error {
    if (answer.status === 404) this.#cluster.rediscover();
    return readError(this.#client.server, doing, answer);
  }
}

interface SyncObject {
  metadata: { name: string; generation: number };
  status?: SyncStatus;
}
