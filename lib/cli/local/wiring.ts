import { randomUUID } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import { bumpOnPush } from '../../../functions/bump-on-push.ts';
import { driftOnSchedule } from '../../../functions/drift-on-schedule.ts';
import { reportOnQueue } from '../../../functions/report-on-queue.ts';
import { makeBareRepo } from '../../adapters/git/bare-repo.ts';
import { openGitConfigRepo } from '../../adapters/git/config-repo.ts';
import { defaultBranch } from '../../adapters/git/default-branch.ts';
import { openGitSource } from '../../adapters/git/source.ts';
import { openCluster } from '../../adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../adapters/kubernetes/records.ts';
import { findKubectl } from '../../adapters/kustomize/kubectl.ts';
import { openKustomizer } from '../../adapters/kustomize/kustomizer.ts';
import { acquireBinaries } from '../../adapters/local/control-plane/binaries.ts';
import { startControlPlane } from '../../adapters/local/control-plane/control-plane.ts';
import { serve } from '../../adapters/local/http-server.ts';
import { exampleDirectory, pageAsset, writeKubectl } from '../../adapters/local/page-files.ts';
import { createQueue, type DeadLetter } from '../../adapters/local/queue.ts';
import { startRecords } from '../../adapters/local/records.ts';
import { openLocalRegistry } from '../../adapters/local/registry.ts';
import { lambdaContext } from '../../adapters/local/sqs-record.ts';
import { openStateDir, type StateDir } from '../../adapters/local/state-dir.ts';
import { sweep } from '../../bump/bump.ts';
import type { BumpPorts } from '../../bump/ports.ts';
import { pushEvent } from '../../bump/push-event.ts';
import type { Config, SyncSpec } from '../../config/config.ts';
import { dashboard } from '../../dashboard/app.ts';
import { gitReader } from '../../drift/git-reader.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import type { ReportMessage, SyncReported } from '../../model/messages.ts';
import { pull } from '../../pull/pull.ts';
import { rendererWith } from '../../pull/renderer.ts';
import type { ExitCode, Io } from '../command.ts';
import { createSteps } from '../output/steps.ts';
import { styleFor } from '../output/style.ts';
import { announcer } from './announce.ts';
import { createChanges } from './changes.ts';
import { openHeads } from './heads.ts';
import { type LoopTimes, startLoop } from './loop.ts';
import { readPageState } from './page-state.ts';
import { ecrParts, imageMeant } from './pushes.ts';
import { seedTags } from './seed-tags.ts';
import { welcome } from './welcome.ts';

/** What `windlass local` was asked for. */
export interface LocalOptions {
  /** The user's own config repo; the example where it is absent. */
  repo?: string;
  branch?: string;
  dir: string;
  ephemeral: boolean;
  /** Ports for the page, tried in order; 0 is any free one. */
  ports: number[];
}

/** Milliseconds. A sweep finds what an event missed. */
const times: LoopTimes & { sweep: number } = {
  head: 2_000,
  pull: 30_000,
  drift: 15_000,
  rollout: 1_000,
  sweep: 300_000,
};

/** What has to be undone at the end, the last one first. */
type Closers = (() => Promise<unknown>)[];

/** Runs the loop until the signal aborts. Throws `UserError` when it cannot start for a reason that the user can mend. */
export async function runLocal(options: LocalOptions, io: Io): Promise<ExitCode> {
  const closers: Closers = [];
  const steps = createSteps(io);
  const died = new AbortController();
  const signal = AbortSignal.any([io.signal, died.signal]);
  // The handlers log JSON for CloudWatch; here the terminal tells what matters. POWERTOOLS_LOG_LEVEL=INFO shows it.
  process.env['POWERTOOLS_LOG_LEVEL'] ??= 'SILENT';
  try {
    const state = await openStateDir(resolve(io.cwd, options.dir), { ephemeral: options.ephemeral });
    closers.push(() => state.release());
    const parts = await startParts(options, io, state, steps, closers, signal);
    parts.plane.onExit(({ name, how, logFile }) => {
      io.stderr.write(`${name} ended unexpectedly (${how}); its log: ${logFile}\n`);
      died.abort();
    });
    steps.close();
    const ended = await runFlows(parts, io, state, closers, signal);
    await ended;
    return died.signal.aborted ? 3 : 0;
  } catch (error) {
    // Ctrl-C while something starts is an end that was asked for.
    if (io.signal.aborted && !(error instanceof UserError)) return 0;
    throw error;
  } finally {
    steps.close();
    // One that waits for something that is still starting adds what that has to undo.
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
      await close().catch((error: unknown) => io.stderr.write(`while stopping: ${messageOf(error)}\n`));
    }
  }
}

type Parts = Awaited<ReturnType<typeof startParts>>;

/** Starts everything that the flows stand on, the config repo first: what a user can mend there is told before anything else runs. */
async function startParts(
  options: LocalOptions,
  io: Io,
  state: StateDir,
  steps: ReturnType<typeof createSteps>,
  closers: Closers,
  signal: AbortSignal,
) {
  // What the user has to mend is told before anything is downloaded, built or started.
  const { url, branch } = await openRepository(options, io, state, steps);
  const source = openGitSource({ url, branch, cacheDir: state.cache });
  const heads = openHeads(source);
  closers.push(() => heads.close());
  await heads.at(await source.head());
  const clusterStarting = startCluster(options, io, state, steps, closers, signal);
  // Its failure is told where it is awaited, after the others have come to rest.
  clusterStarting.catch(() => {});
  const unreadable = (error: UserError) => io.stderr.write(`a record was left out: ${messageOf(error)}\n`);
  const stored = await startRecords({ ...(!options.ephemeral && { path: state.records }), onUnreadable: unreadable });
  closers.push(() => stored.stop());
  steps.done(
    'records',
    options.ephemeral ? 'DynamoDB API in memory' : `DynamoDB API, kept in ${shown(io, state.records)}`,
  );
  const plane = await clusterStarting;
  const cluster = await openCluster({ kubeconfig: plane.kubeconfigPath });
  closers.push(async () => cluster.client.close());
  return { url, branch, source, heads, records: stored.records, plane, cluster, ports: options.ports };
}

async function openRepository(options: LocalOptions, io: Io, state: StateDir, steps: ReturnType<typeof createSteps>) {
  if (options.repo !== undefined) {
    const url = resolve(io.cwd, options.repo);
    const branch = options.branch ?? (await defaultBranch(url));
    steps.done('config repo', `${shown(io, url)}, branch ${branch}`);
    return { url, branch };
  }
  const branch = options.branch ?? 'main';
  const made = await makeBareRepo({
    path: state.repo,
    branch,
    from: exampleDirectory('shop'),
    subject: 'Import the shop',
    author: { name: 'Windlass', email: 'windlass@localhost' },
    at: io.now(),
  });
  steps.done('config repo', `${shown(io, state.repo)}, ${made === 'made' ? 'made from examples/shop' : 'as it was'}`);
  return { url: state.repo, branch };
}

async function startCluster(
  options: LocalOptions,
  io: Io,
  state: StateDir,
  steps: ReturnType<typeof createSteps>,
  closers: Closers,
  signal: AbortSignal,
) {
  const onProgress = (progress: { message: string; fraction?: number }) => {
    const percent = progress.fraction === undefined ? '' : ` (${Math.round(progress.fraction * 100)} %)`;
    steps.working('cluster', `${progress.message}${percent}`);
  };
  steps.working('cluster', 'looking for the programs of the control plane');
  const [binaries, kubectl] = await Promise.all([
    acquireBinaries({ env: io.env, onProgress, signal }),
    findKubectl({ env: io.env }),
  ]);
  const { ephemeral } = options;
  const plane = await startControlPlane({
    dir: state.cluster,
    binaries,
    controllers: true,
    ephemeral,
    onProgress,
    signal,
  });
  closers.push(() => plane.stop());
  await writeKubectl(join(state.path, 'kubectl'), kubectl.path, plane.kubeconfigPath);
  steps.done('cluster', `Kubernetes at ${plane.server}`);
  return plane;
}

/** Puts the parts into the flows, starts the loop and the page, and gives the promise of the end. */
async function runFlows(
  parts: Parts,
  io: Io,
  state: StateDir,
  closers: Closers,
  signal: AbortSignal,
): Promise<Promise<void>> {
  const { url, branch, source, heads, records, plane, cluster } = parts;
  const tell = announcer(styleFor(io.stdout, io.env));
  const print = (text: string | undefined) => text !== undefined && io.stdout.write(`${text}\n`);
  const failed = teller((what, message) => print(tell.trouble(io.now(), what, message)));
  const changes = createChanges();
  const author = { name: 'Windlass', email: 'windlass@localhost' };
  const repo = openGitConfigRepo({ url, branch, cacheDir: state.cache, author, checkedOut: 'update-when-clean' });
  const registry = openLocalRegistry(state.registry);
  const kustomizer = openKustomizer({ env: io.env });
  const renderer = rendererWith(kustomizer);
  const desired = gitReader({ source, kustomizer });
  const applied = new ClusterRecords(cluster.client);

  const deadLetter = (what: string) => (letter: DeadLetter) =>
    failed(what, letter.error ?? 'the message was given up after 3 tries');
  const reports = createQueue({
    name: 'windlass-reports',
    handler: reportOnQueue({ records, notices: { send: async (notice) => void print(tell.notice(notice)) } }),
    onDeadLetter: deadLetter('work a report in'),
  });
  closers.push(() => reports.stop());
  const report = async (message: ReportMessage) => {
    await reports.send(JSON.stringify(message), { groupId: 'sync' in message ? message.sync : 'config' });
  };

  const bumpPorts: BumpPorts = {
    repo,
    registry,
    records: {
      append: (facts) => records.append(facts),
      saveImages: (images) => records.saveImages(images),
      announce: async (message) => {
        print(tell.bumped(message));
        loop.wake();
      },
    },
    sleep: (milliseconds) => sleep(milliseconds, signal),
    random: Math.random,
  };
  const pushes = createQueue({
    name: 'windlass-pushes',
    handler: bumpOnPush({ ...bumpPorts, now: io.now }),
    onDeadLetter: deadLetter('answer a push'),
  });
  closers.push(() => pushes.stop());
  const sweepAll = async () => {
    await sweep({ now: io.now() }, bumpPorts).catch((error: unknown) => failed('sweep the image policies', error));
    changes.changed();
  };

  const last = new Map<string, SyncReported>();
  const pullOne = async (sync: SyncSpec, _config: Config, revision: string) => {
    const outcome = await pull(
      { head: await heads.at(revision), sync, dryRun: false, wait: 'report', run: randomUUID() },
      {
        cluster,
        records: applied,
        renderer,
        reports: { send: report },
        sleep: (milliseconds) => sleep(milliseconds, signal),
        now: io.now,
        signal,
      },
    );
    print(tell.pulled(outcome.report, last.get(sync.name)));
    last.set(sync.name, outcome.report);
    await reports.drain();
    changes.changed();
    return outcome.report.result;
  };

  const checkDrift = driftOnSchedule({
    now: io.now,
    syncs: async () =>
      (heads.config()?.syncs ?? []).map((sync) => ({
        name: sync.name,
        open: async () => ({
          sync,
          deps: {
            cluster,
            records: applied,
            desired,
            findings: { send: report },
          },
        }),
      })),
  });

  const page = await servePage(
    parts.ports,
    (port) =>
      dashboard(
        {
          state: () =>
            readPageState({
              records,
              commits: (limit) => repo.commits(limit),
              config: () => heads.config(),
              problems: () => heads.problems(),
              repo: { url, branch },
              cluster: { kubeconfig: plane.kubeconfigPath, server: plane.server },
              now: io.now,
            }),
          changes: (until) => changes.listen(until),
          push: async (word, tag) => {
            const image = imageMeant(
              word,
              Object.values(heads.config()?.images ?? {}).map((entry) => entry.image),
            );
            await pushImage(image, tag);
          },
          asset: pageAsset,
        },
        port,
      ),
    (error) => failed('answer the page', error),
  );
  closers.push(() => page.stop());

  const pushImage = async (image: string, tag: string) => {
    const at = io.now();
    const { digest } = await registry.push(image, tag, at);
    const ecr = ecrParts(image);
    if (ecr === undefined) return await sweepAll();
    const event = pushEvent({ ...ecr, id: randomUUID(), at, tag, digest });
    await pushes.send(JSON.stringify(event), { groupId: `${url}#${branch}` });
    void pushes.drain().then(() => changes.changed());
  };

  const loop = startLoop(
    {
      head: () => source.head(),
      config: async (revision) => {
        const { config } = await heads.at(revision);
        await report({ type: 'ConfigReported', at: io.now().toISOString(), revision, problems: [...heads.problems()] });
        await seedTags(config, repo, registry, revision, io.now());
        return config;
      },
      pull: pullOne,
      drift: async () => {
        await checkDrift({}, lambdaContext('windlass-drift'));
        await reports.drain();
        changes.changed();
      },
      moved: sweepAll,
      failed,
    },
    times,
    { now: () => performance.now(), sleep },
    signal,
  );
  const sweeping = setInterval(() => void sweepAll(), times.sweep);
  closers.push(async () => clearInterval(sweeping));
  closers.push(() => loop.ended);
  await state.announce({ url: page.url, kubeconfig: plane.kubeconfigPath });
  print(
    welcome({
      url: page.url,
      repo: shown(io, url),
      kubectl: shown(io, join(state.path, 'kubectl')),
      kubeconfig: shown(io, plane.kubeconfigPath),
      dir: state.path === resolve(io.cwd, '.windlass') ? undefined : shown(io, state.path),
      example: url === state.repo,
      style: styleFor(io.stdout, io.env),
    }),
  );
  return loop.ended;
}

/** Tells a failure once, and again only when it is another one or a minute has passed: what goes on failing must not fill the screen. */
function teller(tell: (what: string, message: string) => void): (what: string, error: unknown) => void {
  const told = new Map<string, { message: string; at: number }>();
  return (what, error) => {
    const message = messageOf(error);
    const last = told.get(what);
    if (last?.message === message && performance.now() - last.at < 60_000) return;
    told.set(what, { message, at: performance.now() });
    tell(what, message);
  };
}

/** The page on the first port of the list that is free. */
async function servePage(
  ports: number[],
  appFor: Parameters<typeof serve>[0],
  onError: (error: unknown) => void,
): ReturnType<typeof serve> {
  const [port = 0, ...others] = ports;
  try {
    return await serve(appFor, { port, onError });
  } catch (error) {
    if (others.length === 0 || !(error instanceof UserError) || error.code !== 'port-in-use') throw error;
    return await servePage(others, appFor, onError);
  }
}

/** Ends early when the signal aborts. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
  });
}

/** A path as a person would type it from here. */
function shown(io: Io, path: string): string {
  const from = relative(io.cwd, path);
  return from === '' ? '.' : from.startsWith('..') ? path : from;
}
