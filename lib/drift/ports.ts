import type { AppliedRecord } from '../kube/record.ts';
import type { DriftFound } from '../model/messages.ts';
import type { KubeObject } from '../model/kube-object.ts';

/** The cluster as a drift check sees it: it can only read. */
export interface ClusterReader {
  /** Where the objects of a kind are; undefined when the server does not know the kind. */
  resource(apiVersion: string, kind: string): Promise<{ apiVersion: string; kind: string; plural: string; namespaced: boolean } | undefined>;
  /** All objects of a kind, all pages. Throws when they cannot be read. */
  list(
    resource: { apiVersion: string; kind: string; plural: string; namespaced: boolean },
    labelSelector?: string,
  ): Promise<KubeObject[]>;
  /** Undefined only for a 404 of that object. */
  get(
    resource: { apiVersion: string; kind: string; plural: string; namespaced: boolean },
    id: { group: string; kind: string; namespace: string; name: string },
  ): Promise<KubeObject | undefined>;
}

/** The applied records, read only. */
export interface RecordReader {
  read(sync: string): Promise<AppliedRecord | undefined>;
  hashKey(): Promise<Uint8Array>;
}

/** Renders one sync at one revision; asked only for a sync that has a differing object. Throws when it cannot be rendered. */
export interface DesiredReader {
  head(): Promise<string>;
  objects(sync: string, revision: string): Promise<KubeObject[]>;
}

/** Where the finding goes: the report flow's queue. */
export interface Findings {
  send(found: DriftFound): Promise<void>;
}
