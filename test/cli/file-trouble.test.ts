import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileTrouble } from '../../lib/cli/file-trouble.ts';
import { UserError } from '../../lib/model/errors.ts';
import { windlass } from '../helpers/io.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trouble-'));
  await writeFile(join(dir, 'file'), '');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('what a command may not use', () => {
  it('is an error of the user, not a bug, where a file is to be read', async () => {
    const { code, stderr } = await windlass(['status', '--dir', 'file'], { cwd: dir });
    expect([code, stderr]).toEqual([
      2,
      `error: ${dir}/file/loop.json cannot be opened: a part of that path is no directory\ncheck the path\n`,
    ]);
  });

  it('is one where something is to be written', async () => {
    const { code, stderr } = await windlass(['local', '--port', '0', '--dir', 'file/state'], { cwd: dir });
    expect(code).toBe(2);
    expect(stderr).toContain(`error: ${dir}/file/state cannot be made: a part of that path is no directory`);
    expect(stderr).not.toContain('bug');
  });

  // Root may write everywhere.
  if (process.getuid?.() !== 0) {
    it('is one where the rights are missing', async () => {
      const { code, stderr } = await windlass(['init', 'shop', '--yes'], { cwd: '/' });
      expect([code, stderr]).toEqual([2, expect.stringContaining('/shop cannot be made: permission denied')]);
    });
  }
});

describe('fileTrouble', () => {
  const denied = (about: object) => Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', ...about });

  it('says how copies are kept elsewhere, whether the cache or what it lies in is refused', () => {
    const env = { XDG_CACHE_HOME: '/nowhere/cache' };
    for (const path of ['/nowhere/cache/windlass/git', '/nowhere'])
      expect(fileTrouble(denied({ syscall: 'mkdir', path }), env)?.message).toContain('WINDLASS_CACHE=DIR');
    expect(fileTrouble(denied({ syscall: 'mkdir', path: '/elsewhere' }), env)?.message).toBe(
      '/elsewhere cannot be made: permission denied\nrun Windlass as the user whom it belongs to, or allow this one to use it',
    );
  });

  it('finds it as the cause of an error without words for people, and leaves those that have them', () => {
    const cause = denied({ syscall: 'unlink', path: '/x' });
    expect(fileTrouble(new Error('closing', { cause }), {})?.subject).toBe('/x');
    expect(fileTrouble(new UserError('said well', { code: 'said', cause }), {})).toBeUndefined();
  });

  it('says nothing of a refused connection, a missing file or a bug', () => {
    expect(fileTrouble(denied({ syscall: 'connect', path: '/run/docker.sock' }), {})).toBeUndefined();
    expect(fileTrouble(Object.assign(new Error('ENOENT'), { code: 'ENOENT', syscall: 'open' }), {})).toBeUndefined();
    expect(fileTrouble(new TypeError('x is not a function'), {})).toBeUndefined();
  });
});
