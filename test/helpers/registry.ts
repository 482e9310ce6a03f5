import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { goProgram } from './go-program.ts';
import { waitMs } from './patience.ts';

const run = promisify(execFile);

/** The standard registry (CNCF Distribution) and crane, which pushes to it; their go.mod under go/ name the same versions. */
const programs = {
  registry: {
    module: 'distribution',
    package: 'github.com/distribution/distribution/v3/cmd/registry',
    version: '3.1.2',
  },
  crane: { module: 'crane', package: 'github.com/google/go-containerregistry/cmd/crane', version: '0.22.1' },
} as const;

/** A standard registry of this test. */
export interface RunningRegistry {
  /** `http://127.0.0.1:40123`, without a slash at the end. */
  url: string;
  /** `127.0.0.1:40123`: what the name of a repository in it begins with. */
  host: string;
  stop(): Promise<void>;
}

/** How a registry is set up. */
export interface RegistryOptions {
  /** The address that each event of the registry is sent to (a POST of Docker Distribution's envelope). */
  notifications?: string;
  /** What each of these posts carries: `{ Authorization: 'Bearer ...' }`. */
  notificationHeaders?: Record<string, string>;
  /** A port that is free; any one unless told. */
  port?: number;
  /** Asks for `registryUser`, or for a token of a realm that signs with one of the keys (a JWK set). Default: open to all. */
  auth?: 'basic' | { realm: string; service: string; issuer: string; jwks: object };
}

/** Whom a registry with `auth: 'basic'` lets in. */
export const registryUser = { username: 'puller', password: 'open sesame' };
const htpasswd = 'puller:$2a$05$0gnPj3Zx9frVMugQXlrwie3pwZIm7c4TIbkne0o1YorK13wAHjEsS\n';

/**
 * Like `describe`, for tests that need the standard registry and crane: `await` it at the top of a test file, as the first run on a machine builds
 * them. Where they cannot be had the tests are skipped, with the reason in the name; with WINDLASS_TEST_STRICT=1 they fail.
 */
export async function describeWithRegistry(name: string, suite: () => void): Promise<void> {
  try {
    await goProgram(programs.crane);
    await goProgram(programs.registry);
  } catch (error) {
    if (process.env['WINDLASS_TEST_STRICT'] === '1') throw error;
    const [reason] = messageOf(error).split('\n');
    describe.skip(`${name} (skipped: no registry can be built: ${reason})`, suite);
    return;
  }
  describe(name, suite);
}

/** Starts a standard registry on a free port of 127.0.0.1; it holds its images in memory. Whoever starts it stops it. */
export async function startRegistry(options: RegistryOptions = {}): Promise<RunningRegistry> {
  const program = await goProgram(programs.registry);
  const directory = await mkdtemp(join(tmpdir(), 'windlass-test-registry-'));
  const host = `127.0.0.1:${options.port ?? (await freePort())}`;
  await writeFile(join(directory, 'config.yml'), JSON.stringify(await configOf(host, options, directory)));
  const env = { PATH: process.env['PATH'], OTEL_TRACES_EXPORTER: 'none' };
  const child = spawn(program, ['serve', join(directory, 'config.yml')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      log += String(chunk);
    });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  const url = `http://${host}`;
  for (const deadline = performance.now() + waitMs; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`the registry did not start: ${log}`);
    }
    // 401 is an answer as well.
    if (await fetch(`${url}/v2/`).catch(() => undefined)) return { url, host, stop };
  }
}

/** Runs crane and gives what it printed. Plain HTTP is used for 127.0.0.1. Throws with its error. */
export async function crane(...args: string[]): Promise<string> {
  return craneAs({}, ...args);
}

/** As `crane`, with a Docker configuration of its own: `{ auths: { [host]: { auth } } }`. */
export async function craneAs(dockerConfig: object, ...args: string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'windlass-test-docker-'));
  try {
    await writeFile(join(directory, 'config.json'), JSON.stringify(dockerConfig));
    const env = { ...process.env, DOCKER_CONFIG: directory };
    return (await run(await goProgram(programs.crane), args, { env, maxBuffer: 1 << 24 })).stdout.trim();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Pushes a small image of one platform and gives its digest. */
export async function pushImage(reference: string, image: TestImage = {}, dockerConfig: object = {}): Promise<string> {
  const { platform = 'linux/amd64', labels = {}, content = reference, docker = false } = image;
  const directory = await mkdtemp(join(tmpdir(), 'windlass-test-image-'));
  try {
    await writeFile(join(directory, 'content'), content);
    await run('tar', ['-cf', 'layer.tar', 'content'], { cwd: directory });
    const layer = join(directory, 'layer.tar');
    await craneAs(dockerConfig, 'append', `--oci-empty-base=${!docker}`, '-f', layer, '-t', reference);
    const flags = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
    await craneAs(dockerConfig, 'mutate', '--set-platform', platform, ...flags, '-t', reference, reference);
    return await craneAs(dockerConfig, 'digest', reference);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What `pushImage` makes. */
export interface TestImage {
  /** `linux/amd64` unless told. */
  platform?: string;
  labels?: Record<string, string>;
  /** Of Docker's own media types, in place of OCI's. */
  docker?: boolean;
  /** What is in its only layer; the reference unless told. */
  content?: string;
}

/** Pushes an index of images, one for each platform, and gives the index's digest. */
export async function pushIndex(reference: string, images: readonly TestImage[]): Promise<string> {
  const repository = reference.slice(0, reference.lastIndexOf(':'));
  const manifests: string[] = [];
  for (const [number, image] of images.entries()) {
    const digest = await pushImage(`${repository}:part-${number}`, { content: `${reference} ${number}`, ...image });
    manifests.push('-m', `${repository}@${digest}`);
  }
  await crane('index', 'append', ...manifests, '-t', reference);
  for (const number of images.keys()) await crane('delete', `${repository}:part-${number}`);
  return crane('digest', reference);
}

async function configOf(host: string, options: RegistryOptions, directory: string): Promise<object> {
  const { notifications, notificationHeaders = {}, auth } = options;
  const headers = Object.fromEntries(Object.entries(notificationHeaders).map(([name, value]) => [name, [value]]));
  const endpoint = { name: 'test', url: notifications, headers, timeout: '5s', threshold: 5, backoff: '1s' };
  return {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { inmemory: {}, delete: { enabled: true } },
    http: { addr: host, secret: 'one registry needs none' },
    ...(notifications === undefined ? {} : { notifications: { endpoints: [endpoint] } }),
    ...(auth === undefined ? {} : { auth: await authOf(auth, directory) }),
  };
}

async function authOf(auth: NonNullable<RegistryOptions['auth']>, directory: string): Promise<object> {
  const file = join(directory, 'auth');
  if (auth === 'basic') {
    await writeFile(file, htpasswd);
    return { htpasswd: { realm: 'test', path: file } };
  }
  const { jwks, ...token } = auth;
  await writeFile(file, JSON.stringify(jwks));
  return { token: { ...token, jwks: file, signingalgorithms: ['RS256'] } };
}
