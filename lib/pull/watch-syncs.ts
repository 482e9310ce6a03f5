import { createHash } from 'node:crypto';
import { type Impersonation, userOf } from '../config/account.ts';
import type { SyncSpec } from '../config/config.ts';
import { syncLabel } from '../kube/normalise.ts';
import { statusOf } from '../kube/status/status-of.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { type ObjectId, parseObjectId } from '../model/object-id.ts';
import { isForbidden } from './list-kind.ts';
import type { Cluster, Watched } from './ports.ts';

/** A kind is watched in so many namespaces at most, where it may not be watched as a whole. */
const mostNamespaces = 20;

/** What watching needs. */
export interface WatchDeps {
  cluster: Cluster;
  impersonation?: Impersonation;
  /** An object of the sync is not what it was: look. */
  changed(sync: string): void;
  failed(what: string, error: unknown): void;
  /** Ends everything. */
  signal: AbortSignal;
}

/**
 * Watches the objects of syncs between their pulls. What is seen is only a reason to look: that a watch may miss something, or cannot be had, costs nothing
 * but time. Of each object a hash is kept, without what changes by itself: only another content, or another verdict of health, is a change.
 */
export class SyncWatches {
  readonly #deps: WatchDeps;
  /** By sync, and there by kind. */
  readonly #watched = new Map<string, Map<string, AbortController>>();

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** After a pull: the objects that the sync has, by their written names. A watch that had ended begins anew. */
  follow(sync: SyncSpec, objects: readonly string[]): void {
    const ids = objects.map(parseObjectId).filter((id) => id !== undefined);
    const kinds = Map.groupBy(ids, ({ group, kind }) => `${group}/${kind}`);
    const watched = this.#watched.get(sync.name) ?? new Map<string, AbortController>();
    this.#watched.set(sync.name, watched);
    for (const [kind, stop] of watched) if (!kinds.has(kind)) stop.abort();
    for (const [kind, ofKind] of kinds) {
      if (watched.has(kind)) continue;
      const stop = new AbortController();
      watched.set(kind, stop);
      void this.#watchKind(sync, ofKind, AbortSignal.any([stop.signal, this.#deps.signal]))
        .catch((error: unknown) => this.#deps.failed(`watch ${kind} of ${sync.name}`, error))
        .finally(() => watched.delete(kind));
    }
  }

  /** Ends the watches of all other syncs. */
  keepOnly(syncs: readonly SyncSpec[]): void {
    const names = new Set(syncs.map(({ name }) => name));
    for (const [name, kinds] of this.#watched) {
      if (names.has(name)) continue;
      for (const stop of kinds.values()) stop.abort();
      this.#watched.delete(name);
    }
  }

  async #watchKind(sync: SyncSpec, ids: readonly ObjectId[], signal: AbortSignal): Promise<void> {
    const user = userOf(sync, this.#deps.impersonation);
    const cluster = user === undefined ? this.#deps.cluster : this.#deps.cluster.as(user);
    const resource = await cluster.preferred(ids[0]!.group, ids[0]!.kind);
    if (resource === undefined || signal.aborted) return;
    const labelSelector = `${syncLabel}=${sync.name}`;
    const watch = async (namespace?: string) => {
      const seen = new Seen();
      const options = { labelSelector, signal, ...(namespace !== undefined && { namespace }) };
      for await (const watched of cluster.watch(resource, options)) {
        if (seen.isNews(watched)) this.#deps.changed(sync.name);
      }
    };
    try {
      await watch();
    } catch (error) {
      // The usual right to a Namespace is one to that name, which allows no watch: then it is looked at with each pull.
      if (!resource.namespaced && isForbidden(error)) return;
      const namespaces = [...new Set(ids.map(({ namespace }) => namespace))];
      if (!isForbidden(error) || namespaces.length > mostNamespaces) throw error;
      await Promise.all(namespaces.map(watch));
    }
  }
}

/** What the objects of one watch were when they were seen last. */
class Seen {
  #hashes: Map<string, string> | undefined;

  /** The first list is news too: something may have changed between the pull and the watch. */
  isNews(watched: Watched): boolean {
    if (watched.type === 'all') {
      const before = this.#hashes;
      const hashes = new Map(watched.objects.map((object) => [nameOf(object), hashOf(object)]));
      this.#hashes = hashes;
      return before?.size !== hashes.size || [...hashes].some(([name, hash]) => before.get(name) !== hash);
    }
    const name = nameOf(watched.object);
    if (watched.type === 'gone') return this.#hashes?.delete(name) ?? true;
    const hash = hashOf(watched.object);
    const isSame = this.#hashes?.get(name) === hash;
    this.#hashes?.set(name, hash);
    return !isSame;
  }
}

function hashOf(object: KubeObject): string {
  const { status: _, metadata, ...content } = object as KubeObject & { status?: unknown };
  const { resourceVersion: _version, managedFields: _fields, generation: _generation, ...rest } = metadata;
  const { status: verdict } = statusOf(object);
  return createHash('sha256')
    .update(JSON.stringify([content, rest, verdict]))
    .digest('base64');
}
