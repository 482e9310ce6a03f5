import type { KubeObject } from '../model/kube-object.ts';
import type { FieldPath } from './fields.ts';
import { hashOf, isSecret } from './hash.ts';
import { isMap, mapOf } from './values.ts';

/** What `kubectl apply` leaves on an object: a copy of all that was applied, secrets too. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

const openFieldsOfSecrets = new Set(['apiVersion', 'kind', 'type', 'immutable', 'metadata']);
const openMetadataOfSecrets = new Set(['name', 'namespace', 'labels', 'finalizers', 'ownerReferences']);

/** Longer texts are cut where they are shown: a ConfigMap may hold a megabyte. In characters. */
const longestText = 1000;

/**
 * A value as it may be shown: everything of a Secret but its name, labels and type becomes keyed hashes, whatever shape the Secret has, so do
 * copies in last-applied annotations of any object; long texts are cut.
 */
export function shownValue(
  object: { apiVersion: string; kind: string },
  path: FieldPath,
  value: unknown,
  hashKey: Uint8Array,
): unknown {
  if (value === undefined) return undefined;
  if (path.includes(`f:${lastAppliedAnnotation}`)) return hashed(value, hashKey);
  if (isSecret(object) && !isOpen(path)) return maskedAt(path, value, hashKey);
  return shortened(withoutCopies(value, hashKey));
}

/** A whole object as it may be shown. */
export function maskObject(object: KubeObject, hashKey: Uint8Array): KubeObject {
  const metadata = mapOf(object.metadata);
  const masked = Object.entries(object).map(([name, value]) =>
    name === 'metadata'
      ? [name, maskedMetadata(object, metadata, hashKey)]
      : [name, shownValue(object, [`f:${name}`], value, hashKey)],
  );
  return Object.fromEntries(masked) as KubeObject;
}

function maskedMetadata(
  object: KubeObject,
  metadata: Record<string, unknown>,
  hashKey: Uint8Array,
): Record<string, unknown> {
  const entries = Object.entries(metadata).map(([name, value]) => [
    name,
    shownValue(object, ['f:metadata', `f:${name}`], value, hashKey),
  ]);
  return Object.fromEntries(entries);
}

function isOpen(path: FieldPath): boolean {
  const [first, second] = path.map((element) => element.slice(2));
  if (first === undefined || !openFieldsOfSecrets.has(first)) return false;
  return first !== 'metadata' || (second !== undefined && openMetadataOfSecrets.has(second));
}

/** Names of keys stay readable one level deep (`data.password`), contents do not. */
function maskedAt(path: FieldPath, value: unknown, hashKey: Uint8Array): unknown {
  const keepsNames = path.length === 1 || (path[0] === 'f:metadata' && path.length === 2);
  if (!keepsNames || !isMap(value)) return hashed(value, hashKey);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hashed(inner, hashKey)]));
}

function hashed(value: unknown, hashKey: Uint8Array): string {
  return `hash:${hashOf(value, hashKey)}`;
}

function withoutCopies(value: unknown, hashKey: Uint8Array): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutCopies(item, hashKey));
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    name === lastAppliedAnnotation ? hashed(inner, hashKey) : withoutCopies(inner, hashKey),
  ]);
  return Object.fromEntries(entries);
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.length <= longestText ? value : `${value.slice(0, longestText)}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) return value.map(shortened);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shortened(inner)]));
}
