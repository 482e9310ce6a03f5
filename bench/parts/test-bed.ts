import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireBinaries } from '../../lib/adapters/local/control-plane/binaries.ts';
import { startControlPlane } from '../../lib/adapters/local/control-plane/control-plane.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { type AuditLog, auditLog } from './audit-log.ts';
import type { Context } from './benchmark.ts';
import { asFiles, type Manifest } from './objects.ts';
import { type Measured, measure } from './processes.ts';

/** The program that a user starts. */
export const windlassProgram = fileURLToPath(new URL('../../bin/windlass.js', import.meta.url));

/** An API server of its own with nothing beside it, and the two tools to compare on it. */
export interface TestBed {
  kubeconfig: string;
  audit: AuditLog;
  /** `v1.35.2` */
  kubectlVersion: string;
  windlass(...args: string[]): Promise<Measured>;
  kubectl(...args: string[]): Promise<Measured>;
  /** Makes the objects the content of a config repo with one sync (`bench` unless told), and gives its directory. */
  commit(name: string, objects: readonly Manifest[], sync?: string): Promise<string>;
  /** Writes the objects as files, and gives their directory. */
  write(name: string, objects: readonly Manifest[]): Promise<string>;
}

/** Starts the API server, with its controllers where they are wanted; it ends with the benchmark. */
export async function openTestBed(
  { dir, signal, atEnd, say }: Context<string>,
  { controllers = false }: { controllers?: boolean } = {},
): Promise<TestBed> {
  const audit = await auditLog(dir);
  const [binaries, kubectl] = await Promise.all([
    acquireBinaries({ signal, onProgress: ({ message }) => say(message) }),
    findKubectl({ env: process.env }),
  ]);
  const plane = await startControlPlane({
    ...{ dir: join(dir, 'cluster'), binaries, signal, controllers, ephemeral: true },
    apiServerFlags: audit.flags,
  });
  atEnd(() => plane.stop());
  const kubeconfig = plane.kubeconfigPath;
  // Both tools keep what they learnt in directories of their own, as on a person's machine: only the first run is cold.
  const env = {
    ...{ KUBECONFIG: kubeconfig, WINDLASS_KUBECTL: kubectl.path, WINDLASS_CACHE: join(dir, 'cache') },
    KUBECACHEDIR: join(dir, 'kube-cache'),
  };
  const write = async (name: string, objects: readonly Manifest[], below = '.') => {
    const target = join(dir, name, below);
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    for (const [file, text] of Object.entries(asFiles(objects))) await writeFile(join(target, file), text);
    return join(dir, name);
  };
  return {
    ...{ kubeconfig, audit, kubectlVersion: kubectl.version },
    windlass: (...args) => measure(process.execPath, [windlassProgram, ...args], { cwd: dir, env, signal }),
    kubectl: (...args) => measure(kubectl.path, args, { cwd: dir, env, signal }),
    write: (name, objects) => write(name, objects),
    commit: async (name, objects, sync = 'bench') => {
      const repo = await write(name, objects, 'app');
      await writeFile(join(repo, 'windlass.yaml'), windlassYaml(sync));
      git(repo, 'init', '--quiet', '--initial-branch', 'main');
      git(repo, 'add', '--all');
      // Nothing to commit: the head stays, as for a puller that comes again.
      if (git(repo, 'status', '--porcelain') !== '') git(repo, 'commit', '--quiet', '-m', 'Change the objects');
      return repo;
    },
  };
}

function windlassYaml(sync: string): string {
  return `windlass: 1
clusters: { bench: { eks: bench, region: eu-west-1 } }
syncs:
  ${sync}: { cluster: bench, path: app }
`;
}

function git(repo: string, ...args: string[]): string {
  const person = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...person, ...args], { cwd: repo, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

/** Throws with what the program printed unless it ended with one of the codes. */
export function expectCode(what: string, run: Measured, ...codes: number[]): Measured {
  if (run.code !== null && codes.includes(run.code)) return run;
  throw new Error(`${what} ended with ${run.code}\n${run.stderr.slice(-2000)}\n${run.stdout.slice(-2000)}`);
}
