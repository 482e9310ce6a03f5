import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { cacheDir } from '../../lib/adapters/local/cache-dir.ts';
import { waitForLock } from '../../lib/adapters/local/control-plane/lock.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { cutSpecification } from './cut-specification.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
let installing: Promise<StandinPackages> | undefined;

/** The packages of the stand-ins, installed outside of the checkout. */
export interface StandinPackages {
  /** Where node_modules is. */
  directory: string;
  /** GitHub's own description of the part of its REST API that is used here, as OpenAPI. */
  specification: string;
  /** A program of one of the packages. */
  program(name: string): string;
  load<Module>(path: string): Promise<Module>;
}

/**
 * Installs what test/standins/package.json names by its lockfile, once a machine, into the cache. No install script runs. Throws when that
 * cannot be done, as on a machine without a network.
 */
export function standinPackages(): Promise<StandinPackages> {
  installing ??= install();
  return installing;
}

async function install(): Promise<StandinPackages> {
  const lockfile = readFileSync(join(here, 'package-lock.json'));
  const cut = readFileSync(join(here, 'cut-specification.ts'));
  const version = createHash('sha256').update(lockfile).update(cut).digest('hex').slice(0, 12);
  const directory = join(cacheDir(process.env), 'standins', version);
  const specification = join(directory, 'github.openapi.json');
  if (!existsSync(specification)) {
    const lock = await waitForLock(`${directory}.lock`, { onWait: () => {} });
    try {
      if (!existsSync(specification)) await installInto(directory, specification);
    } catch (error) {
      throw new Error(`the packages of the stand-ins cannot be installed: ${messageOf(error).trim().split('\n')[0]}`);
    } finally {
      await lock.release();
    }
  }
  return {
    directory,
    specification,
    program: (name) => join(directory, 'node_modules', '.bin', name),
    load: (path) => import(pathToFileURL(join(directory, 'node_modules', path)).href),
  };
}

async function installInto(directory: string, specification: string): Promise<void> {
  if (process.env['WINDLASS_OFFLINE'] === '1') throw new Error('WINDLASS_OFFLINE is set');
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(here, file), join(directory, file));
  process.stderr.write('[standins] installing the packages of the stand-ins, once\n');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await promisify(execFile)('npm', args, { cwd: directory, timeout: 600_000 });
  // Of the 400 MB that GitHub's description takes only the cut is kept. It is written last: it says that all is there.
  const generated = join(directory, 'node_modules/@octokit/openapi/generated');
  const whole = JSON.parse(readFileSync(join(generated, 'api.github.com.json'), 'utf8'));
  await rm(generated, { recursive: true, force: true });
  await writeFile(specification, JSON.stringify(cutSpecification(whole)));
}
