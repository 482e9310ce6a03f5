import { randomUUID } from 'node:crypto';
import type { SyncSpec } from '../config/config.ts';
import { installationSync } from '../install/names.ts';
import { UserError } from '../model/errors.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { Head } from '../pull/head.ts';
import type { Renderer } from '../pull/ports.ts';
import { type PullOutcome, pull } from '../pull/pull.ts';
import type { Io } from './command.ts';
import { sleep } from './local/sleep.ts';
import { kubernetes } from './wiring.ts';

/** The name that the objects of an installation are applied under; a sync of the config repo that declares them takes them over. */
export const installSync = installationSync;

/** No path of a repo: what is there was made here. */
const path = '(windlass install)';

/** The installation as a sync, so that it is planned, shown, applied, recorded and pruned as everything else. Throws `UserError` when the name is taken. */
export function installSyncAt({ config }: Head, cluster: string): SyncSpec {
  const name = installSync;
  if (config.syncs.some((sync) => sync.name === name))
    throw new UserError(`windlass.yaml has a sync "${name}", which is the name that the installation has itself`, {
      code: 'reserved-sync',
      subject: name,
    });
  return {
    ...{ name, template: name, cluster, path, dependsOn: [] },
    ...{ waitSeconds: 60, prune: true, selfHeal: true },
    // Somebody looks at what goes, and says yes.
    pruneLimit: { objects: 20_000, percent: 100 },
  };
}

/** Gives these objects for the installation, and everything else as the renderer does. */
export function withInstallation(renderer: Renderer, objects: readonly KubeObject[]): Renderer {
  return {
    ...renderer,
    render: async (tree, sync, options) => {
      if (sync.path !== path) return await renderer.render(tree, sync, options);
      const declared = objects.map((object) => ({ object: structuredClone(object), origin: path }));
      return { revision: tree.revision, objects: declared, problems: [], inputs: [] };
    },
  };
}

/** Plans the installation by dry runs, or applies it; records it as the pull of a sync. */
export async function pullInstallation(
  io: Io,
  request: { head: Head; sync: SyncSpec; renderer: Renderer; kubeconfig: string; context?: string; dryRun: boolean },
): Promise<PullOutcome> {
  const { head, sync, renderer, dryRun, context } = request;
  const { cluster, records, leases } = await kubernetes(request.kubeconfig, { readOnly: dryRun, context });
  try {
    return await pull(
      { head, sync, dryRun, wait: 'block', run: randomUUID() },
      {
        ...{ cluster, records, leases, renderer, now: io.now, signal: io.signal },
        // A person looks on: the terminal is the report.
        reports: { send: async () => undefined },
        sleep: (milliseconds) => sleep(milliseconds, io.signal),
      },
    );
  } finally {
    await cluster.close();
  }
}
