import { UserError } from '../model/errors.ts';
import { type ImageRef, parseImageRef } from '../model/image-ref.ts';

/** Reads what the policies chose: JSON `{ "web": "repo:tag[@digest]", "ns:name": ... }`. Throws `UserError` naming the entry that is wrong. */
export function readLatest(text: string, file: string): Map<string, ImageRef> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new UserError(`${file} is no valid JSON`, { code: 'latest-file', subject: file, cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(`${file} must be a JSON object: { "web": "repo:tag" }`, { code: 'latest-file', subject: file });
  }
  return new Map(Object.entries(value).map(([name, ref]) => entryOf(name, ref)));
}

/** Reads one `NAME=REF`. Throws `UserError` when it is none. */
export function readAssignment(text: string): [string, ImageRef] {
  const equals = text.indexOf('=');
  if (equals < 0) throw new UserError(`"${text}" is no NAME=REF, as in web=ghcr.io/acme/web:1.5.0`, { code: 'usage' });
  return entryOf(text.slice(0, equals), text.slice(equals + 1));
}

function entryOf(name: string, text: unknown): [string, ImageRef] {
  if (name === '' || /(?:^|:)(?:tag|name|digest)$/.test(name)) {
    throw new UserError(`"${name}" cannot name a policy: a marker would take the end of it for a part`, {
      code: 'policy-name',
      subject: name,
    });
  }
  const ref = typeof text === 'string' ? parseImageRef(text) : undefined;
  if (ref !== undefined && (ref.tag !== undefined || ref.digest !== undefined)) return [name, ref];
  throw new UserError(`the image of "${name}" is no repo:tag[@digest]: ${JSON.stringify(text)}`, {
    code: 'image-reference',
    subject: name,
  });
}
