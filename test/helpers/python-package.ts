import { execFile } from 'node:child_process';
import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDir } from '../../lib/adapters/local/cache-dir.ts';
import { waitForLock } from '../../lib/adapters/local/control-plane/lock.ts';

const run = promisify(execFile);

/**
 * The folder of the programs of a virtual environment with one package of PyPI, with `python` in it: out of the cache, else made there, once a
 * machine. Throws where there is no Python 3.10 or newer, and where PyPI does not answer.
 */
export async function pythonPackage(name: string, version: string): Promise<string> {
  const folder = join(cacheDir(process.env), 'test-programs', `${name}-${version}`);
  if (await isThere(join(folder, 'complete'))) return join(folder, 'bin');
  await mkdir(join(folder, '..'), { recursive: true });
  const lock = await waitForLock(`${folder}.lock`, {
    onWait: () => process.stderr.write(`[tests] waiting for another process that installs ${name}\n`),
  });
  try {
    if (!(await isThere(join(folder, 'complete')))) await install(folder, name, version);
    return join(folder, 'bin');
  } finally {
    await lock.release();
  }
}

/** A virtual environment cannot be moved once it is made: the mark says that it is whole. */
async function install(folder: string, name: string, version: string): Promise<void> {
  await run('python3', ['-c', 'import sys; assert sys.version_info >= (3, 10), "Python 3.10 or newer is needed"']);
  process.stderr.write(`[tests] installing ${name} ${version}, once on this machine\n`);
  await rm(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder]);
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check'];
  const pip = ['-m', 'pip', 'install', ...quiet, `${name}==${version}`];
  await run(join(folder, 'bin', 'python'), pip, { maxBuffer: 1 << 24 });
  await mkdir(join(folder, 'complete'));
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
