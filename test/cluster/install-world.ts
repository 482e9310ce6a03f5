import { execFile, execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { parseObjectId } from '../../lib/model/object-id.ts';
import { privateControlPlane, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { type Ran, windlass } from '../helpers/io.ts';

const run = promisify(execFile);

/** A cluster of its own, as the namespace of Windlass is one a cluster, and a config repo. */
export interface InstallWorld {
  kubeconfig: string;
  dir: string;
  cluster: KubernetesCluster;
  /** Commits these files and gives the commit. */
  commit(files: Record<string, string>): Promise<string>;
  /** `windlass install` of the repo, as followed from an address on the net. */
  install(...more: string[]): Promise<Ran>;
  /** The live object of a written name. */
  live(name: string, version?: string): Promise<KubeObject | undefined>;
}

/** The image that the tests install. */
export const image = 'registry.example.com/windlass:1.0.0';

/** Where the tests' puller would fetch from. */
export const url = 'https://git.example.com/acme/config.git';

/** Starts a cluster with its controllers, which make the role `admin` what it is, and a repo with these files. */
export async function installWorld(
  files: Record<string, string>,
  options: Parameters<typeof privateControlPlane>[0] = {},
): Promise<InstallWorld> {
  const { kubeconfigPath: kubeconfig } = await privateControlPlane({ ...options, controllers: true });
  const dir = await temporaryFolder();
  const git = (...args: string[]) =>
    run('git', ['-C', dir, '-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args]);
  await git('init', '--quiet', '--initial-branch', 'main');
  const cluster = await openCluster({ kubeconfig });
  onTestFinished(() => cluster.close());
  const world: InstallWorld = {
    ...{ kubeconfig, dir, cluster },
    async commit(changed) {
      for (const [path, text] of Object.entries(changed)) {
        await mkdir(join(dir, path, '..'), { recursive: true });
        await writeFile(join(dir, path), text);
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '--message', 'test');
      return (await git('rev-parse', 'HEAD')).stdout.trim();
    },
    install: (...more) =>
      windlass(['install', '--repo', dir, '--url', url, '--kubeconfig', kubeconfig, '--image', image, ...more]),
    async live(name) {
      const id = parseObjectId(name)!;
      const resource = await cluster.preferred(id.group, id.kind);
      return resource && (await cluster.get(resource, id));
    },
  };
  await world.commit(files);
  await adminIsAggregated(world);
  return world;
}

/** A controller puts together what the role `admin` allows, a moment after the start. */
async function adminIsAggregated({ live }: InstallWorld): Promise<void> {
  await waitFor(
    async () => {
      const admin = await live('rbac.authorization.k8s.io/ClusterRole/admin');
      return JSON.stringify(admin?.['rules'] ?? []).includes('deployments');
    },
    { what: 'the rules of the ClusterRole admin' },
  );
}

const { path: kubectlProgram } = await findKubectl({ env: process.env });

/** The real kubectl, as the administrator of the world's cluster. Throws with its error output. */
export function kubectl({ kubeconfig }: Pick<InstallWorld, 'kubeconfig'>, args: string[], input?: string): string {
  const options = { input, encoding: 'utf8', maxBuffer: 1e8, stdio: 'pipe' } as const;
  return execFileSync(kubectlProgram, ['--kubeconfig', kubeconfig, ...args], options);
}
