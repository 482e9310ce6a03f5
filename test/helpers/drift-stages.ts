import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { acquireBinaries } from '../../lib/adapters/local/control-plane/binaries.ts';
import {
  type ControlPlane,
  type StartOptions,
  startControlPlane,
} from '../../lib/adapters/local/control-plane/control-plane.ts';
import { namespace } from '../pull/manifests.ts';
import { cluster, describeWithCluster } from './cluster.ts';
import { type DriftStage, driftStage } from './drift-stage.ts';

/** Opens a stage whose namespace and files are pulled already, and closes it after the test. */
export type OpenStage = (files?: (namespace: string) => Record<string, string>) => Promise<DriftStage>;

/** Tests with stages on the cluster of the test run. */
export function describeWithStages(name: string, suite: (open: OpenStage) => void): void {
  describeWithCluster(name, () => suite(stagesOn(() => cluster().kubeconfigPath)));
}

/** Tests with stages on a control plane of their own, with controllers unless told. */
export function describeWithPlane(
  name: string,
  options: Partial<StartOptions>,
  suite: (open: OpenStage, plane: () => ControlPlane) => void,
): void {
  describeWithCluster(name, () => {
    let plane: ControlPlane | undefined;
    let dir: string | undefined;
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'windlass-stages-'));
      const binaries = await acquireBinaries();
      plane = await startControlPlane({ controllers: true, ephemeral: true, ...options, dir, binaries });
    });
    const open = stagesOn(() => plane!.kubeconfigPath);
    afterAll(async () => {
      await plane?.stop();
      if (dir !== undefined) await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    });
    suite(open, () => plane!);
  });
}

function stagesOn(kubeconfig: () => string): OpenStage {
  const stages: DriftStage[] = [];
  afterEach(async () => {
    for (const { world } of stages.splice(0)) await world.close();
  });
  return async (files) => {
    const stage = await driftStage(kubeconfig());
    stages.push(stage);
    stage.git = { 'namespace.yaml': namespace(stage.namespace), ...files?.(stage.namespace) };
    await stage.pull();
    return stage;
  };
}
