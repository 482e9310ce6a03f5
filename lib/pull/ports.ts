import type { SyncSpec } from '../config/config.ts';
import type { Desired, DesiredObject } from '../desired/desired.ts';
import type { SourceTree } from '../desired/ports.ts';
import type { JsonPatch } from '../kube/ownership.ts';
import type { AppliedRecord } from '../kube/record.ts';
import type { KindSchema } from '../kube/schema.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { ReportMessage, SyncReported } from '../model/messages.ts';
import type { ObjectId } from '../model/object-id.ts';
import type { SyncStatus } from '../model/sync-status.ts';

/** Where a kind lives in the API server, as discovery tells it. */
export interface Resource {
  apiVersion: string;
  kind: string;
  /** The plural in the URL. */
  plural: string;
  namespaced: boolean;
}

/** The config repo as pull sees it. */
export interface Source {
  /** The commit at the branch's head; costs no fetch. */
  head(): Promise<string>;
  /** The tree of one revision, readable until `close`. */
  open(revision: string): Promise<SourceTree & { close(): Promise<void> }>;
  /** False when `ancestor` is not part of `revision`'s history: the branch was rewritten. */
  isAncestor(ancestor: string, revision: string): Promise<boolean>;
}

/** Whether a commit is part of another one's history, as `Source` tells it. */
export type IsAncestor = Source['isAncestor'];

/** An object that the API server refused. `retryable`: the server's trouble; else the manifest's. */
export interface ApplyFailure {
  object: string;
  code: 'invalid' | 'conflict' | 'forbidden' | 'not-found' | 'immutable' | 'unavailable';
  message: string;
  retryable: boolean;
}

/** What a watch tells. */
export type Watched =
  /** All that there is: first of all, and again where changes may have been missed. What is not among them is gone. */
  | { type: 'all'; objects: KubeObject[] }
  /** It was made or changed, or its labels came to match. */
  | { type: 'set'; object: KubeObject }
  /** It was deleted, or its labels no longer match; the object is as it was last. */
  | { type: 'gone'; object: KubeObject };

/** Which objects of a kind are watched, and until when. */
export interface WatchOptions {
  /** All of the kind unless given. */
  labelSelector?: string;
  /** The whole cluster unless given. */
  namespace?: string;
  /** Ends the watch at once. */
  signal: AbortSignal;
}

/** The cluster as pull sees it. Everything that cannot be read throws: an error is never an empty list or an absent object. */
export interface Cluster {
  /** The same cluster as another user: what that one may not do is refused, and so is everything where nobody here may act as that one. */
  as(user: string): Cluster;
  /** Undefined when the server does not know the kind (yet): a CRD may come in the same sync. */
  resource(apiVersion: string, kind: string): Promise<Resource | undefined>;
  /** The kind at the API version that the server prefers, for objects of which only the name is known. */
  preferred(group: string, kind: string): Promise<Resource | undefined>;
  /** Forgets what discovery said: after CRDs were applied. */
  rediscover(): void;
  /** What the server publishes of a kind's fields. Undefined where it publishes nothing of it. */
  schema(apiVersion: string, kind: string): Promise<KindSchema | undefined>;
  /** All objects of a kind that carry the label selector, at the resource's own apiVersion, all pages; of one namespace, where one is given. */
  list(resource: Resource, labelSelector?: string, namespace?: string): Promise<KubeObject[]>;
  /**
   * All objects of a kind at the resource's own apiVersion, and then each change, until the signal ends it; a lost connection is no end.
   * Costs one LIST, and takes no place among the requests. Throws what `list` throws, the same for a user who may list and not watch, and
   * `RetryableError` when the server cannot be watched for long.
   */
  watch(resource: Resource, options: WatchOptions): AsyncIterable<Watched>;
  /**
   * The names of all objects of a kind, or of those in one namespace, without their contents. Undefined when there are more than `atMost`,
   * which the first page tells.
   */
  names(
    resource: Resource,
    atMost: number,
    namespace?: string,
  ): Promise<{ namespace: string; name: string }[] | undefined>;
  /** Undefined only for a 404 of that object. */
  get(resource: Resource, id: ObjectId): Promise<KubeObject | undefined>;
  /** Server-side apply as field manager `windlass`. A refused object is a failure; throws when the server does not answer. */
  apply(
    resource: Resource,
    object: KubeObject,
    options: { force: boolean; dryRun: boolean },
  ): Promise<{ object: KubeObject } | { failure: ApplyFailure }>;
  /** Sends an ownership patch (lib/kube/ownership.ts); `conflict` when the object changed since it was read. */
  release(
    resource: Resource,
    id: ObjectId,
    patch: JsonPatch,
  ): Promise<{ object: KubeObject } | { failure: ApplyFailure }>;
  /** Background deletion guarded by uid; an object that is gone already, or has another uid, is left alone. `deleting`: its finalizers keep it for now. */
  remove(
    resource: Resource,
    id: ObjectId,
    uid: string,
  ): Promise<'removed' | 'deleting' | 'gone' | { failure: ApplyFailure }>;
}

/** The applied records, kept in the cluster itself (namespace windlass-system). */
export interface AppliedRecords {
  /** Undefined when there never was one. Throws when it cannot be read or is of an unknown format. */
  read(sync: string): Promise<AppliedRecord | undefined>;
  /**
   * Writes on condition that the record is still the one that was last read or written here. Throws `RetryableError` (`record-changed`)
   * when somebody else has written it meanwhile: nothing is overwritten that was not seen.
   */
  write(record: AppliedRecord): Promise<void>;
  /** True when the record is not the one that was last read or written here. */
  changed(sync: string): Promise<boolean>;
  /** The same records for one pull alone, which has read nothing yet: what others read beside it does not count as seen by it. */
  session(): AppliedRecords;
  /** The key for keyed hashes of Secrets: kept in the cluster, made at first use. */
  hashKey(): Promise<Uint8Array>;
}

/** Keeps two pulls of one sync from writing at the same time. */
export interface Leases {
  /**
   * Waits for the lease of a sync for a while, and takes it. Throws `RetryableError` (`busy`) that says who has it when that one is alive
   * and does not give it back in time. `waiting` is told who is waited for.
   */
  take(
    sync: string,
    wait?: { signal?: AbortSignal | undefined; waiting?: ((line: string) => void) | undefined },
  ): Promise<Lease>;
}

/** A lease that is held, and renewed until its release. */
export interface Lease {
  /** Before each write: asks the server where the last renewal is not young enough. Throws `RetryableError` (`lease-lost`). */
  confirm(): Promise<void>;
  /** Lets the next one have it at once. */
  release(): Promise<void>;
}

/** Git to objects; may remember what it rendered. Throws only for trouble that may pass: what the user can mend is among the problems. */
export interface Renderer {
  /** `fresh`: the cluster is asked anew what it can do, as CRDs may have come; a chart may depend on it. */
  render(tree: SourceTree, sync: SyncSources, options?: { fresh?: boolean }): Promise<Desired>;
  /** Versions of the tools that were used: `{ kustomize: "kubectl v1.35.2, kustomize v5.7.1" }`. */
  versions(): Promise<Record<string, string>>;
}

/** What of a sync decides which objects it has. */
export type SyncSources = Pick<SyncSpec, 'path' | 'helm' | 'variables'>;

/** What a sync was rendered to, and from what. */
export interface RenderedSync {
  inputs: string[];
  /** What was at the inputs then: see `inputsId` of desired. */
  inputsId: string;
  objects: DesiredObject[];
}

/** Keeps rendered syncs from one revision to the next. They hold the values of Secrets: what keeps them outside of the process must guard them so. */
export interface RenderMemory {
  get(key: string): Promise<RenderedSync | undefined>;
  put(key: string, rendered: RenderedSync): Promise<void>;
}

/** Where pull reports to; nothing else leaves it. */
export interface Reports {
  send(report: SyncReported): Promise<void>;
}

/** The queue that takes the puller's reports. The same report sent twice within minutes is delivered once. */
export interface ReportQueue {
  /** Takes little time, or throws `RetryableError` or `UserError`. */
  send(message: ReportMessage): Promise<void>;
}

/** The queue of messages that say "look"; what is in them does not matter. */
export interface WakeQueue {
  /**
   * Waits some seconds for messages; undefined when none came, or the signal ended the waiting. `done` deletes them, after what they asked for was done:
   * until then they come again. Throws when the queue cannot be read.
   */
  receive(signal: AbortSignal): Promise<{ done(): Promise<void> } | undefined>;
}

/** A text that outlives the process: the last valid windlass.yaml, reports that could not be sent. */
export interface KeptText {
  /** Undefined when there is none. Throws when that cannot be told. */
  read(): Promise<string | undefined>;
  /** Replaces it; undefined: there is none from now on. */
  write(text: string | undefined): Promise<void>;
}

/** Told of each pull after its report, for whoever shows how the syncs are. A failure of it is told, and stops nothing. */
export interface SyncStatuses {
  /** `trouble`: the errors may pass by themselves. `user`: whom the sync's objects were written as; undefined: as whoever pulls. */
  show(report: SyncReported, how: { trouble: boolean; user: string | undefined }): Promise<void>;
  /** Told of a sync that is not pulled, and why: "waits for infra, which failed". `at`: ISO 8601. Throws where that cannot be shown. */
  wait(sync: string, why: string, at: string): Promise<void>;
  /** These are all syncs of the cluster: what was shown of others goes. */
  keepOnly(syncs: readonly string[]): Promise<void>;
}

/** The Sync objects of the cluster: a status each, and nothing that anybody would write. */
export interface SyncObjects {
  /** False where the cluster does not have their kind: then nothing is shown there. */
  available(): Promise<boolean>;
  /** Undefined when there is none. */
  read(sync: string): Promise<{ generation: number; status?: SyncStatus } | undefined>;
  /** Gives its generation. */
  create(sync: string): Promise<number>;
  write(sync: string, status: SyncStatus): Promise<void>;
  /** Of all that there are; empty where the cluster does not have their kind. */
  names(): Promise<string[]>;
  remove(sync: string): Promise<void>;
}

/** Something that happened to an object. */
export interface ObjectEvent {
  /** As `formatObjectId` writes it; absent: it happened to the sync. */
  object?: string;
  type: 'Normal' | 'Warning';
  /** One word, as docs/puller.md lists them. */
  reason: string;
  note: string;
}

/** Where what happens to objects is told. */
export interface Events {
  /**
   * Beside each object as `user`; where that is refused, or the object's kind is not known, beside the Sync as whoever pulls. The same one again is
   * counted and not told anew. Throws where that is refused as well.
   */
  tell(sync: string, user: string | undefined, events: readonly ObjectEvent[]): Promise<void>;
}

/** Waiting, so that tests and loops decide how. Resolves early when the signal aborts. */
export type Sleep = (milliseconds: number) => Promise<void>;
