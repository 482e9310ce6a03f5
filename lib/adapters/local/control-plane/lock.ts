import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

/** A lock that this process holds. */
export interface Lock {
  release(): Promise<void>;
}

interface LockFile extends ProcessIdentity {
  id: string;
}

/**
 * Takes the lock file, also from a holder that has died. Gives the living holder where there is one.
 * Good for one machine: a holder is known by its pid and start time.
 */
export async function tryLock(path: string): Promise<{ lock: Lock } | { holder: ProcessIdentity }> {
  await mkdir(dirname(path), { recursive: true });
  const mine: LockFile = { ...identify(process.pid)!, id: randomUUID() };
  const draft = `${path}.${mine.id}`;
  await writeFile(draft, JSON.stringify(mine));
  try {
    for (;;) {
      if (await linked(draft, path)) return { lock: { release: () => release(path, mine.id) } };
      const held = await read(path);
      if (held !== undefined && isAlive(held)) return { holder: held };
      await takeAway(path, held?.id);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Waits for the lock; `onWait` is told the holder once every two seconds. */
export async function waitForLock(
  path: string,
  options: { onWait: (holder: ProcessIdentity, waitedMs: number) => void; signal?: AbortSignal | undefined },
): Promise<Lock> {
  const begin = performance.now();
  for (let round = 0; ; round++) {
    options.signal?.throwIfAborted();
    const result = await tryLock(path);
    if ('lock' in result) return result.lock;
    if (round % 10 === 0) options.onWait(result.holder, performance.now() - begin);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A hard link appears with its whole content or not at all, so nobody ever reads half a lock. */
async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function read(path: string): Promise<LockFile | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as LockFile;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes a dead holder's file. Two may find it dead at once: who moves away a new holder's file puts it back. */
async function takeAway(path: string, deadId: string | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await read(aside);
  if (moved !== undefined && moved.id !== deadId) await linked(aside, path);
  await rm(aside, { force: true });
}

async function release(path: string, id: string): Promise<void> {
  if ((await read(path))?.id === id) await rm(path, { force: true });
}
