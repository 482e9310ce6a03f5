// Puts this machine, a loop or a stack, the config repo and a cluster behind the parts of `windlass doctor`. What several parts need is opened once.
import packageJson from '../../package.json' with { type: 'json' };
import type { Config } from '../config/config.ts';
import { meantOf } from '../config/eks-arn.ts';
import { checkerGroup } from '../install/checker.ts';
import { UserError } from '../model/errors.ts';
import type { ImageState } from '../model/state.ts';
import type { Args, Io } from './command.ts';
import { looked, needed, notAllowedCode, type PartName, type Said } from './doctor/finding.ts';
import type { ImagesDeps } from './doctor/images.ts';
import type { LoopDeps } from './doctor/loop.ts';
import type { Part } from './doctor/run-parts.ts';
import { sleep } from './local/sleep.ts';
import { watchedRepo } from './watched-repo.ts';
import { registries } from './wiring-bump.ts';
import { type OpenedStack, slackUser, stackGitHubAuth } from './wiring-doctor-aws.ts';
import { clocksOf } from './wiring-doctor-clocks.ts';
import type { OpenedCluster } from './wiring-doctor-cluster.ts';
import { gitVersion, openRepo } from './wiring-doctor-repo.ts';
import { openWorld, type World } from './wiring-doctor-world.ts';
import { openRecordsOf } from './wiring-records.ts';

/** All that is looked at, and how it is given back. */
export interface Doctor {
  parts: Record<PartName, Part>;
  close(): Promise<void>;
}

/** Makes the parts of the check; nothing is opened before a part asks for it. */
export function openDoctor(args: Args, io: Io): Doctor {
  const world = openWorld(args, io);
  const parts: Record<PartName, Part> = {
    machine: () => machine(world, io),
    loop: () => loop(world, args, io),
    stack: () => stack(world, args, io),
    permissions: () => permissions(world),
    repo: async () => (await import('./doctor/repo.ts')).checkRepo(await world.repo()),
    images: () => images(world, args, io),
    notify: () => notify(world, args, io),
    cluster: () => cluster(world),
    rights: () => rights(world),
  };
  const told = Object.entries(parts).map(([name, part]) => [name, () => looked(name, part)]);
  return { parts: Object.fromEntries(told) as Record<PartName, Part>, close: world.close };
}

async function machine(world: World, io: Io): Promise<Said[]> {
  const { checkMachine } = await import('./doctor/machine.ts');
  return await checkMachine({
    ...{ node: process.versions.node, wantedNode: packageJson.engines.node, version: packageJson.version },
    ...{ git: gitVersion, now: io.now, clocks: () => clocksOf(world, io) },
  });
}

async function loop(world: World, args: Args, io: Io): Promise<Said[]> {
  const running = await world.loop();
  if (running === undefined) return [];
  const { checkLoop } = await import('./doctor/loop.ts');
  const page = async () => {
    const answer = await fetch(running.url, { signal: AbortSignal.timeout(10_000) });
    await answer.body?.cancel();
    return answer.status;
  };
  const { url, repo, cluster: name, readOnly } = running;
  const deps: LoopDeps = {
    url,
    repo,
    cluster: name,
    readOnly,
    page,
    queryRecords: async () => void (await stateOf(args, io)),
  };
  return await checkLoop(deps);
}

async function stateOf(args: Args, io: Io): Promise<ImageState[]> {
  const { records, close } = await openRecordsOf(args, io);
  try {
    return await records.images();
  } finally {
    close();
  }
}

async function stack(world: World, args: Args, io: Io): Promise<Said[]> {
  const opened = await world.stack();
  if (opened === undefined) return [];
  const { checkStack } = await import('./doctor/stack.ts');
  const { deployed, state, queryTables } = opened;
  const config = () => configOf(world);
  return await checkStack({
    ...{ deployed, state, queryTables, here: packageJson.version, config },
    ...(args.flag('secrets') && { readRepo: (secret: string) => readRepo(io, secret, opened) }),
  });
}

/** Who reads the config repo of a stack with a secret. Throws what reading it throws. */
async function readRepo(io: Io, secret: string, opened: OpenedStack): Promise<string> {
  const { repo, branch } = opened.deployed.outputs;
  const { who, repo: there } = await openRepo(io, {
    ...{ repo: `github:${repo}`, branch },
    auth: () => stackGitHubAuth(opened, secret),
  });
  await (await there()).head();
  return who;
}

async function permissions(world: World): Promise<Said[]> {
  const opened = await needed('stack', world.stack);
  if (opened === undefined) return [];
  const { checkPermissions } = await import('./doctor/permissions.ts');
  return await checkPermissions(opened.permissions);
}

async function configOf({ repo }: World): Promise<Config> {
  const look = await needed('repo', async () => (await repo()).look());
  if ('config' in look) return look.config;
  throw new UserError('windlass.yaml cannot be used\nsee the part repo', { code: notAllowedCode });
}

async function images(world: World, args: Args, io: Io): Promise<Said[]> {
  const { checkImages, checkImageStates } = await import('./doctor/images.ts');
  // What a loop has pushed is known to it alone.
  if ((await world.loop()) !== undefined) return checkImageStates(await stateOf(args, io));
  const opened = await needed('repo', world.repo);
  const registry = await registries(io);
  const deps: ImagesDeps = {
    look: () => needed('repo', opened.look),
    registry: async () => registry,
    sweep: async () => {
      const { sweep } = await import('../bump/bump.ts');
      const { repo, watched } = watchedRepo(await opened.repo(), { dryRun: true });
      const records = {
        ...{ append: nothing, saveRecordedUpTo: nothing, saveImages: nothing, announce: nothing },
        recordedUpTo: async () => watched.head,
      };
      const pause = (milliseconds: number) => sleep(milliseconds, io.signal);
      return await sweep({ now: io.now() }, { repo, registry, records, sleep: pause, random: Math.random });
    },
  };
  return await checkImages(deps);
}

const nothing = async () => undefined;

async function notify(world: World, args: Args, io: Io): Promise<Said[]> {
  if ((await world.loop()) !== undefined) return [];
  const { checkNotify } = await import('./doctor/notify.ts');
  const opened = await world.stack().catch(() => undefined);
  return await checkNotify({
    rules: async () => (await configOf(world)).notify,
    ...(opened !== undefined && {
      stack: { name: opened.deployed.name, topics: Object.keys(opened.deployed.topics), sender: opened.sender },
      state: opened.state,
      ...(args.flag('secrets') && { slackUser: (secret: string) => slackUser(io, secret, opened) }),
    }),
  });
}

async function cluster(world: World): Promise<Said[]> {
  const opened = await world.cluster();
  if (opened === undefined) return [];
  const { checkCluster } = await import('./doctor/cluster.ts');
  const { shown, cluster: there, version, lease } = opened;
  const pulls = (await world.loop()) === undefined ? 'puller' : 'loop';
  return await checkCluster({
    ...{ shown, cluster: there, version, lease, pulls, declared: world.declared },
    ...{ here: packageJson.version, now: () => new Date(), isMeant: () => checkMeant(world, opened) },
  });
}

/** Holds the context against the cluster that windlass.yaml and the stack mean by the same name, as far as they say it. */
async function checkMeant(world: World, { where }: OpenedCluster): Promise<void> {
  const [opened, own] = await Promise.all([
    world.stack().catch(() => undefined),
    world.declared().catch(() => undefined),
  ]);
  const entry = own?.config.clusters[own.cluster];
  const granted = entry && opened && meantOf(entry, opened.deployed.outputs.clusters);
  if (entry?.eks === undefined || entry.region === undefined || granted === undefined) return;
  const { clusterOf } = await import('../adapters/kubernetes/kubeconfig.ts');
  const { checkContext } = await import('./bootstrap/check-context.ts');
  const at = { context: where.context, ...(await clusterOf(where.kubeconfig, where.context)) };
  checkContext(at, { name: entry.name, eks: entry.eks, region: entry.region, arn: granted.arn });
}

async function rights(world: World): Promise<Said[]> {
  const opened = await needed('cluster', world.cluster);
  if (opened === undefined || (await world.loop()) !== undefined) return [];
  const { checkRights } = await import('./doctor/rights.ts');
  const { cluster: there, lacking, served } = opened;
  const declared = await world.declared().catch(() => undefined);
  const inEks = declared?.config.clusters[declared.cluster]?.eks !== undefined;
  const checker = (await opened.checker()) ?? (inEks ? checkerGroup : undefined);
  const resource = (apiVersion: string, kind: string) => there.resource(apiVersion, kind);
  return await checkRights({ lacking, resource, served, checker, syncs: async () => (await world.declared()).syncs });
}
