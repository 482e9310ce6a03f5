import type { SyncSpec } from '../../config/config.ts';
import { parseDuration } from '../../config/duration.ts';
import { isQueueUrl } from '../../config/puller-env.ts';
import { isTrouble, messageOf, UserError } from '../../model/errors.ts';
import { type Head, readHead, syncNamed } from '../../pull/head.ts';
import { refuseStopped } from '../../pull/stopped.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { type Followed, followSyncs } from '../follow-syncs.ts';
import type { InstalledPuller } from '../installed-puller.ts';
import { sleep } from '../local/sleep.ts';
import { openPuller } from '../open-puller.ts';
import { printFollowed, printPuller, printSyncJson, type SyncOutcome } from '../output/sync.ts';
import { configTree } from '../wiring.ts';
import { wakeSender } from '../wiring-wake.ts';
import { onlyTarget } from './repo-options.ts';

/** Milliseconds that a failure from before may stand: as long as the puller may take to come round to it. */
const patience = { watch: 30_000, cron: 120_000 };

/** `windlass sync`: makes the puller of a cluster look now, where it can be woken. */
export const sync: Command = {
  name: 'sync',
  summary: 'make the puller of a cluster pull now, where it can be woken',
  positionals: '[SYNC]',
  details: [
    'Says which puller is installed, and what that means: a CronJob pulls within a minute and cannot be woken; one that watches is sent a',
    'message on its wake queue, and pulls all syncs at once. With --wait it goes on until SYNC, or each of the cluster, is as the head of the',
    'branch says and healthy, or has failed; by the status that the puller writes (kubectl get syncs), else by the applied record. SYNC and --wait read the config repo.',
    'JSON: { puller: { mode, object, schedule, ready, cluster, branch }, woken, wakeQueue, head, syncs: [{ sync, result, revision, message }] };',
    'mode is cron or watch; head and syncs are null without --wait; result is synced, applied (no status tells of its health), unhealthy, failed,',
    'suspended or timeout.',
    'Exit code: 0; 2 when there is no puller, it is stopped, or Git has something that cannot be applied or is suspended; 3 when the cluster, the',
    'repository or the queue cannot be reached, or a sync is not there, or not healthy, in time.',
  ].join('\n'),
  options: {
    kubeconfig: { type: 'string', value: 'F', help: 'the cluster; else KUBECONFIG, else ~/.kube/config' },
    context: { type: 'string', value: 'NAME', help: 'its context; the current one unless given' },
    'wake-queue': { type: 'string', value: 'URL', help: 'the SQS queue; that of the installed puller unless given' },
    wait: { type: 'boolean', help: 'wait until the cluster is as the head says' },
    timeout: { type: 'string', value: 'D', help: 'how long: 90s, 10m; 5m unless given' },
    repo: {
      type: 'string',
      value: 'DIR|URL',
      help: 'where to read the config repo from; what the puller follows unless given',
    },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass sync --kubeconfig prod.kubeconfig',
    'windlass sync shop-prod --wait --timeout 10m --kubeconfig prod.kubeconfig',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const name = onlyTarget('sync', args);
  const wait = args.flag('wait');
  const timeout = timeoutOf(args);
  const { cluster, records, puller } = await openPuller(args, io);
  try {
    const queue = queueOf(args, puller);
    const repo = name === undefined && !wait ? undefined : await openRepo(args, io, puller);
    try {
      const meant = repo && (await syncsOf(repo.head, name, puller, io.now()));
      const outcome: SyncOutcome = { puller, woken: await wake(io, queue, puller, { name, wait }) };
      if (!args.flag('json')) printPuller(io, outcome);
      if (wait && repo !== undefined && meant !== undefined) {
        const { syncs, suspended } = meant;
        const first = repo.head.tree.revision;
        const following = { syncs, first, head: repo.ask, patience: patience[puller.mode], timeout };
        outcome.head = first;
        outcome.syncs = [...(await followSyncs(following, { cluster, records, ...waitingIn(io) })), ...suspended];
        if (!args.flag('json')) printFollowed(io, outcome.head, outcome.syncs);
      }
      if (args.flag('json')) printSyncJson(io, outcome);
      return codeOf(outcome.syncs ?? []);
    } finally {
      await repo?.close();
    }
  } finally {
    await cluster.close();
  }
}

function timeoutOf(args: Args): number {
  const text = args.text('timeout') ?? '5m';
  const seconds = parseDuration(text);
  if (seconds === undefined)
    throw new UserError(`--timeout ${text}: write a duration, like 90s or 10m`, { code: 'usage' });
  return seconds * 1000;
}

/** The queue that the puller reads; undefined where it reads none. Throws `UserError` for one that cannot be right. */
function queueOf(args: Args, puller: InstalledPuller): string | undefined {
  const named = args.text('wake-queue');
  if (puller.mode === 'cron' && named !== undefined)
    throw new UserError(`${puller.object} is the puller here: nothing wakes a CronJob, so leave --wake-queue out`, {
      code: 'usage',
    });
  const url = puller.mode === 'cron' ? undefined : (named ?? puller.wakeQueue);
  if (url === undefined || isQueueUrl(url)) return url;
  const where = named === undefined ? `the wake queue of ${puller.object}` : '--wake-queue';
  throw new UserError(`${where} is no URL of an SQS queue: ${url} (https://sqs.REGION.amazonaws.com/ACCOUNT/NAME)`, {
    code: 'usage',
  });
}

/** The config repo at the head of the branch that the puller follows. */
async function openRepo(args: Args, io: Io, { repo: installed, branch, object }: InstalledPuller) {
  const repo = args.text('repo') ?? installed;
  if (repo === undefined)
    throw new UserError(`${object} does not say which config repo it follows: give --repo`, { code: 'usage' });
  const { tree, head: ask, close } = await configTree(io, { repo, branch, plainDirectory: false });
  try {
    const head = await readHead(tree);
    return { head, ask: ask ?? (async () => tree.revision), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The syncs that are meant, of this cluster. Throws `UserError` for a name that is none of them, or of one that is suspended. */
async function syncsOf(
  { tree, config }: Head,
  name: string | undefined,
  puller: InstalledPuller,
  now: Date,
): Promise<{ syncs: string[]; suspended: Followed[] }> {
  const ours = config.syncs.filter(({ cluster }) => puller.cluster === undefined || cluster === puller.cluster);
  if (name !== undefined) {
    checkPlace(config.syncs, name, puller);
    const found = syncNamed({ config: { ...config, syncs: ours } }, name);
    await refuseStopped(tree, found, now);
    return { syncs: [found.name], suspended: [] };
  }
  if (ours.length === 0)
    throw new UserError(`windlass.yaml has no sync for the cluster ${puller.cluster}`, { code: 'no-syncs' });
  const suspended: Followed[] = [];
  for (const one of ours)
    await refuseStopped(tree, one, now).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      suspended.push({ sync: one.name, result: 'suspended', message: error.message });
    });
  const syncs = ours.map((one) => one.name).filter((one) => suspended.every(({ sync: stopped }) => stopped !== one));
  return { syncs, suspended };
}

function checkPlace(all: readonly SyncSpec[], name: string, { cluster }: InstalledPuller): void {
  const found = all.find((one) => one.name === name);
  if (found === undefined || cluster === undefined || found.cluster === cluster) return;
  throw new UserError(`sync ${name} belongs to the cluster ${found.cluster}, and this is ${cluster}`, {
    code: 'other-cluster',
    subject: name,
  });
}

/** Gives the queue that was written to. Where somebody waits, a queue that cannot be written to costs only time. */
async function wake(
  io: Io,
  url: string | undefined,
  { region }: InstalledPuller,
  { name, wait }: { name: string | undefined; wait: boolean },
): Promise<string | undefined> {
  if (url === undefined) return undefined;
  const sender = await wakeSender(url, region ?? io.env['AWS_REGION']);
  try {
    const why = 'asked for by windlass sync';
    await sender.send({ type: 'Wake', at: io.now().toISOString(), why, ...(name !== undefined && { sync: name }) });
    return url;
  } catch (error) {
    if (!wait || !isTrouble(error)) throw error;
    io.stderr.write(`note: ${messageOf(error)}\nnote: the puller looks by itself, a little later\n`);
    return undefined;
  } finally {
    sender.close();
  }
}

function waitingIn(io: Io) {
  return {
    signal: io.signal,
    clock: () => performance.now(),
    sleep: (milliseconds: number) => sleep(milliseconds, io.signal),
    progress: (line: string) => {
      if (io.stderr.isTTY === true) io.stderr.write(`${line}\n`);
    },
  };
}

function codeOf(syncs: readonly Followed[]): ExitCode {
  const results = syncs.map(({ result }) => result);
  if (results.some((result) => result === 'timeout' || result === 'unhealthy')) return 3;
  return results.some((result) => result === 'failed' || result === 'suspended') ? 2 : 0;
}
