import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../../model/errors.ts';
import type { AcquireContext } from './acquire-context.ts';
import { buildBinaries } from './build.ts';
import { BinaryCache } from './cache.ts';
import { downloadBinaries } from './download.ts';
import { givenBinaries } from './given.ts';
import { waitForLock } from './lock.ts';
import { duration, type OnProgress } from './progress.ts';
import { RELEASE_HOSTS, type ReleaseHosts } from './releases.ts';
import { BINARY_NAMES, type BinaryName, platformOf, VERSIONS } from './versions.ts';

/** Where the programs of the control plane are. All paths are absolute. */
export interface ControlPlaneBinaries {
  etcd: string;
  kubeApiserver: string;
  kubeControllerManager: string;
  kubeScheduler: string;
  kwok: string;
  /** The file with our stages for kwok. */
  kwokStages: string;
}

/** How to obtain the programs. Everything has a default; the rest is for tests. */
export interface AcquireOptions {
  /** Read: KUBEBUILDER_ASSETS, WINDLASS_CACHE, XDG_CACHE_HOME, WINDLASS_OFFLINE, PATH. Default: of this process. */
  env?: Record<string, string | undefined>;
  onProgress?: OnProgress;
  signal?: AbortSignal;
  releaseHosts?: ReleaseHosts;
  /** A host that has not answered after this time counts as unreachable. Default 4 s. */
  connectTimeoutMs?: number;
  /** The folder with the Go modules `kubernetes`, `etcd` and `kwok`. */
  goModules?: string;
  platform?: { os: string; arch: string };
}

/**
 * Finds or makes the programs of the control plane: from KUBEBUILDER_ASSETS, from the cache (which needs no network), by
 * download of the official releases with their checksums, or built from their Go modules; what was obtained stays in
 * the cache. Throws UserError `control-plane-unavailable`, which tells each way that was tried, when none works.
 */
export async function acquireBinaries(options: AcquireOptions = {}): Promise<ControlPlaneBinaries> {
  const context = contextOf(options);
  const given = await givenBinaries(context.env.KUBEBUILDER_ASSETS);
  const needed = BINARY_NAMES.filter((name) => !given.found.has(name));
  const found = new Map([...given.found, ...(await context.cache.good(needed))]);
  if (found.size < BINARY_NAMES.length) {
    for (const [name, path] of await obtain(needed, context, given.told)) found.set(name, path);
  }
  return {
    etcd: found.get('etcd')!,
    kubeApiserver: found.get('kube-apiserver')!,
    kubeControllerManager: found.get('kube-controller-manager')!,
    kubeScheduler: found.get('kube-scheduler')!,
    kwok: found.get('kwok')!,
    kwokStages: fileURLToPath(new URL('stages.yaml', import.meta.url)),
  };
}

/** Where programs and toolchains are kept, named by version: `$WINDLASS_CACHE`, else `$XDG_CACHE_HOME/windlass`, else `~/.cache/windlass`. */
export function cacheRoot(env: Record<string, string | undefined>): string {
  const root = env.WINDLASS_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'windlass');
  return join(root, 'control-plane');
}

async function obtain(
  needed: readonly BinaryName[],
  context: AcquireContext,
  told: string,
): Promise<Map<BinaryName, string>> {
  const { cache } = context;
  const lock = await waitForLock(cache.lockFile, {
    signal: context.signal,
    onWait: (holder, waited) =>
      context.onProgress({
        step: 'wait',
        message: `another process (${holder.pid}) is obtaining the control plane; waiting for it (${duration(waited)})`,
      }),
  });
  try {
    const tried = [told];
    let missing = await cache.missing(needed);
    if (missing.length > 0)
      tried.push(`cache ${cache.dir}: ${missing.map((each) => `${each.name} ${each.why}`).join(', ')}`);
    for (const way of [downloadBinaries, buildBinaries]) {
      if (missing.length === 0) break;
      tried.push(
        ...(await way(
          missing.map((each) => each.name),
          context,
        )),
      );
      missing = await cache.missing(needed);
    }
    if (missing.length > 0)
      throw unavailable(
        missing.map((each) => each.name),
        tried,
      );
    return await cache.good(needed);
  } finally {
    await lock.release();
  }
}

function unavailable(names: readonly BinaryName[], tried: readonly string[]): UserError {
  const text = [
    `the embedded Kubernetes control plane cannot be had: ${names.join(', ')} missing. What was tried:`,
    ...tried.map((line) => `  - ${line}`),
    'One of these helps: connect to the internet once; install Go 1.26 or newer (https://go.dev/dl/), or Python 3 with pip,',
    `which can install Go; or put ${BINARY_NAMES.join(', ')} of Kubernetes ${VERSIONS.kubernetes} into a folder and`,
    'name it in KUBEBUILDER_ASSETS.',
  ];
  return new UserError(text.join('\n'), { code: 'control-plane-unavailable' });
}

function contextOf(options: AcquireOptions): AcquireContext {
  const env = options.env ?? process.env;
  const { os, arch } = options.platform ?? { os: process.platform, arch: process.arch };
  const platform = platformOf(os, arch);
  if (platform === undefined) {
    const hint = os === 'win32' ? ': on Windows run Windlass inside WSL' : '; Linux and macOS on amd64 or arm64 do';
    throw new UserError(`the embedded control plane does not run on ${os} ${arch}${hint}`, {
      code: 'control-plane-unavailable',
    });
  }
  return {
    cache: new BinaryCache(cacheRoot(env), platform),
    env,
    platform,
    offline: Boolean(env.WINDLASS_OFFLINE && env.WINDLASS_OFFLINE !== '0'),
    onProgress: options.onProgress ?? (() => {}),
    signal: options.signal,
    releaseHosts: options.releaseHosts ?? RELEASE_HOSTS,
    connectTimeoutMs: options.connectTimeoutMs ?? 4000,
    goModules: options.goModules ?? fileURLToPath(new URL('go', import.meta.url)),
  };
}
