import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheDir } from '../../lib/adapters/local/cache-dir.ts';
import { cacheRoot } from '../../lib/adapters/local/control-plane/binaries.ts';
import { findGo } from '../../lib/adapters/local/control-plane/go-toolchain.ts';
import { waitForLock } from '../../lib/adapters/local/control-plane/lock.ts';
import { platformOf } from '../../lib/adapters/local/control-plane/versions.ts';

const run = promisify(execFile);

/** A program that tests start, built from a Go module under go/, whose go.sum says what it is made of. */
export interface GoProgram {
  /** The folder under go/. */
  module: string;
  package: string;
  version: string;
}

/** The file of a program: out of the cache, else built into it, once a machine. Throws where there is no Go. */
export async function goProgram({ module, package: name, version }: GoProgram): Promise<string> {
  const platform = platformOf(process.platform, process.arch);
  if (platform === undefined) throw new Error(`not made for ${process.platform} ${process.arch}`);
  const file = join(cacheDir(process.env), 'test-programs', `${module}-${version}_${platform.os}-${platform.arch}`);
  if (await isThere(file)) return file;
  await mkdir(dirname(file), { recursive: true });
  const lock = await waitForLock(`${file}.lock`, {
    onWait: () => process.stderr.write(`[tests] waiting for another process that builds ${module}\n`),
  });
  try {
    if (!(await isThere(file))) await build(name, module, file);
    return file;
  } finally {
    await lock.release();
  }
}

async function build(name: string, module: string, file: string): Promise<void> {
  const go = await findGo({
    cache: { root: cacheRoot(process.env) },
    env: process.env,
    offline: Boolean(process.env['WINDLASS_OFFLINE'] && process.env['WINDLASS_OFFLINE'] !== '0'),
    onProgress: ({ message }) => process.stderr.write(`[tests] ${message}\n`),
    signal: undefined,
  });
  process.stderr.write(`[tests] building ${module} with ${go.version}, once on this machine\n`);
  const draft = `${file}.${process.pid}.new`;
  const cwd = fileURLToPath(new URL(`go/${module}`, import.meta.url));
  const env = { ...process.env, GOFLAGS: '-buildvcs=false -mod=readonly -p=2', GOWORK: 'off', GOTOOLCHAIN: 'local' };
  try {
    // The default of a build would be all processors, which the rest of the tests need as well.
    const args = ['-n', '10', go.file, 'build', '-trimpath', '-ldflags', '-s -w', '-o', draft, name];
    await run('nice', args, { cwd, env: { ...env, CGO_ENABLED: '0' }, maxBuffer: 1 << 24 });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
