import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { acquireBinaries } from '../../lib/adapters/local/control-plane/binaries.ts';
import { type ControlPlane, startControlPlane } from '../../lib/adapters/local/control-plane/control-plane.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';

/** A cluster that is there before a loop starts, and does not belong to it. */
export interface ExistingCluster {
  plane: ControlPlane;
  kubeconfig: string;
  kubectl(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a control plane with controllers in a directory of its own. */
export async function startExistingCluster(dir: string): Promise<ExistingCluster> {
  const plane = await startControlPlane({ dir, binaries: await acquireBinaries(), controllers: true, ephemeral: true });
  const kubectl = await findKubectl({ env: process.env });
  return {
    plane,
    kubeconfig: plane.kubeconfigPath,
    kubectl: async (...args) => {
      const { stdout } = await promisify(execFile)(kubectl.path, ['--kubeconfig', plane.kubeconfigPath, ...args]);
      return stdout;
    },
    stop: () => plane.stop(),
  };
}
