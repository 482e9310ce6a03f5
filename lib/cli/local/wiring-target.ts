import { join } from 'node:path';
import { type KubernetesCluster, openCluster } from '../../adapters/kubernetes/cluster.ts';
import { contextsOf } from '../../adapters/kubernetes/kubeconfig.ts';
import { acquireBinaries } from '../../adapters/local/control-plane/binaries.ts';
import { type ControlPlane, startControlPlane } from '../../adapters/local/control-plane/control-plane.ts';
import { keptFile } from '../../adapters/local/kept-file.ts';
import { writeKubectl } from '../../adapters/local/page-files.ts';
import type { StateDir } from '../../adapters/local/state-dir.ts';
import { findKubectl } from '../../adapters/renderers/kubectl.ts';
import type { Config } from '../../config/config.ts';
import { UserError } from '../../model/errors.ts';
import type { Io } from '../command.ts';
import { clusterNamed } from '../installation.ts';
import type { createSteps } from '../output/steps.ts';
import type { Closers } from './closers.ts';
import { contextMeant, type NamedContext } from './kubeconfig-context.ts';
import { readStateOf, refuseAnother, type StateOf } from './remembered.ts';
import { shown } from './shown.ts';

/** The cluster that a loop works on. */
export interface Target {
  cluster: KubernetesCluster;
  kubeconfig: string;
  server: string;
  /** For people. */
  shown: string;
  /** Set for a cluster that was there before; it is never started or stopped from here. */
  existing?: { context: string; name: string };
  /** Set for the embedded cluster. */
  plane?: ControlPlane;
  /** True when the state directory is about this cluster from an earlier start. */
  known: boolean;
  /** Writes down that the state directory is about this cluster, and a kubectl that is pointed at it. */
  remember(): Promise<void>;
}

/** An existing cluster as it was asked for. */
export interface ExistingCluster {
  kubeconfig?: string | undefined;
  context?: string | undefined;
  /** Its name in windlass.yaml. */
  cluster?: string | undefined;
}

type Steps = ReturnType<typeof createSteps>;

/** Throws `UserError` when the state directory is about an existing cluster: an embedded one would be mixed with it. */
export async function refuseEmbedded(state: StateDir, io: Io): Promise<void> {
  refuseAnother(shown(io, state.path), await stateOf(state, io), { kind: 'embedded' });
}

/** Starts the embedded cluster. */
export async function startEmbedded(
  { ephemeral }: { ephemeral: boolean },
  io: Io,
  state: StateDir,
  steps: Steps,
  closers: Closers,
  signal: AbortSignal,
): Promise<Target> {
  const onProgress = (progress: { message: string; fraction?: number }) => {
    const percent = progress.fraction === undefined ? '' : ` (${Math.round(progress.fraction * 100)} %)`;
    steps.working('cluster', `${progress.message}${percent}`);
  };
  steps.working('cluster', 'looking for the programs of the control plane');
  const [binaries, kubectl] = await Promise.all([
    acquireBinaries({ env: io.env, onProgress, signal }),
    findKubectl({ env: io.env }),
  ]);
  const plane = await startControlPlane({
    ...{ dir: state.cluster, binaries, controllers: true },
    ...{ ephemeral, onProgress, signal },
  });
  closers.push(() => plane.stop());
  const kubeconfig = plane.kubeconfigPath;
  const { server } = plane;
  steps.done('cluster', `Kubernetes at ${server}`);
  return {
    ...{ cluster: await open({ kubeconfig }, closers), kubeconfig, server, plane, known: true },
    shown: `the embedded cluster (${server})`,
    remember: async () => {
      await writeKubectl(join(state.path, 'kubectl'), kubectl.path, kubeconfig);
      await write(state, { kind: 'embedded' });
    },
  };
}

/**
 * Opens a cluster that is there already; only reads. Throws `UserError` for a context or a cluster of windlass.yaml that is not there, and when
 * the state directory is about another one; `RetryableError` when it does not answer.
 */
export async function openExisting(
  asked: ExistingCluster,
  config: Config,
  io: Io,
  state: StateDir,
  steps: Steps,
  closers: Closers,
): Promise<Target> {
  const { kubeconfig, context } = await contextMeant(asked, io, contextsOf);
  const name = clusterNamed(config, asked.cluster);
  const cluster = await open({ kubeconfig, context }, closers);
  const { server } = cluster.client;
  const words = `context ${context} (${server})`;
  steps.working('cluster', `asking ${words}`);
  const now: StateOf = { kind: 'existing', shown: words, server, uid: await uidOf(cluster) };
  const before = await stateOf(state, io);
  refuseAnother(shown(io, state.path), before, now);
  const kubectl = await findKubectl({ env: io.env });
  steps.done('cluster', `${words} of ${shown(io, kubeconfig)}, which is ${name} in windlass.yaml`);
  return {
    ...{ cluster, kubeconfig, server, shown: words, existing: { context, name }, known: before !== undefined },
    remember: async () => {
      await writeKubectl(join(state.path, 'kubectl'), kubectl.path, kubeconfig, context);
      await write(state, now);
    },
  };
}

async function open(where: Partial<NamedContext> & { kubeconfig: string }, closers: Closers) {
  const cluster = await openCluster(where);
  closers.push(() => cluster.close());
  return cluster;
}

/** What tells one cluster from all others; undefined where the user may not read it. */
async function uidOf(cluster: KubernetesCluster): Promise<string | undefined> {
  try {
    const resource = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
    const id = { group: '', kind: 'Namespace', namespace: '', name: 'kube-system' };
    return (await cluster.get(resource, id))?.metadata.uid;
  } catch (error) {
    if (error instanceof UserError && error.code === 'forbidden') return undefined;
    throw error;
  }
}

/** Directories that say nothing, and have an embedded cluster, are of a Windlass that knew no other. */
async function stateOf(state: StateDir, io: Io): Promise<StateOf | undefined> {
  const written = await readStateOf(keptFile(state.target), shown(io, state.path));
  return written ?? (state.existed ? { kind: 'embedded' } : undefined);
}

async function write(state: StateDir, about: StateOf): Promise<void> {
  await keptFile(state.target).write(`${JSON.stringify(about, null, 2)}\n`);
}
