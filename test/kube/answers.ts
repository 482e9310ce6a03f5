import type { FieldsV1 } from '../../lib/kube/fields.ts';
import { hashOf } from '../../lib/kube/hash.ts';
import { normalise } from '../../lib/kube/normalise.ts';
import { type AppliedEntry, type AppliedRecord, recordEntry } from '../../lib/kube/record.ts';
import { isMap } from '../../lib/kube/values.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../lib/model/kube-object.ts';

export const hashKey = new TextEncoder().encode('a key of the tests');
export const sync = 'shop';

/** An object of Git. */
export function git(kind: string, name: string, rest: Record<string, unknown> = {}, namespace = 'shop'): KubeObject {
  const [apiVersion, short] = kind.includes(' ') ? kind.split(' ') : ['v1', kind];
  const { metadata, ...fields } = rest as { metadata?: object };
  const place = namespace === '' ? {} : { namespace };
  return normalise(
    { apiVersion: apiVersion!, kind: short!, metadata: { name, ...place, ...metadata }, ...fields },
    { sync },
  );
}

/** The fields of an object as an applier owns them: maps by field, lists as one value. */
export function fieldsOfObject(object: KubeObject): FieldsV1 {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  const { name: _name, namespace: _namespace, ...named } = metadata;
  const walk = (value: unknown): FieldsV1 =>
    isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [`f:${key}`, walk(inner)])) : {};
  return walk({ metadata: named, ...rest });
}

/** The object as the API server has it after our apply: with uid, resourceVersion and our entry. */
export function answerTo(object: KubeObject, others: ManagedFieldsEntry[] = []): KubeObject {
  const ours: ManagedFieldsEntry = {
    manager: 'windlass',
    operation: 'Apply',
    apiVersion: object.apiVersion,
    time: '2026-01-01T00:00:00Z',
    fieldsV1: fieldsOfObject(object),
  };
  const copy = structuredClone(object);
  const set = { uid: `uid-${hashOf(object.metadata.name)}`, resourceVersion: '1', managedFields: [ours, ...others] };
  return { ...copy, metadata: { ...copy.metadata, ...set } };
}

/** The record entry of an object that was applied. */
export function entryOf(object: KubeObject, answer = answerTo(object)): AppliedEntry {
  return recordEntry(object, answer, { hashKey, now: new Date('2026-01-01T00:00:00Z') });
}

/** A record of objects that were applied. */
export function recordOf(objects: KubeObject[], intent?: string[]): AppliedRecord {
  return {
    format: 1,
    sync,
    revision: 'a1',
    at: '2026-01-01T00:00:00.000Z',
    renderers: {},
    entries: objects.map((object) => entryOf(object)),
    ...(intent === undefined ? {} : { intent: { revision: 'a1', objects: intent } }),
  };
}

/** A live object that somebody changed: other resourceVersion, and where given another's entry beside ours. */
export function edited(object: KubeObject, change: (live: KubeObject) => void): KubeObject {
  const live = answerTo(object);
  live.metadata.resourceVersion = '2';
  change(live);
  return live;
}
