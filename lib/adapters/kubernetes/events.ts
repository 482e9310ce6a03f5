import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { type ObjectId, parseObjectId } from '../../model/object-id.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import type { Events, ObjectEvent } from '../../pull/ports.ts';
import type { Answer } from './client.ts';
import type { KubernetesCluster } from './cluster.ts';
import { objectPath } from './paths.ts';
import { readError } from './status.ts';
import { syncKind } from './sync-objects.ts';

/** Limits of events.k8s.io/v1 (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/), in bytes. */
const longestNote = 1024;
const longestInstance = 128;
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/** What an Event is about (core/v1 ObjectReference). */
interface Regarding {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
  uid?: string;
}

/** Events of a cluster, which keeps them for an hour unless its API server is told otherwise. */
export class ClusterEvents implements Events {
  readonly #cluster: KubernetesCluster;
  readonly #now: () => Date;

  constructor(cluster: KubernetesCluster, now: () => Date) {
    this.#cluster = cluster;
    this.#now = now;
  }

  async tell(sync: string, user: string | undefined, events: readonly ObjectEvent[]): Promise<void> {
    const asUser = user === undefined ? this.#cluster : this.#cluster.as(user);
    const ofSync = once(() => this.#regardingSync(sync));
    const tellOne = async (event: ObjectEvent) => {
      const { object } = event;
      const regarding = object === undefined ? undefined : await this.#regarding(asUser, object);
      if (regarding !== undefined && isOk(await this.#write(asUser, sync, regarding, event))) return;
      const note = object === undefined ? event.note : `${object}: ${event.note}`;
      const answer = await this.#write(this.#cluster, sync, await ofSync(), { ...event, note });
      if (!isOk(answer)) throw readError(this.#cluster.client.server, `tell an Event of sync ${sync}`, answer);
    };
    await Promise.all(events.map(tellOne));
  }

  /** Undefined where the kind is not known, or the object may not be read. `kubectl describe` finds an Event by the uid. */
  async #regarding(cluster: KubernetesCluster, object: string): Promise<Regarding | undefined> {
    const id = parseObjectId(object);
    const resource = id && (await cluster.preferred(id.group, id.kind));
    if (id === undefined || resource === undefined) return undefined;
    const { apiVersion, kind } = resource;
    const answer = await cluster.client.send({
      ...{ verb: 'get', method: 'GET', path: objectPath(resource, id), accept: metadataOnly },
    });
    if (!isOk(answer) && answer.status !== 404) return undefined;
    return { apiVersion, kind, name: id.name, ...placeOf(id), ...uidIn(answer) };
  }

  async #regardingSync(sync: string): Promise<Regarding> {
    const { kind } = syncKind;
    const id = { group: 'windlass.dev', kind, namespace: systemNamespace, name: sync };
    const path = objectPath({ ...syncKind, plural: 'syncs', namespaced: true }, id);
    // Where the kind is not known, the Event stands for itself.
    const answer = await this.#cluster.client.send({ verb: 'get', method: 'GET', path, accept: metadataOnly });
    return { ...syncKind, name: sync, namespace: systemNamespace, ...uidIn(answer) };
  }

  /** The name says what it tells, so that the same one is found again, also by another process. */
  async #write({ client }: KubernetesCluster, sync: string, regarding: Regarding, event: ObjectEvent): Promise<Answer> {
    // Events about what belongs to no namespace are in `default`.
    const namespace = regarding.namespace ?? 'default';
    const { type, reason } = event;
    const note = cutTo(longestNote, event.note);
    const name = eventName(regarding, [sync, type, reason, note]);
    const events = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    const time = this.#now().toISOString().replace('Z', '000Z');
    const body = {
      ...{ apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name, namespace } },
      ...{ eventTime: time, type, reason, note, regarding, action: 'Pull' },
      reportingController: 'windlass.dev/puller',
      reportingInstance: cutTo(longestInstance, hostname()),
    };
    const made = await client.send({
      ...{ verb: 'write-event', method: 'POST', path: `${events}?fieldManager=windlass-puller` },
      body: JSON.stringify(body),
    });
    if (made.status !== 409) return made;
    const found = await client.send({ verb: 'get', method: 'GET', path: `${events}/${name}` });
    if (!isOk(found)) return found;
    const { series } = found.json as { series?: { count: number } };
    return await client.send({
      ...{ verb: 'write-event', method: 'PATCH', path: `${events}/${name}?fieldManager=windlass-puller` },
      body: JSON.stringify({ series: { count: (series?.count ?? 1) + 1, lastObservedTime: time } }),
      contentType: 'application/merge-patch+json',
    });
  }
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}

function placeOf({ namespace }: ObjectId): { namespace?: string } {
  return namespace === '' ? {} : { namespace };
}

function uidIn(answer: Answer): { uid?: string } {
  const { metadata } = (isOk(answer) ? answer.json : {}) as { metadata?: { uid?: string } };
  return metadata?.uid === undefined ? {} : { uid: metadata.uid };
}

function isOk({ status }: Answer): boolean {
  return status === 200 || status === 201;
}

/** A name of an object may hold what that of an Event may not: `system:reader`. */
function eventName(regarding: Regarding, what: readonly string[]): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([regarding, what]))
    .digest('hex')
    .slice(0, 16);
  const start = regarding.name
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .slice(0, 200);
  const parts = start.split('.').map((part) => part.replace(/^-+|-+$/g, ''));
  return [...parts.filter((part) => part !== ''), hash].join('.');
}

/** At most so many bytes, without half a character at the end. */
function cutTo(bytes: number, text: string): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  const cut = new TextDecoder().decode(encoded.subarray(0, bytes - 3), { stream: true });
  return `${cut}…`;
}
