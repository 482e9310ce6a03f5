import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** What surveys found in the files of a copy. */
export interface KnownFiles {
  /** Of the survey: the facts mean nothing under another. */
  key: string;
  /** By path. The facts hold for the blob; a file without any is known, too. */
  files: Map<string, KnownFile>;
}

/** What is known of one path. */
export interface KnownFile {
  oid: string;
  facts: unknown;
}

/** A file without facts has a row of two. */
const shape = z.object({
  format: z.literal(1),
  key: z.string(),
  files: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())),
});

/** What an earlier process left in a copy; undefined when there is nothing, or nothing that can be read: then the files are read anew. */
export async function loadKnownFiles(gitDir: string): Promise<KnownFiles | undefined> {
  try {
    const { key, files } = shape.parse(JSON.parse(await readFile(fileIn(gitDir), 'utf8')));
    return { key, files: new Map(files.map(([path, oid, facts]) => [path, { oid, facts }])) };
  } catch {
    return undefined;
  }
}

/** Leaves it for later processes. A failure costs them a reading anew, and is not told. */
export async function saveKnownFiles(gitDir: string, { key, files }: KnownFiles): Promise<void> {
  const draft = `${fileIn(gitDir)}.${process.pid}.new`;
  try {
    const rows = [...files].map(([path, { oid, facts }]) => (facts === undefined ? [path, oid] : [path, oid, facts]));
    // Beside its place and renamed there: two processes may share a copy.
    await writeFile(draft, JSON.stringify({ format: 1, key, files: rows }));
    await rename(draft, fileIn(gitDir));
  } catch {
    await rm(draft, { force: true }).catch(() => {});
  }
}

function fileIn(gitDir: string): string {
  return join(gitDir, 'windlass-survey.json');
}
