import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SurveyStore } from '../../bump/ports.ts';

/** Keeps what is known of branches in a directory, one file a key. Nothing in it is precious. */
export function openSurveyFiles(directory: string): SurveyStore {
  const fileOf = (key: string) => join(directory, createHash('sha256').update(key).digest('hex').slice(0, 32));
  return {
    load: (key) =>
      readFile(fileOf(key)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }),
    save: async (key, content) => {
      await mkdir(directory, { recursive: true });
      // Beside its place and renamed there: a reader has the old one or the new one.
      const made = `${fileOf(key)}.${process.pid}.new`;
      try {
        await writeFile(made, content);
        await rename(made, fileOf(key));
      } catch (error) {
        await rm(made, { force: true });
        throw error;
      }
    },
  };
}
