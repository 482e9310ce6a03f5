import { createHmac, hash as digestOf } from 'node:crypto';
import type { KubeObject } from '../model/kube-object.ts';
import { withoutIgnored } from './exceptions/without-ignored.ts';
import { isMap } from './values.ts';

/** Hashes of scalars, which repeat in manifests (labels, ports, protocols). None of a Secret is kept. */
const kept = new Map<string, string>();
const mostKept = 5000;
/** Characters. */
const longestKept = 64;

/** JSON with sorted keys and without undefined: equal values give equal text, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (!isMap(value)) return JSON.stringify(value ?? null);
  const entries = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${entries.join(',')}}`;
}

/**
 * Hash of a value: 96 bits of SHA-256, base64url, 16 characters; of HMAC-SHA-256 with a key.
 * A hash of a Secret's value must be keyed: short passwords would be guessed from a plain one.
 */
export function hashOf(value: unknown, key?: Uint8Array): string {
  const text = canonicalJson(value);
  if (key !== undefined) return createHmac('sha256', key).update(text).digest('base64url').slice(0, 16);
  if (text.length > longestKept) return digestOf('sha256', text, 'base64url').slice(0, 16);
  const known = kept.get(text);
  if (known !== undefined) return known;
  const made = digestOf('sha256', text, 'base64url').slice(0, 16);
  if (kept.size >= mostKept) kept.clear();
  kept.set(text, made);
  return made;
}

/** The key for hashes of this object's values: Secrets only. */
export function keyFor(object: { apiVersion: string; kind: string }, hashKey: Uint8Array): Uint8Array | undefined {
  return isSecret(object) ? hashKey : undefined;
}

/** True for the core kind Secret, whatever is wrong inside it. */
export function isSecret(object: { apiVersion: string; kind: string }): boolean {
  return object.kind === 'Secret' && !object.apiVersion.includes('/');
}

/** Hash of Git's object without the fields that it ignores, as the record keeps it. */
export function desiredHashOf(desired: KubeObject, hashKey: Uint8Array): string {
  return hashOf(withoutIgnored(desired), keyFor(desired, hashKey));
}
