import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KeptText } from '../../pull/ports.ts';

/** A text in a file that only this user may read; written beside its place and renamed there, so that it is whole or the one before. */
export function keptFile(path: string): KeptText {
  return {
    read: async () => {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    write: async (text) => {
      if (text === undefined) return await rm(path, { force: true });
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const beside = `${path}.${process.pid}.new`;
      await writeFile(beside, text, { mode: 0o600 });
      await rename(beside, path);
    },
  };
}
