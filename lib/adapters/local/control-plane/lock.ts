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
      const lock = { release: () => release(path, mine.id) };
      if (await linked(draft, path)) return { lock };
      const held = await read(path);
      if (held !== undefined && held !== 'unreadable' && isAlive(held)) return { holder: held };
      if (held !== undefined && (await takeOver(path, draft, held))) return { lock };
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

async function read(path: string): Promise<LockFile | 'unreadable' | undefined> {
  try {
    const file = JSON.parse(await readFile(path, 'utf8')) as Partial<LockFile> | null;
    return typeof file?.pid === 'number' && typeof file.startedAt === 'string' ? (file as LockFile) : 'unreadable';
  } catch (error) {
    if (error instanceof SyntaxError) return 'unreadable';
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Puts our lock in the place of a dead holder's; false when somebody else was first. Many may find the same holder dead: only who makes the
 * claim on this very holder may replace its file, and looks once more before it does.
 */
async function takeOver(path: string, draft: string, dead: LockFile | 'unreadable'): Promise<boolean> {
  const claim = `${path}.of-${idOf(dead)}`;
  if (!(await linked(draft, claim))) {
    const claimant = await read(claim);
    if (claimant !== undefined && (claimant === 'unreadable' || !isAlive(claimant))) await rm(claim, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 10));
    return false;
  }
  try {
    if (idOf(await read(path)) !== idOf(dead)) return false;
    await rename(draft, path);
    return true;
  } finally {
    await rm(claim, { force: true });
  }
}

function idOf(file: LockFile | 'unreadable' | undefined): string | undefined {
  return typeof file === 'object' ? String(file.id).replaceAll(/[^\w-]/g, '') : file;
}

async function release(path: string, id: string): Promise<void> {
  if (idOf(await read(path)) === id) await rm(path, { force: true });
}
