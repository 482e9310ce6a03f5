import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const build = fileURLToPath(new URL('../../package/build.ts', import.meta.url));
const ran = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [build, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
};

describe('the command that makes the package', () => {
  it('says what it takes, and makes nothing', () => {
    expect(ran('--help')).toEqual({ status: 0, stdout: expect.stringContaining('--tarball FILE'), stderr: '' });
  });

  it('refuses what it does not know, without a stack', () => {
    const { status, stdout, stderr } = ran('--tarbal', 'x.tgz');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Unknown option '--tarbal'/);
    expect(stderr).not.toContain('    at ');
  });
});
