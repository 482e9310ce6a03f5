import { spawn } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryLock } from '../../../../lib/adapters/local/control-plane/lock.ts';
import { identify } from '../../../../lib/adapters/local/control-plane/process-identity.ts';
import { temporaryFolder, waitFor } from '../../../helpers/cluster.ts';

describe('a lock', () => {
  it('has one holder at a time and is free after its release', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'lock');
    const first = await tryLock(path);
    expect(await tryLock(path)).toEqual({ holder: expect.objectContaining({ pid: process.pid }) });
    if ('lock' in first) await first.lock.release();
    expect(await readdir(folder)).toEqual([]);
    expect(await tryLock(path)).toHaveProperty('lock');
  });

  it('of a dead process is taken over', async () => {
    const path = join(await temporaryFolder(), 'lock');
    const child = spawn('sleep', ['600']);
    await writeFile(path, JSON.stringify({ ...identify(child.pid!)!, id: 'theirs' }));
    expect(await tryLock(path)).toEqual({ holder: expect.objectContaining({ pid: child.pid }) });
    child.kill('SIGKILL');
    await waitFor(() => identify(child.pid!) === undefined, { what: 'the end of the holder' });
    expect(await tryLock(path)).toHaveProperty('lock');
  });

  it('whose pid now belongs to another process is taken over', async () => {
    const path = join(await temporaryFolder(), 'lock');
    await writeFile(path, JSON.stringify({ ...identify(process.pid)!, startedAt: 'long ago', id: 'theirs' }));
    expect(await tryLock(path)).toHaveProperty('lock');
  });

  it('that cannot be read is taken over', async () => {
    const path = join(await temporaryFolder(), 'lock');
    await writeFile(path, '{"pid": 1');
    expect(await tryLock(path)).toHaveProperty('lock');
  });

  it('of a dead process is taken by one of many', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'lock');
    await writeFile(path, JSON.stringify({ pid: 1, startedAt: 'long ago', command: 'init', id: 'theirs' }));
    const results = await Promise.all(Array.from({ length: 20 }, () => tryLock(path)));
    expect(results.filter((result) => 'lock' in result)).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['lock']);
  });

  it('is not released by who lost it', async () => {
    const path = join(await temporaryFolder(), 'lock');
    const first = await tryLock(path);
    await writeFile(path, JSON.stringify({ ...identify(process.pid)!, id: 'another' }));
    if ('lock' in first) await first.lock.release();
    expect(await tryLock(path)).toHaveProperty('holder');
  });
});
