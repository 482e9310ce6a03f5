import { rename, rm, writeFile } from 'node:fs/promises';

/** Writes a file that is there whole or not at all, readable by its owner only. */
export async function writeWhole(file: string, content: string | Buffer): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(draft, content, { mode: 0o600 });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
