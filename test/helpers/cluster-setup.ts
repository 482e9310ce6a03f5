import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { acquireBinaries } from '../../lib/adapters/local/control-plane/binaries.ts';
import { type ControlPlane, startControlPlane } from '../../lib/adapters/local/control-plane/control-plane.ts';
import type { Progress } from '../../lib/adapters/local/control-plane/progress.ts';
import { messageOf } from '../../lib/model/errors.ts';

/** What the tests are told about the cluster of this run: where it is, or why there is none. */
export type ProvidedCluster = { dir: string; kubeconfigPath: string; server: string } | { unavailable: string };

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ProvidedCluster;
  }
}

interface Shared {
  users: number;
  starting: Promise<{ provided: ProvidedCluster; end: () => Promise<void> }>;
}

// Each vitest project loads this module anew, in the same process: what they share is kept on the process.
const holder = globalThis as { windlassTestCluster?: Shared };

/** Starts the one control plane of a test run (the first project that needs it) and ends it after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  holder.windlassTestCluster ??= { users: 0, starting: start() };
  const shared = holder.windlassTestCluster;
  shared.users++;
  const { provided, end } = await shared.starting;
  project.provide('cluster', provided);
  return async () => {
    if (--shared.users > 0) return;
    delete holder.windlassTestCluster;
    await end();
  };
}

async function start(): Promise<{ provided: ProvidedCluster; end: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'windlass-test-cluster-'));
  let controlPlane: ControlPlane;
  try {
    const binaries = await acquireBinaries({ onProgress: tellSlowSteps });
    controlPlane = await startControlPlane({ dir, binaries, controllers: true, ephemeral: true });
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    return { provided: { unavailable: messageOf(error) }, end: async () => {} };
  }
  const { kubeconfigPath, server } = controlPlane;
  const end = async () => {
    await controlPlane.stop();
    await rm(dir, { recursive: true, force: true });
  };
  return { provided: { dir: controlPlane.dir, kubeconfigPath, server }, end };
}

function tellSlowSteps({ message }: Progress): void {
  process.stderr.write(`[cluster] ${message}\n`);
}
