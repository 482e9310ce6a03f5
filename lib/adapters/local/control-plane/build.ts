import { execFile, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { messageOf } from '../../../model/errors.ts';
import type { AcquireContext, Failure } from './acquire-context.ts';
import { findGo, type GoToolchain } from './go-toolchain.ts';
import { ticking } from './progress.ts';
import { type BinaryName, VERSIONS } from './versions.ts';

const run = promisify(execFile);

/** What `go build` is told for a program: the module of ours, the package, and the version that it should report. */
const SOURCES: Record<BinaryName, { module: string; package: string; ldflags: string }> = {
  etcd: { module: 'etcd', package: 'go.etcd.io/etcd/server/v3', ldflags: '-s -w' },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  kwok: {
    module: 'kwok',
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    ldflags: `-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=v${VERSIONS.kwok}`,
  },
};

function kubernetes(name: string): { module: string; package: string; ldflags: string } {
  const version = `k8s.io/component-base/version.gitVersion=v${VERSIONS.kubernetes}`;
  return { module: 'kubernetes', package: `k8s.io/kubernetes/cmd/${name}`, ldflags: `-s -w -X ${version}` };
}

/**
 * Builds programs from their Go modules (checked by go.sum) into the cache, one after the other and at low priority.
 * Gives what went wrong; what was finished before stays in the cache.
 */
export async function buildBinaries(names: readonly BinaryName[], context: AcquireContext): Promise<Failure[]> {
  let go: GoToolchain;
  try {
    go = await findGo(context);
  } catch (error) {
    context.signal?.throwIfAborted();
    return [`build: no Go: ${messageOf(error)}`];
  }
  const work = await context.cache.workFolder();
  try {
    for (const [index, name] of names.entries()) {
      const file = join(work, name);
      const progress = `building ${name} with ${go.version} (program ${index + 1} of ${names.length}, once on this machine)`;
      await build(name, file, progress, go, context);
      await context.cache.put(name, file, `built with ${go.version}`);
    }
    return [];
  } catch (error) {
    context.signal?.throwIfAborted();
    return [`build: ${messageOf(error)}`];
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function build(
  name: BinaryName,
  file: string,
  progress: string,
  go: GoToolchain,
  context: AcquireContext,
): Promise<void> {
  const source = SOURCES[name];
  const cwd = join(context.goModules, source.module);
  const env = goEnv(context);
  let done = 0;
  let total = 0;
  let current = '';
  const tell = (elapsed: string) => {
    const known = total > 0 && done > 0 ? `${done} of at most ${total} packages, ` : '';
    const fraction = total > 0 ? { fraction: Math.min(done / total, 1) } : {};
    context.onProgress({ step: 'build', message: `${progress}: ${known}${current}${elapsed}`, ...fraction });
  };
  await ticking(tell, async () => {
    const args = ['build', '-v', '-trimpath', '-ldflags', source.ldflags, '-o', file, source.package];
    // Packages that Go's own cache holds are not printed, so the count can only be an upper limit.
    const listing = countPackages(go.file, source.package, cwd, env).then((count) => {
      total = count;
    });
    await runGo(go.file, args, cwd, env, context.signal, (line) => {
      if (line.startsWith('go: downloading')) current = `${line.slice(4)}, `;
      else [current, done] = ['', done + 1];
    });
    await listing;
  });
}

async function countPackages(go: string, pkg: string, cwd: string, env: NodeJS.ProcessEnv): Promise<number> {
  try {
    const { stdout } = await run(go, ['list', '-deps', pkg], { cwd, env, maxBuffer: 1 << 24 });
    return stdout.trim().split('\n').length;
  } catch {
    // Only the progress wants it; the build itself says what is wrong.
    return 0;
  }
}

async function runGo(
  go: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
  onLine: (line: string) => void,
): Promise<void> {
  const child = spawn(go, args, { cwd, env, signal, stdio: ['ignore', 'ignore', 'pipe'] });
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const last: string[] = [];
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => {
    last.push(line);
    if (last.length > 12) last.shift();
    onLine(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`go ${args[0]} ${args.at(-1)} ended with ${code}: ${last.join('\n    ')}`);
}

/** The user's own settings must not change what is built: no workspace, no vendoring, no cgo, no other toolchain. */
function goEnv({ env, offline }: AcquireContext): NodeJS.ProcessEnv {
  return {
    ...env,
    GOFLAGS: '-buildvcs=false -mod=readonly',
    GOWORK: 'off',
    GOTOOLCHAIN: 'local',
    CGO_ENABLED: '0',
    GOOS: '',
    GOARCH: '',
    ...(offline ? { GOPROXY: 'off' } : {}),
  } as NodeJS.ProcessEnv;
}
