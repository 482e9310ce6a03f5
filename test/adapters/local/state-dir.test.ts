import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findLoop, openStateDir } from '../../../lib/adapters/local/state-dir.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'state-dir-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

describe('the state directory', () => {
  it('belongs to one loop at a time, and says who has it', async () => {
    const path = join(home, '.windlass');
    const first = await openStateDir(path, { ephemeral: false });
    await expect(openStateDir(path, { ephemeral: false })).rejects.toThrow(
      /runs on .* already \(process \d+, it is still starting\)/,
    );
    await first.announce({ url: 'http://127.0.0.1:4440/', kubeconfig: '/k' });
    await expect(openStateDir(path, { ephemeral: false })).rejects.toThrow('its page is http://127.0.0.1:4440/');
    await first.release();
    await (await openStateDir(path, { ephemeral: false })).release();
  });

  it('is taken over from a process that is gone', async () => {
    const path = join(home, '.windlass');
    const first = await openStateDir(path, { ephemeral: false });
    const lock = JSON.parse(await readFile(join(path, 'lock'), 'utf8'));
    await first.announce({ url: 'http://127.0.0.1:4440/', kubeconfig: '/k' });
    const gone = { ...lock, pid: 2 ** 22 - 1 };
    await writeFile(join(path, 'lock'), JSON.stringify(gone));
    const second = await openStateDir(path, { ephemeral: false });
    await second.release();
  });

  it('keeps itself out of Git and from other users', async () => {
    const state = await openStateDir(join(home, '.windlass'), { ephemeral: false });
    expect(await readFile(join(state.path, '.gitignore'), 'utf8')).toBe('*\n');
    await state.release();
    expect(existsSync(state.path)).toBe(true);
  });

  it('forgets what a killed run had open', async () => {
    const path = join(home, '.windlass');
    await mkdir(join(path, 'trees', 'windlass-tree-x'), { recursive: true });
    const state = await openStateDir(path, { ephemeral: false });
    expect(existsSync(join(path, 'trees'))).toBe(false);
    await state.release();
  });

  it('leaves nothing when it is ephemeral', async () => {
    const state = await openStateDir(join(home, '.windlass'), { ephemeral: true });
    expect(state.path).not.toContain(home);
    await state.release();
    expect(existsSync(state.path)).toBe(false);
    expect(existsSync(join(home, '.windlass'))).toBe(false);
  });

  it('removes what a killed ephemeral loop left, and nothing else', async () => {
    vi.stubEnv('TMPDIR', home);
    const killed = await openStateDir('unused', { ephemeral: true });
    const lock = JSON.parse(await readFile(join(killed.path, 'lock'), 'utf8'));
    await writeFile(join(killed.path, 'lock'), JSON.stringify({ ...lock, pid: 2 ** 22 - 1 }));
    const living = await openStateDir('unused', { ephemeral: true });
    expect(existsSync(killed.path)).toBe(false);
    // A directory of that name that a person made, and one that is in use.
    await mkdir(join(home, 'windlass-person'));
    await mkdir(join(home, 'windlass-Abc123'));
    await writeFile(join(home, 'windlass-Abc123', 'lock'), '{}');
    const next = await openStateDir('unused', { ephemeral: true });
    expect(existsSync(living.path)).toBe(true);
    expect(existsSync(join(home, 'windlass-person'))).toBe(true);
    expect(existsSync(join(home, 'windlass-Abc123'))).toBe(true);
    await next.release();
    await living.release();
    vi.unstubAllEnvs();
  });

  it('tells other commands where the loop is, and that there is none', async () => {
    const path = join(home, '.windlass');
    await expect(findLoop(path)).rejects.toThrow(/no loop runs on .*: start one with "npm start"/);
    const state = await openStateDir(path, { ephemeral: false });
    await state.announce({ url: 'http://127.0.0.1:4440/', kubeconfig: '/k' });
    expect(await findLoop(path)).toMatchObject({ url: 'http://127.0.0.1:4440/', process: { pid: process.pid } });
    await state.release();
    await expect(findLoop(path)).rejects.toThrow('no loop runs');
  });
});
