import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './write-whole.ts';

/**
 * An etcd that is ended while it makes its first files may never elect itself again, and so never answer. Until the API server was ready once,
 * nobody can have written anything: what such a start left is removed. A store that was ever used has no mark, and is never touched.
 * Gives what to call once the store can be used.
 */
export async function unusedStore(dir: string): Promise<() => Promise<void>> {
  const [store, mark] = [join(dir, 'etcd'), join(dir, 'etcd.unused')];
  if ((await isThere(store)) && !(await isThere(mark))) return async () => undefined;
  await writeWhole(mark, 'etcd/ was never used: a start that was cut off left it, and the next one makes it anew\n');
  await rm(store, { recursive: true, force: true });
  return async () => await rm(mark);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
