import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes on this machine, by their SHA-256. */
export interface Store {
  /** Undefined where they are not there, or are not any more what they were. */
  get(digest: string): Promise<Uint8Array | undefined>;
  put(bytes: Uint8Array): Promise<void>;
}

/** A directory that holds what was fetched: `sha256/<64 hex digits>`. Nothing in it is precious. */
export function openStore(directory: string): Store {
  const folder = join(directory, 'sha256');
  const fileOf = (digest: string) => join(folder, digest.replace(/^sha256:/, ''));
  return {
    get: async (digest) => {
      const bytes = await readFile(fileOf(digest)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      return bytes !== undefined && sha256(bytes) === digest ? new Uint8Array(bytes) : undefined;
    },
    put: async (bytes) => {
      const path = fileOf(sha256(bytes));
      const temporary = `${path}.${randomUUID()}`;
      await mkdir(folder, { recursive: true });
      try {
        await writeFile(temporary, bytes, { flag: 'wx' });
        await rename(temporary, path);
      } finally {
        await rm(temporary, { force: true });
      }
    },
  };
}

/** `sha256:` and the digest of bytes. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
