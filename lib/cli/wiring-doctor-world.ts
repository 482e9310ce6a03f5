// Opens, once, what several parts of `windlass doctor` look at: a loop or a stack, the config repo, a cluster.
import { join } from 'node:path';
import { windlassFileName } from '../config/windlass-file.ts';
import type { SyncObjects } from '../install/rights.ts';
import { UserError } from '../model/errors.ts';
import type { Args, Io } from './command.ts';
import { notAllowedCode } from './doctor/finding.ts';
import { once } from './doctor/once.ts';
import { findLocalLoop, localFiles } from './wiring.ts';
import { type OpenedStack, openStack, stackGitHubAuth } from './wiring-doctor-aws.ts';
import { type OpenedCluster, openDoctorCluster } from './wiring-doctor-cluster.ts';
import { type OpenedRepo, openRepo, type RepoMeant } from './wiring-doctor-repo.ts';
import { renderers } from './wiring-renderers.ts';

type Loop = Awaited<ReturnType<typeof findLocalLoop>>;

/** What several parts of `windlass doctor` need. */
export type World = ReturnType<typeof openWorld>;

/** Opens nothing before it is asked for, and then once. */
export function openWorld(args: Args, io: Io) {
  const closing: (() => unknown)[] = [];
  const isStackNamed = ['stack', 'region', 'profile'].some((name) => args.text(name) !== undefined);
  const loopHere = once(async () => (isStackNamed ? undefined : await runningLoop(args, io)));
  const opened = once(async () => {
    if ((await loopHere()) !== undefined) return undefined;
    const where = {
      name: args.text('stack') ?? 'Windlass',
      region: args.text('region'),
      profile: args.text('profile'),
    };
    const found = await openStack(io, where).catch((error: unknown) => {
      throw isStackNamed ? error : notMeant(error);
    });
    closing.push(found.close);
    return found;
  });
  const repo = once(async () => await openRepo(io, await repoMeant(args, io, { loop: await loopHere(), opened })));
  const clusterHere = once(async () => {
    if (args.flag('no-cluster')) return undefined;
    const running = await loopHere();
    const asked =
      running === undefined
        ? { kubeconfig: args.text('kubeconfig'), context: args.text('context') }
        : { kubeconfig: running.kubeconfig, context: undefined };
    const found = await openDoctorCluster(io, asked).catch((error: unknown) => {
      throw args.text('kubeconfig') || args.text('context') || running ? error : noCluster(error);
    });
    closing.push(found.close);
    return found;
  });
  const declared = once(async () => await declaredIn(await repo(), await clusterHere(), args, io));
  const close = async () => {
    for (const end of closing.reverse()) await end();
  };
  return { loop: loopHere, stack: opened, repo, cluster: clusterHere, declared, close };
}

/** The loop that runs here; none is no fault, unless its directory was named. */
async function runningLoop(args: Args, io: Io): Promise<Loop | undefined> {
  const dir = args.text('dir');
  try {
    return await findLocalLoop(io, dir);
  } catch (error) {
    if (dir !== undefined || !(error instanceof UserError && error.code === 'no-loop')) throw error;
    return undefined;
  }
}

/** Where nobody named a stack, that there is none says that none is meant. */
function notMeant(error: unknown): unknown {
  if (!(error instanceof UserError) || !['no-stack', 'aws-settings', 'aws-access'].includes(error.code)) return error;
  const [first] = error.message.split('\n');
  return new UserError(
    `no stack is known: ${first}\nname it with --stack, --region and --profile, or a loop's directory with --dir`,
    {
      code: notAllowedCode,
    },
  );
}

function noCluster(error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  const [first] = error.message.split('\n');
  return new UserError(
    `no cluster is known: ${first}\nname it with --kubeconfig and --context, or leave it out with --no-cluster`,
    {
      code: notAllowedCode,
    },
  );
}

/** The config repo that was named, else that of the loop or of the stack, else the one that this directory is in. */
async function repoMeant(
  args: Args,
  io: Io,
  { loop: running, opened }: { loop: Loop | undefined; opened: () => Promise<OpenedStack | undefined> },
): Promise<RepoMeant> {
  const named = args.text('repo');
  if (named !== undefined) return { repo: named, branch: args.text('branch') };
  if (running?.source !== undefined) return running.source;
  try {
    const found = (await opened())!;
    const { repo, branch } = found.deployed.outputs;
    const auth = args.flag('secrets') ? () => stackGitHubAuth(found) : undefined;
    return { repo: `github:${repo}`, branch, auth };
  } catch (error) {
    if (await isConfigRepo(io)) return { repo: '.', branch: args.text('branch') };
    if (!(error instanceof UserError && error.code === notAllowedCode)) throw error;
    throw new UserError(
      'which config repo? None was named, and no loop or stack says it\ngive --repo DIR, a Git URL, or github:OWNER/NAME',
      {
        code: notAllowedCode,
      },
    );
  }
}

async function isConfigRepo(io: Io): Promise<boolean> {
  const { readText } = await localFiles();
  try {
    return readText(join(io.cwd, windlassFileName)) !== '';
  } catch {
    return false;
  }
}

/** windlass.yaml and the syncs of the one cluster that is looked at, rendered. */
async function declaredIn(opened: OpenedRepo, here: OpenedCluster | undefined, args: Args, io: Io) {
  const { readHead } = await import('../pull/head.ts');
  const { rendererWith } = await import('../pull/renderer.ts');
  const { clusterNamed, renderSyncs } = await import('./installation.ts');
  const source = await opened.source();
  const tree = await source.open(await source.head());
  try {
    const head = await readHead(tree);
    const name = clusterNamed(head.config, args.text('cluster') ?? (here && (await pullerCluster(here))));
    const tools = { ...renderers(io, () => undefined), ...(here && { capabilities: here.capabilities }) };
    const syncs: SyncObjects[] = await renderSyncs(
      head,
      name,
      { clusterAdmins: [], namespaces: [] },
      rendererWith(tools),
    );
    return { config: head.config, cluster: name, syncs };
  } finally {
    await tree.close();
  }
}

/** What the puller of a cluster calls it. */
async function pullerCluster({ cluster: there }: OpenedCluster): Promise<string | undefined> {
  const { installedPuller } = await import('./installed-puller.ts');
  return await installedPuller(there).then(
    (puller) => puller.cluster,
    () => undefined,
  );
}
