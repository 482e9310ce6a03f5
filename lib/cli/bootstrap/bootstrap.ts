import { resolve } from 'node:path';
import type { Head } from '../../bump/ports.ts';
import { readWindlassOutputs, type WindlassOutputs } from '../../config/stack-outputs.ts';
import { UserError } from '../../model/errors.ts';
import type { Args, Io } from '../command.ts';
import { deployedLoop, headByStack, stackOutputs } from '../wiring-bootstrap.ts';
import { tryEvent, tryMessage } from './ask-functions.ts';
import { findAccess, findCluster } from './find-cluster.ts';
import { type InstallWorld, installChecker, installPuller } from './install-parts.ts';
import { proposeConfig } from './propose-config.ts';
import { checkClone, checkOrigin, configAt, short } from './read-config.ts';
import type { Seen, StepRunner } from './run-steps.ts';

/** What bootstrap found, beside its steps. */
export interface Found {
  region?: string;
  outputs?: WindlassOutputs;
  cluster?: string;
}

interface Deployed {
  outputs: WindlassOutputs;
  region: string;
}

/** Looks at what is deployed, installs what is missing in the cluster, and sends a test event and a test message. What cannot be done is told, and the rest is done. */
export async function bootstrap(args: Args, io: Io, steps: StepRunner, seconds: number): Promise<Found> {
  const dir = resolve(io.cwd, args.text('repo') ?? '.');
  const stack = await steps.step('stack', 'asking CloudFormation', () => readDeployed(args));
  if (stack === undefined) {
    steps.leave(later, 'they need the stack');
    return {};
  }
  const { outputs, region } = stack;

  const head = await steps.step('github', 'reading the config repo as the functions do', async () => {
    const { head: value, who } = await headByStack(io, outputs, region);
    return { text: `${outputs.repo}, branch ${outputs.branch} at ${short(value.revision)}, as ${who}`, value };
  });
  if (head === undefined) steps.leave(later.slice(1), 'they need the config repo');
  const cluster = head && (await withHead(args, io, steps, { dir, outputs, region, head, seconds }));
  return { region, outputs, ...(cluster !== undefined && { cluster }) };
}

/** What is done once the config repo can be read. Gives the cluster's name in windlass.yaml. */
async function withHead(
  args: Args,
  io: Io,
  steps: StepRunner,
  { dir, outputs, region, head, seconds }: Deployed & { dir: string; head: Head; seconds: number },
): Promise<string | undefined> {
  const config = await steps.step('config', undefined, async () => {
    if (head.windlassFile !== undefined) return configAt(head, head.windlassFile);
    await checkOrigin(io, { dir, url: args.text('url') }, outputs);
    return await proposeConfig(args, io, { dir, outputs });
  });
  if (config === undefined) {
    steps.leave(later.slice(2), 'they need windlass.yaml');
    return undefined;
  }

  const cluster = await steps.step('cluster', undefined, async () =>
    findCluster(config, args.text('cluster'), outputs),
  );
  if (cluster === undefined) steps.leave(inCluster, 'they need the cluster');
  else await installIn(args, io, steps, { dir, outputs, cluster, head });

  const loop = await deployedLoop(io, outputs, region);
  try {
    const patience = { seconds };
    await steps.step('event', 'waiting for bump to look', () => tryEvent(io, config, loop, patience));
    const about = { repo: outputs.repo, config };
    await steps.step('message', 'waiting for it to be sent', () => tryMessage(io, about, loop, patience));
  } finally {
    loop.close();
  }
  return cluster?.name;
}

const inCluster = ['access', 'clone', 'puller', 'checker'];
const later = ['github', 'config', 'cluster', ...inCluster, 'event', 'message'];

async function readDeployed(args: Args): Promise<Seen<Deployed>> {
  const name = args.text('stack') ?? 'Windlass';
  const stack = await stackOutputs(name, { region: args.text('region') });
  if (stack.outputs === undefined)
    throw new UserError(
      `there is no stack ${name} in ${stack.region} of this account: run npx cdk deploy ${name} first, or say where it is with --stack, --region and AWS_PROFILE`,
      { code: 'stack-missing', subject: name },
    );
  const outputs = readWindlassOutputs(name, stack.outputs);
  const value = { outputs, region: stack.region };
  return { text: `${name} in ${stack.region}, for ${outputs.repo} and its branch ${outputs.branch}`, value };
}

async function installIn(args: Args, io: Io, steps: StepRunner, world: InstallWorld & { head: Head }): Promise<void> {
  const { dir, outputs, cluster, head } = world;
  const access = await steps.step('access', 'asking CloudFormation', () =>
    findAccess(cluster, {
      stack: args.text('access-stack'),
      profile: args.text('access-profile'),
      gitSecret: args.text('git-secret'),
    }),
  );
  const isSame = await steps.step('clone', 'comparing it with GitHub', async () => {
    await checkOrigin(io, { dir, url: args.text('url') }, outputs);
    await checkClone(io, dir, outputs, head);
    return { text: `${dir} has what GitHub has`, value: true };
  });
  if (isSame === undefined) return steps.leave(['puller', 'checker'], 'they need the clone');
  if (access === undefined) steps.leave(['puller'], 'it needs the stack that opens the cluster');
  else await steps.step('puller', undefined, () => installPuller(args, io, world, access));
  await steps.step('checker', undefined, () => installChecker(args, io, world, access?.checkerGroup));
}
