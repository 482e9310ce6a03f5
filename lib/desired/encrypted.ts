import type { Json } from './yaml-document.ts';

/** What SOPS writes in place of a value (https://github.com/getsops/sops#encryption-protocol). */
const encryptedValue = /ENC\[AES256_GCM,data:/;

/** A value that is longer than this is not looked into: a Secret has at most 1 MiB. */
const longest = 2_000_000;

/** True for a document that SOPS encrypted: it puts a mapping `sops` beside what it encrypted. */
export function isEncrypted(value: Json): boolean {
  if (!isMapping(value)) return false;
  const { sops } = value;
  return (
    isMapping(sops) && ['mac', 'lastmodified', 'version', 'encrypted_regex'].some((key) => sops[key] !== undefined)
  );
}

/**
 * The JSON Pointer of a value in a Secret that SOPS encrypted; undefined where there is none. A kustomization that makes a Secret of an
 * encrypted file hides it behind base64.
 */
export function encryptedValueOf(object: { [key: string]: unknown }): string | undefined {
  if (object['kind'] !== 'Secret') return undefined;
  for (const field of ['data', 'stringData']) {
    const values = object[field];
    if (!isMapping(values)) continue;
    for (const [key, value] of Object.entries(values)) {
      if (typeof value === 'string' && holdsEncrypted(value, field === 'data')) return `/${field}/${key}`;
    }
  }
  return undefined;
}

function holdsEncrypted(text: string, base64: boolean): boolean {
  if (text.length > longest) return false;
  return encryptedValue.test(text) || (base64 && encryptedValue.test(Buffer.from(text, 'base64').toString('latin1')));
}

function isMapping(value: unknown): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
