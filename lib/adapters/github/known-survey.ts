import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';

/** What is known of a branch at one commit: the files with facts. The facts are of a survey's key, and mean nothing under another. */
export interface KnownSurvey {
  commit: string;
  key: string;
  /** By path. Facts hold for the blob. */
  files: Map<string, { oid: string; facts: unknown }>;
  tooLarge: Set<string>;
}

const format = 1;
/** Bytes of JSON that are unpacked at most. */
const longest = 256 * 1024 * 1024;

const oid = z.string().regex(/^[0-9a-f]{40}$/);
const shape = z.object({
  format: z.literal(format),
  commit: oid,
  key: z.string(),
  files: z.array(z.tuple([z.string(), oid, z.unknown()])),
  tooLarge: z.array(z.string()),
});

/** What is known, packed. */
export function packKnown(known: KnownSurvey): Uint8Array {
  const { commit, key } = known;
  const files = [...known.files].map(([path, file]) => [path, file.oid, file.facts]);
  return gzipSync(JSON.stringify({ format, commit, key, files, tooLarge: [...known.tooLarge] }));
}

/** Reads it back. Throws for what is broken, or of another format: it is to be thrown away. */
export function unpackKnown(content: Uint8Array): KnownSurvey {
  const json = gunzipSync(content, { maxOutputLength: longest }).toString('utf8');
  const { commit, key, files, tooLarge } = shape.parse(JSON.parse(json));
  return {
    commit,
    key,
    files: new Map(files.map(([path, blob, facts]) => [path, { oid: blob, facts }])),
    tooLarge: new Set(tooLarge),
  };
}
