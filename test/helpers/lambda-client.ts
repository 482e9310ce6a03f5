import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { cacheDir } from '../../lib/adapters/local/cache-dir.ts';
import { waitForLock } from '../../lib/adapters/local/control-plane/lock.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { pythonPackage } from './python-package.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('../standins/lambda-runtime/', import.meta.url));
const name = 'aws-lambda-ric';
/** What the client's own build calls, besides cmake, which can be had from PyPI. */
const builders = ['make', 'g++', 'tar', 'xz'];
/** The older line: its second half is made for CMake 3. */
const cmake = '3.31.6';

/**
 * Like `describe`, for tests that run functions as Lambda does: `await` it at the top of a test file, as the first run on a machine builds the runtime's
 * client. Where it cannot be had the tests are skipped, with the reason in the name; with WINDLASS_TEST_STRICT=1 they fail.
 */
export async function describeWithLambda(title: string, suite: () => void): Promise<void> {
  try {
    await lambdaClient();
  } catch (error) {
    if (process.env['WINDLASS_TEST_STRICT'] === '1') throw error;
    const [reason] = messageOf(error).split('\n');
    describe.skip(`${title} (skipped: no runtime of Lambda: ${reason})`, suite);
    return;
  }
  describe(title, suite);
}

/**
 * The file of the program with which Lambda's own runtime begins, AWS's client of the Runtime API: out of the cache, else built there, once a machine.
 * Throws where that cannot be done, as without a compiler.
 */
export async function lambdaClient(): Promise<string> {
  const lockfile = await readFile(join(here, 'package-lock.json'));
  const version = createHash('sha256').update(lockfile).digest('hex').slice(0, 12);
  const folder = join(cacheDir(process.env), 'test-programs', `lambda-client-${version}_${process.arch}`);
  const file = join(folder, 'index.mjs');
  if (existsSync(file)) return file;
  const lock = await waitForLock(`${folder}.lock`, {
    onWait: () => process.stderr.write('[tests] waiting for another process that builds the runtime of Lambda\n'),
  });
  try {
    if (!existsSync(file)) await build(folder);
    return file;
  } finally {
    await lock.release();
  }
}

/** Of all that the build needs only the client itself is kept. */
async function build(folder: string): Promise<void> {
  if (process.platform !== 'linux') throw new Error('it is built on Linux alone');
  if (process.env['WINDLASS_OFFLINE'] === '1') throw new Error('WINDLASS_OFFLINE is set');
  for (const program of builders) if (!onPath(program)) throw new Error(`${program} is not on PATH`);
  const tools = onPath('cmake') || onPath('cmake3') ? [] : [await pythonPackage('cmake', cmake)];
  process.stderr.write('[tests] building the runtime of Lambda, once on this machine: a minute or two\n');
  await mkdir(join(folder, '..'), { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  try {
    for (const each of ['package.json', 'package-lock.json']) await copyFile(join(here, each), join(draft, each));
    const modules = join(draft, 'node_modules');
    const env = {
      ...process.env,
      PATH: [...tools, process.env['PATH']].join(delimiter),
      // The headers of this package, so that none are downloaded.
      npm_config_nodedir: join(modules, `node-linux-${process.arch}`),
    };
    const options = { cwd: draft, env, timeout: 900_000, maxBuffer: 1 << 26 };
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], options);
    await run('nice', ['-n', '10', 'npm', 'rebuild', name, '--loglevel=error'], options);
    await rm(folder, { recursive: true, force: true });
    await rename(join(modules, name), folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function onPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return folders.some((folder) => existsSync(join(folder, program)));
}
