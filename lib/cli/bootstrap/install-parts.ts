import type { AccessOutputs, WindlassOutputs } from '../../config/stack-outputs.ts';
import { UserError } from '../../model/errors.ts';
import type { Args, Io } from '../command.ts';
import { install } from '../commands/install.ts';
import { endpointOf } from '../wiring-bootstrap.ts';
import { clusterOfContext } from '../wiring-cluster.ts';
import { checkContext, checkEndpoint } from './check-context.ts';
import type { GrantedCluster } from './find-cluster.ts';
import { runCommand } from './run-command.ts';
import { NotDone, type Seen } from './run-steps.ts';

/** What the installations of a cluster are made from. */
export interface InstallWorld {
  dir: string;
  outputs: WindlassOutputs;
  cluster: GrantedCluster;
}

/** The options that go to `windlass install` as they are. */
export const passed = ['kubeconfig', 'context'] as const;
/** The same, of the puller alone. */
export const passedToPuller = ['url', 'image', 'mode', 'git-secret', 'cluster-admin', 'namespace'] as const;

/** Installs the puller, or finds that it is there. */
export async function installPuller(
  args: Args,
  io: Io,
  world: InstallWorld,
  access: AccessOutputs,
): Promise<Seen<true> | NotDone> {
  if (args.text('image') === undefined)
    throw new UserError('which image has the puller? Build it, push it to a registry of yours, and give --image', {
      code: 'usage',
    });
  const { cluster } = world;
  await checkCluster(args, io, cluster);
  const wakes = args.text('mode') === 'watch' ? ['--wake-queue', cluster.wakeQueueUrl] : [];
  const role = access.identity === 'irsa' ? ['--role-arn', access.pullerRoleArn] : [];
  const own = [...passed, ...passedToPuller].flatMap((name) => givenAs(args, name));
  return await run(io, [...of(args, world), ...own, '--report-queue', cluster.reportsQueueUrl, ...wakes, ...role]);
}

/** Gives the scheduled check its rights, or finds that it has them. `group` is who checks. */
export async function installChecker(
  args: Args,
  io: Io,
  world: InstallWorld,
  group: string | undefined,
): Promise<Seen<true> | NotDone> {
  await checkCluster(args, io, world.cluster);
  const subject = group === undefined ? [] : ['--subject', `group:${group}`];
  const own = passed.flatMap((name) => givenAs(args, name));
  return await run(io, ['--checker', ...of(args, world), ...own, ...subject]);
}

/** Throws `UserError` where the context leads to another cluster than the one that is meant, as far as that can be known. */
async function checkCluster(args: Args, io: Io, cluster: GrantedCluster): Promise<void> {
  const at = await clusterOfContext(args, io);
  checkContext(at, cluster);
  await checkEndpoint(at, cluster, () => endpointOf(cluster, args.text('access-profile')));
}

function of(args: Args, { dir, outputs, cluster }: InstallWorld): string[] {
  const where = ['--repo', dir, '--branch', outputs.branch, '--cluster', cluster.name];
  return args.flag('yes') ? [...where, '--yes'] : where;
}

function givenAs(args: Args, name: string): string[] {
  const multiple = install.options[name]?.multiple === true;
  const values = multiple ? args.list(name) : [args.text(name)];
  return values.flatMap((value) => (value === undefined ? [] : [`--${name}`, value]));
}

async function run(io: Io, argv: string[]): Promise<Seen<true> | NotDone> {
  const said = await runCommand(io, install, argv);
  if (said instanceof NotDone) return said;
  const there = said.lines.find((line) => line.includes('are as they should be'));
  return { text: there ?? 'installed', notes: said.notes, value: true };
}
