import type { KindsThere, PageRequest } from '../../drift/ports.ts';
import type { JsonPatch } from '../../kube/ownership.ts';
import type { KindSchema } from '../../kube/schema.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import type { ObjectId } from '../../model/object-id.ts';
import type { ApplyFailure, Cluster, Resource, Watched, WatchOptions } from '../../pull/ports.ts';
import { type AccessTrouble, accessFromKubeconfig } from './access.ts';
import { type Answer, Client, type Verb } from './client.ts';
import type { ConnectionOptions } from './connection.ts';
import { Discovery } from './discovery.ts';
import { readKinds } from './kinds.ts';
import { type ListRequest, listAll, listPages, listUpTo } from './list.ts';
import { listPath, objectPath } from './paths.ts';
import { Schemas } from './schemas.ts';
import { readServedGroups } from './served-groups.ts';
import {
  failureOf,
  impersonationRefused,
  isAbsent,
  isImpersonationRefused,
  readError,
  unauthorized,
} from './status.ts';
import { watchList } from './watch.ts';

/** Two writers met: the server asks to try again. */
const raceTries = 4;

/** A Kubernetes API server. */
export class KubernetesCluster implements Cluster {
  readonly client: Client;
  readonly #discovery: Discovery;
  readonly #schemas: Schemas;

  /** With `known` what the server serves is taken from there: it does not depend on who asks. */
  constructor(client: Client, known?: { discovery: Discovery; schemas: Schemas }) {
    this.client = client;
    this.#discovery = known?.discovery ?? new Discovery(client);
    this.#schemas = known?.schemas ?? new Schemas(client);
  }

  as(user: string): KubernetesCluster {
    return new KubernetesCluster(this.client.as(user), { discovery: this.#discovery, schemas: this.#schemas });
  }

  resource(apiVersion: string, kind: string): Promise<Resource | undefined> {
    return this.#discovery.resource(apiVersion, kind);
  }

  preferred(group: string, kind: string): Promise<Resource | undefined> {
    return this.#discovery.preferred(group, kind);
  }

  schema(apiVersion: string, kind: string): Promise<KindSchema | undefined> {
    return this.#schemas.schema(apiVersion, kind);
  }

  kinds(): Promise<KindsThere> {
    return readKinds(this.client);
  }

  /** The groups that the server has, for whoever gives rights by them. Throws when it cannot say. */
  served(): ReturnType<typeof readServedGroups> {
    return readServedGroups(this.client);
  }

  rediscover(): void {
    this.#discovery.forget();
    this.#schemas.forget();
  }

  async list(resource: Resource, labelSelector?: string, namespace?: string): Promise<KubeObject[]> {
    const { apiVersion, kind } = resource;
    const items = await listAll(this.client, { ...this.#listOf(resource, namespace), labelSelector });
    for (const item of items) Object.assign(item, { apiVersion, kind });
    return items;
  }

  async *pages(
    resource: Resource,
    { only, labelSelector, namespace, signal }: PageRequest,
  ): AsyncGenerator<KubeObject[]> {
    const { apiVersion, kind } = resource;
    const request = { ...this.#listOf(resource, namespace), labelSelector, signal, metadataOnly: only === 'metadata' };
    for await (const page of listPages(this.client, request)) {
      for (const item of page) Object.assign(item, { apiVersion, kind });
      yield page;
    }
  }

  watch(resource: Resource, { labelSelector, namespace, signal }: WatchOptions): AsyncIterable<Watched> {
    const { apiVersion, kind, plural } = resource;
    const refused = (answer: Answer) => this.#refusedRead(resource, `watch ${plural}`, answer);
    return watchList(this.client, {
      ...this.#listOf(resource, namespace),
      ...{ apiVersion, kind, labelSelector, signal, refused },
    });
  }

  async names(
    resource: Resource,
    atMost: number,
    namespace?: string,
  ): Promise<{ namespace: string; name: string }[] | undefined> {
    const request = { ...this.#listOf(resource, namespace), metadataOnly: true };
    const items = await listUpTo(this.client, request, atMost);
    return items?.map(({ metadata: { namespace: within = '', name } }) => ({ namespace: within, name }));
  }

  async get(resource: Resource, id: ObjectId, signal?: AbortSignal): Promise<KubeObject | undefined> {
    const answer = await this.client.send({ verb: 'get', method: 'GET', path: objectPath(resource, id) }, signal);
    if (answer.status === 200) return answer.json as KubeObject;
    if (isAbsent(answer, id.name)) return undefined;
    throw this.#refusedRead(resource, `get ${resource.kind} ${id.namespace}/${id.name}`, answer);
  }

  async apply(
    resource: Resource,
    object: KubeObject,
    { force, dryRun }: { force: boolean; dryRun: boolean },
  ): Promise<{ object: KubeObject } | { failure: ApplyFailure }> {
    const query = new URLSearchParams({ fieldManager: 'windlass', fieldValidation: 'Strict', force: String(force) });
    if (dryRun) query.set('dryRun', 'All');
    const path = `${objectPath(resource, { namespace: object.metadata.namespace ?? '', name: object.metadata.name })}?${query}`;
    const body = JSON.stringify(object);
    for (let attempt = 1; ; attempt++) {
      const answer = await this.client.send({
        verb: dryRun ? 'dry-run' : 'apply',
        method: 'PATCH',
        path,
        body,
        contentType: 'application/apply-patch+yaml',
      });
      if (answer.status === 200 || answer.status === 201) return { object: answer.json as KubeObject };
      this.#throwUnlessLetIn(answer);
      const failure = failureOf(object, answer);
      if (failure.code !== 'conflict' || !failure.retryable || attempt === raceTries) return { failure };
    }
  }

  async release(
    resource: Resource,
    id: ObjectId,
    patch: JsonPatch,
  ): Promise<{ object: KubeObject } | { failure: ApplyFailure }> {
    const answer = await this.client.send({
      verb: 'release',
      method: 'PATCH',
      path: `${objectPath(resource, id)}?fieldManager=windlass`,
      body: JSON.stringify(patch),
      contentType: 'application/json-patch+json',
    });
    if (answer.status === 200) return { object: answer.json as KubeObject };
    this.#throwUnlessLetIn(answer);
    return { failure: failureOf(bare(resource, id), answer) };
  }

  async remove(
    resource: Resource,
    id: ObjectId,
    uid: string,
  ): Promise<'removed' | 'deleting' | 'gone' | { failure: ApplyFailure }> {
    const answer = await this.client.send({
      verb: 'delete',
      method: 'DELETE',
      path: objectPath(resource, id),
      body: JSON.stringify({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        preconditions: { uid },
      }),
    });
    // The answer is a Status when it is gone, and the object itself while something keeps it.
    if (answer.status === 200 || answer.status === 202) return isKept(answer) ? 'deleting' : 'removed';
    if (isAbsent(answer, id.name)) return 'gone';
    // The only precondition is the uid: another one means that the object was deleted and made again by somebody.
    if (answer.status === 409) return 'gone';
    this.#throwUnlessLetIn(answer);
    return { failure: failureOf(bare(resource, id), answer) };
  }

  /** How many requests were sent, by what they were for. */
  stats(): Partial<Record<Verb, number>> {
    return this.client.stats();
  }

  /** Ends the connection. */
  close(): Promise<void> {
    return this.client.close();
  }

  /** Refusals that are about who asks, and not about an object. */
  #throwUnlessLetIn(answer: Answer): void {
    if (answer.status === 401) throw unauthorized(this.client.server);
    if (isImpersonationRefused(answer)) throw impersonationRefused(this.client.server, answer);
  }

  #listOf(resource: Resource, namespace?: string): ListRequest {
    const what = resource.plural;
    const refused = (answer: Answer) => this.#refusedRead(resource, `list ${what}`, answer);
    return { path: listPath(resource, namespace), what, refused };
  }

  #refusedRead(resource: Resource, doing: string, answer: Answer): Error {
    if (answer.status === 404) this.#discovery.forget();
    return readError(this.client.server, `${doing} (${resource.apiVersion})`, answer, this.client.hint('forbidden'));
  }
}

function isKept({ json }: Answer): boolean {
  return (json as Partial<KubeObject> | undefined)?.metadata?.deletionTimestamp !== undefined;
}

function bare(resource: Resource, id: ObjectId): KubeObject {
  return { apiVersion: resource.apiVersion, kind: resource.kind, metadata: { name: id.name, namespace: id.namespace } };
}

/** Which cluster is opened: by a kubeconfig, and its current context unless one is named. */
interface OpenCluster {
  kubeconfig: string;
  context?: string | undefined;
  /** What people can do where the API server forbids to read; nothing is said unless told. */
  whenForbidden?: string | undefined;
}

/** Opens a cluster by a context of a kubeconfig, the current one unless named. Nothing is sent yet. Throws `UserError` where the file cannot be used. */
export async function openCluster(options: OpenCluster & Partial<ConnectionOptions>): Promise<KubernetesCluster> {
  const { kubeconfig, context, whenForbidden, ...limits } = options;
  const access = await accessFromKubeconfig(kubeconfig, context);
  const hint = (trouble: AccessTrouble) => (trouble === 'forbidden' ? whenForbidden : undefined);
  return new KubernetesCluster(new Client({ ...access, hint }, limits));
}
