import type { SyncSpec } from '../config/config.ts';
import { type KubeObject, nameOf, objectIdOf } from '../model/kube-object.ts';
import type { Head } from '../pull/head.ts';
import type { Cluster, Renderer } from '../pull/ports.ts';
import { ask } from './ask.ts';
import type { Args, ExitCode, Io } from './command.ts';
import { failureCode } from './commands/sync-options.ts';
import { pullInstallation, withInstallation } from './install-sync.ts';
import { type Declared, managedBy, type OtherPuller } from './installed-already.ts';
import type { NamedContext } from './local/kubeconfig-context.ts';
import { printOutcome } from './output/outcome.ts';
import { printYaml } from './output/yaml.ts';

/** What is to be installed, and what to tell about it. */
export interface Planned {
  sync: SyncSpec;
  manifests: KubeObject[];
  /** Namespaces of syncs that are not there yet: accounts cannot be bound in them. */
  namespaces: KubeObject[];
  /** For people: `the puller`. */
  what: string;
  /** What is said when all is as it should be. */
  ending?: string;
  lines: string[];
  declared: Declared;
  /** Pullers that are in the cluster and not part of this. */
  others: OtherPuller[];
}

/** Prints the manifests as YAML below a header, and what to mind. */
export function printManifests(
  io: Io,
  header: string,
  { manifests, namespaces = [], others = [] }: Pick<Planned, 'manifests'> & Partial<Planned>,
): ExitCode {
  const missing = namespaces.map(({ metadata }) => metadata.name);
  if (missing.length > 0)
    io.stderr.write(
      `note: not there yet: ${missing.map((name) => `Namespace/${name}`).join(', ')}. What binds accounts in them is refused until they are\n`,
    );
  for (const { object } of others)
    io.stderr.write(
      `note: ${nameOf(object)} is in the cluster and not in this: a sync with \`prune: false\`, and kubectl apply, leave it, and then two pullers run. Delete it\n`,
    );
  io.stdout.write(header);
  printYaml(io, manifests);
  return 0;
}

/** Shows what would change, asks, and applies it. */
export async function applyPlanned(
  args: Args,
  io: Io,
  {
    head,
    renderer,
    where,
    planned,
    cluster,
  }: { head: Head; renderer: Renderer; where: NamedContext; planned: Planned; cluster: Cluster },
): Promise<ExitCode> {
  const objects = [...planned.namespaces, ...planned.manifests];
  const request = { head, sync: planned.sync, renderer: withInstallation(renderer, objects), ...where };
  const tried = await pullInstallation(io, { ...request, dryRun: true });
  const managed = managedBy(tried, planned.manifests, planned.declared);
  if (managed?.differs) return tellManaged(io, planned.what, managed.sync);
  const going = planned.others.filter(({ object }) => !tried.changes.some((one) => one.object === nameOf(object)));
  const left = going.filter((one) => one.declaredBy !== undefined);
  for (const one of left)
    io.stderr.write(
      `note: ${nameOf(one.object)} stays, a second puller: sync ${one.declaredBy} declares it. Take it out of Git\n`,
    );
  const removed = going.filter((one) => one.declaredBy === undefined);
  const refused = managed === undefined ? failureCode(tried) : undefined;
  const same = refused === undefined && tried.changes.every(({ action }) => action === 'unchanged');
  if (same && removed.length === 0) {
    const who = managed === undefined ? '' : `; sync ${managed.sync} manages them`;
    io.stdout.write(`${planned.manifests.length} objects, and all are as they should be${who}\n`);
    return end(io, planned);
  }
  if (!same) printOutcome(io, tried, 'nothing is changed yet');
  if (refused !== undefined) return refused;
  for (const { object } of removed)
    io.stdout.write(`pruned  ${nameOf(object)}  another puller, which would run beside this one\n`);
  if (!(await ask(io, 'Install this?', { yes: args.flag('yes') }))) {
    io.stdout.write('nothing was changed\n');
    return 1;
  }
  if (!same) {
    const done = await pullInstallation(io, { ...request, dryRun: false });
    printOutcome(io, done, done.report.result === 'synced' ? 'installed' : done.report.result);
    if (done.report.result !== 'synced') return failureCode(done) ?? 3;
  }
  const code = await removeOthers(removed, cluster, io);
  return code === 0 ? end(io, planned) : code;
}

function end(io: Io, { ending }: Planned): ExitCode {
  if (ending !== undefined) io.stdout.write(`${ending}\n`);
  return 0;
}

/** Says that a sync of Git has what was to be installed, and that Git differs. */
export function tellManaged(io: Io, what: string, sync: string): ExitCode {
  io.stdout.write(
    `error ${what} is managed by sync ${sync}, and this differs from what Git has: sync ${sync} declares it\n` +
      '  = to change it: run this with --print > FILE, the file that has it in the config repo, and commit\n' +
      `  = to bring back what Git has now: windlass pull --sync ${sync}\n`,
  );
  return 2;
}

async function removeOthers(others: readonly OtherPuller[], cluster: Cluster, io: Io): Promise<ExitCode> {
  let code: ExitCode = 0;
  for (const { object, resource } of others) {
    const answer = await cluster.remove(resource, objectIdOf(object), object.metadata.uid ?? '');
    if (typeof answer === 'string') continue;
    code = answer.failure.retryable ? 3 : 2;
    io.stderr.write(`error: ${nameOf(object)} is still there: ${answer.failure.message}\n`);
  }
  return code;
}
