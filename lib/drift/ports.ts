import type { AppliedRecord } from '../kube/record.ts';
import type { KindSchema } from '../kube/schema.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { Attributed, DriftFound } from '../model/messages.ts';
import type { ObjectId } from '../model/object-id.ts';

/** Where a kind lives in the API server, as discovery tells it. */
export interface Resource {
  apiVersion: string;
  kind: string;
  /** The plural in the URL. */
  plural: string;
  namespaced: boolean;
}

/** A list that is read page by page. */
export interface PageRequest {
  /** Of each object apiVersion, kind and metadata alone; unless told, all of it. */
  only?: 'metadata';
  labelSelector?: string;
  /** All of the cluster, unless told. */
  namespace?: string | undefined;
  /** Ends the reading, which then throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The kinds of which objects can be in a namespace. */
export interface KindsThere {
  kinds: Resource[];
  /** Groups of which the API server cannot say what they have. */
  unread: string[];
}

/** The cluster as a drift check sees it: it can only read. What cannot be read throws: it is never an empty list or an absent object. */
export interface ClusterReader {
  /** The same cluster as another user. */
  as(user: string): ClusterReader;
  /** Where the objects of a kind are; undefined when the server does not know the kind. */
  resource(apiVersion: string, kind: string): Promise<Resource | undefined>;
  /**
   * The objects of a kind, at the resource's own apiVersion, page by page: they need not be held. When the server's pages expire on the way it
   * begins again: then an object comes twice, and the later one is the newer.
   */
  pages(resource: Resource, request: PageRequest): AsyncIterable<KubeObject[]>;
  /** Every namespaced kind of which objects can be made and listed, each once. */
  kinds(): Promise<KindsThere>;
  /** What the API server publishes of a kind; undefined where that is nothing. */
  schema(apiVersion: string, kind: string): Promise<KindSchema | undefined>;
  /** Undefined only for a 404 of that object. */
  get(resource: Resource, id: ObjectId, signal?: AbortSignal): Promise<KubeObject | undefined>;
}

/** The applied records, read only. */
export interface RecordReader {
  /**
   * Undefined when there never was one. Throws when it cannot be read or is of an unknown format. `sparing`: the entries may hold their large
   * parts as JSON (`wholeEntry` gives all).
   */
  read(sync: string, how?: { sparing: boolean }): Promise<AppliedRecord | undefined>;
  /** The key of the hashes of Secrets; undefined when there is none. Never makes one: a check writes nothing. */
  savedHashKey(): Promise<Uint8Array | undefined>;
  /** The syncs that have a record in the cluster; only asked for where objects that nobody declared are looked for. */
  syncs?(): Promise<string[]>;
}

/** Git; `objects` is asked only for a sync that has a differing object. */
export interface DesiredReader {
  /** The commit at the branch's head. Throws when it cannot be read. */
  head(): Promise<string>;
  /** What Git declares for a sync at a revision, as rendered. Throws when it cannot be rendered. */
  objects(sync: string, revision: string): Promise<KubeObject[]>;
}

/** Where the finding goes: the report flow's queue. */
export interface Findings {
  send(found: DriftFound): Promise<void>;
}

/** One request of an audit log that changed something. */
export interface AuditedWrite {
  /** ISO 8601, UTC: when it was answered. */
  at: string;
  verb: string;
  /** The name of the user, as the API server authenticated it. */
  user: string;
  /** The ARN of the IAM identity, where there is one. */
  arn?: string;
  /** The field manager that the request's fields belong to: the one that it names, else its user agent up to the first slash. */
  manager: string;
  userAgent?: string;
  sourceIp?: string;
  /** Empty for the core group. */
  group: string;
  /** The plural. */
  resource: string;
  subresource?: string;
  /** Empty for a cluster-scoped object. */
  namespace: string;
  /** Empty where the request was about all of a kind. */
  name: string;
}

/** Which requests of an audit log are asked for: those about objects of these names, whatever their kind, and deletions of all of a kind. */
export interface AuditQuestion {
  /** ISO 8601, UTC. */
  from: string;
  to: string;
  names: string[];
}

/** The audit log of one API server. */
export interface AuditLog {
  /**
   * The write requests that were carried out, not only tried, the oldest first; `complete` is false where there are more than are read. Throws
   * `UserError` where the log cannot be asked, `RetryableError` where that may pass.
   */
  writes(question: AuditQuestion): Promise<{ writes: AuditedWrite[]; complete: boolean }>;
}

/** Where the answer goes: the report flow's queue. */
export interface Answers {
  send(answer: Attributed): Promise<void>;
}
