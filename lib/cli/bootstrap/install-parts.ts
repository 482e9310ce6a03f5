import { Writable } from 'node:stream';
import type { AccessOutputs, WindlassOutputs } from '../../config/stack-outputs.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import { parseArguments } from '../arguments.ts';
import type { Args, Io } from '../command.ts';
import { install } from '../commands/install.ts';
import type { GrantedCluster } from './find-cluster.ts';
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
export function installPuller(
  args: Args,
  io: Io,
  world: InstallWorld,
  access: AccessOutputs,
): Promise<Seen<true> | NotDone> {
  if (args.text('image') === undefined)
    throw new UserError('which image has the puller? Build it, push it to a registry of yours, and give --image', {
      code: 'usage',
    });
  const { outputs, cluster } = world;
  const wakes = args.text('mode') === 'watch' ? ['--wake-queue', cluster.wakeQueueUrl] : [];
  const role = access.identity === 'irsa' ? ['--role-arn', access.pullerRoleArn] : [];
  const own = [...passed, ...passedToPuller].flatMap((name) => givenAs(args, name));
  return run(io, [...of(args, world), ...own, '--report-queue', outputs.reportsQueueUrl, ...wakes, ...role]);
}

/** Gives the scheduled check its rights, or finds that it has them. `group` is who checks. */
export function installChecker(
  args: Args,
  io: Io,
  world: InstallWorld,
  group: string | undefined,
): Promise<Seen<true> | NotDone> {
  const subject = group === undefined ? [] : ['--subject', `group:${group}`];
  const own = passed.flatMap((name) => givenAs(args, name));
  return run(io, ['--checker', ...of(args, world), ...own, ...subject]);
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

/** Runs `windlass install`; what it prints goes to the standard error output, beside the steps. */
async function run(io: Io, argv: string[]): Promise<Seen<true> | NotDone> {
  const { stdout, lines } = listening(io);
  const code = await install.run(parseArguments(install, argv), { ...io, stdout });
  const said = lines();
  if (code === 0) {
    const there = said.find((line) => line.endsWith('are as they should be') || line.includes('; sync '));
    return { text: there ?? 'installed', value: true };
  }
  if (code === 1) return new NotDone('declined', 'nothing was changed, as the answer was no');
  const why = said.findLast((line) => line.startsWith('error')) ?? 'it was refused';
  const details = { code: 'install', subject: argv.join(' ') };
  throw code === 3 ? new RetryableError(why, details) : new UserError(why, details);
}

function listening(io: Io): { stdout: Io['stdout']; lines(): string[] } {
  let text = '';
  const stdout = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      io.stderr.write(chunk);
      done();
    },
  });
  const { isTTY, columns } = io.stderr;
  return { stdout: Object.assign(stdout, { isTTY, columns }), lines: () => text.split('\n').filter(Boolean) };
}
