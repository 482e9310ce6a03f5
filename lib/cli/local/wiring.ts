import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openGitConfigRepo } from '../../adapters/git/config-repo.ts';
import { openLocalRegistry } from '../../adapters/local/registry.ts';
import { openStateDir, type StateDir } from '../../adapters/local/state-dir.ts';
import type { Config } from '../../config/config.ts';
import { mayRollBack } from '../../config/rollback.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { type LoopTimes, startLoop } from '../../pull/loop.ts';
import type { Rollbacks } from '../../report/ports.ts';
import type { ExitCode, Io } from '../command.ts';
import { createSteps } from '../output/steps.ts';
import { styleFor } from '../output/style.ts';
import { agree } from './agree.ts';
import type { Closers } from './closers.ts';
import { type NextPush, nextPush } from './next-push.ts';
import { noBump } from './no-bump.ts';
import { destinationsOf } from './notify-settings.ts';
import { recentCommits } from './recent-commits.ts';
import { hookPath } from './registry-hook.ts';
import { seedTags } from './seed-tags.ts';
import { shown } from './shown.ts';
import { sleep } from './sleep.ts';
import { createTeller } from './teller.ts';
import { welcome } from './welcome.ts';
import { wireBump } from './wiring-bump.ts';
import { wireCluster } from './wiring-cluster.ts';
import { printNotices, wireNotify } from './wiring-notify.ts';
import { openPage, type Page, showPage } from './wiring-page.ts';
import { type LocalOptions, type Parts, startParts } from './wiring-parts.ts';
import { previewOf } from './wiring-preview.ts';
import { openRegistries, openToken, type RealRegistries, tellRegistries } from './wiring-registries.ts';

/** Milliseconds. A sweep finds what an event missed. */
const times: LoopTimes & { sweep: number } = {
  head: 2_000,
  pull: 30_000,
  retry: 30_000,
  drift: 15_000,
  rollout: 1_000,
  sweep: 300_000,
};

/** Milliseconds between two looks at the head of a repository elsewhere, each of which is a question to its host. */
const remoteHead = 15_000;

/** The file that starts Windlass. */
const program = fileURLToPath(new URL('../../../bin/windlass.js', import.meta.url));

/** Stands in where no windlass.yaml was read yet. */
const nothing = { images: {}, syncs: [] };

/** Stands in where nothing is ever committed. */
const nobody = { name: 'nobody', email: 'nobody@localhost' };

/** Runs the loop until the signal aborts. Throws `UserError` when it cannot start for a reason that the user can mend. */
export async function runLocal(options: LocalOptions, io: Io): Promise<ExitCode> {
  const closers: Closers = [];
  const steps = createSteps(io);
  const died = new AbortController();
  let kept: string | undefined;
  let existing: string | undefined;
  io.signal.addEventListener('abort', () => io.stderr.write('stopping\n'), { once: true });
  const signal = AbortSignal.any([io.signal, died.signal]);
  // The handlers log JSON for CloudWatch; here the terminal tells what matters. POWERTOOLS_LOG_LEVEL=INFO shows it.
  process.env['POWERTOOLS_LOG_LEVEL'] ??= 'SILENT';
  try {
    const real = openRegistries(options.registries, io);
    const state = await openStateDir(resolve(io.cwd, options.dir), { ephemeral: options.ephemeral });
    closers.push(() => state.release());
    kept = shown(io, state.path);
    // A port that is in use is told before anything is started.
    const page = await openPage(options.ports, io);
    closers.push(() => page.stop());
    const parts = await startParts(options, io, state, steps, closers, signal);
    tellRegistries(real, parts.heads.config(), steps);
    steps.close();
    if (!(await isAgreed(parts, options, io, signal))) return io.signal.aborted ? 0 : 1;
    await parts.target.remember();
    if (parts.target.existing !== undefined) existing = parts.target.shown;
    parts.target.plane?.onExit(({ name, how, logFile }) => {
      io.stderr.write(`${name} ended unexpectedly (${how}); its log: ${logFile}\n`);
      died.abort();
    });
    await runFlows(parts, options, real, page, io, state, closers, signal);
    return died.signal.aborted ? 3 : 0;
  } catch (error) {
    // Ctrl-C while something starts is an end that was asked for.
    if (io.signal.aborted && !(error instanceof UserError)) return 0;
    throw error;
  } finally {
    steps.close();
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
      await close().catch((error: unknown) => io.stderr.write(`while stopping: ${messageOf(error)}\n`));
    }
    if (io.signal.aborted && kept !== undefined) {
      const state = options.ephemeral ? 'nothing is kept' : `the state is in ${kept}, the next start goes on from it`;
      io.stderr.write(`stopped; ${state}\n`);
      if (existing !== undefined) io.stderr.write(`${existing} stays as it is: what was applied there goes on\n`);
    }
  }
}

/** Shows what would be done to a cluster and a repository that are not this directory's own, and asks. */
async function isAgreed(parts: Parts, options: LocalOptions, io: Io, signal: AbortSignal): Promise<boolean> {
  const { target, repo } = parts;
  const cluster = target.existing && {
    ...{ shown: target.shown, name: target.existing.name, known: target.known },
    ...(await previewOf(parts, io, signal)),
  };
  const pushes = repo.remote && repo.author !== undefined ? { pushesAs: repo.author } : {};
  return await agree({ ...(cluster && { cluster }), repo, ...pushes }, io, options);
}

/** Puts the parts into the flows, starts the page and the loop, and stays until the loop has ended. */
async function runFlows(
  parts: Parts,
  options: LocalOptions,
  real: RealRegistries,
  page: Page,
  io: Io,
  state: StateDir,
  closers: Closers,
  signal: AbortSignal,
): Promise<void> {
  const { source, heads, target } = parts;
  const { url, branch, author, remote } = parts.repo;
  const teller = createTeller(io);
  const repo = openGitConfigRepo({
    ...{ url, branch, cacheDir: state.cache },
    author: author ?? nobody,
    checkedOut: remote ? 'refuse' : 'update-when-clean',
  });
  const registry = openLocalRegistry(state.registry);
  const notices = options.notify ? await wireNotify(parts, state.notices, io, teller, closers) : printNotices(teller);
  const rollbacks: Rollbacks = {
    isWanted: async (of) => author !== undefined && mayRollBack(heads.config() ?? nothing, of),
    send: (wanted) => bump.rollBack(wanted),
  };
  const flows = wireCluster(parts, io, teller, { notices, rollbacks }, closers, signal);
  const images = () => Object.values(heads.config()?.images ?? {}).map(({ image }) => image);
  const token = await openToken(real, state.registryToken);
  const base = { repo, registry, real, images };
  const commits = recentCommits(
    () => repo.commits(15),
    remote ? remoteHead : 0,
    () => performance.now(),
  );
  const committed = () => {
    commits.forget();
    void loop.wake();
  };
  const bump =
    author === undefined
      ? noBump(parts.repo.shown)
      : wireBump(parts, base, io, teller, notices, closers, signal, committed);
  showPage(page, parts, bump, { commits, images, token, isReal: real.has }, io, teller);
  closers.push(() => page.stop());

  const leftOf = async (syncs: Config['syncs']) => {
    // The embedded cluster has all syncs, whatever cluster they name.
    const left = await flows.left(syncs);
    return left && { cluster: target.existing?.name ?? 'local', syncs: left };
  };
  const loop = startLoop(
    {
      head: () => source.head(),
      config: async (revision) => {
        const { config } = await heads.at(revision);
        const problems = [...heads.problems()];
        const at = io.now().toISOString();
        const left = await leftOf(config.syncs);
        await flows.report({
          ...{ type: 'ConfigReported', at, revision, problems, ...(left && { left }) },
          clusters: Object.keys(config.clusters).map((cluster) => ({
            cluster,
            syncs: config.syncs.filter((sync) => sync.cluster === cluster).map(({ name }) => name),
          })),
        });
        if (author !== undefined) await seedTags(config, repo, registry, { revision, at: io.now(), isReal: real.has });
        return config;
      },
      pull: (sync, _config, revision) => flows.pull(sync, revision),
      drift: () => flows.drift(),
      moved: async () => {
        commits.forget();
        await bump.sweep('head');
      },
      failed: teller.failed,
    },
    remote ? { ...times, head: remoteHead } : times,
    { now: () => performance.now(), sleep },
    signal,
  );
  const sweeping = setInterval(() => void bump.sweep('clock'), times.sweep);
  closers.push(async () => clearInterval(sweeping));
  closers.push(() => loop.ended);
  await state.announce({
    ...{ url: page.url, kubeconfig: target.kubeconfig, cluster: target.shown },
    repo: `${remote ? parts.repo.shown : url}, branch ${branch}`,
    ...{ source: { repo: remote ? parts.repo.shown : url, branch }, records: parts.recordsEndpoint },
    registries: options.registries,
    ...(author === undefined && { readOnly: true }),
  });
  teller.print(
    welcome({
      url: page.url,
      program: shown(io, program),
      repo: parts.repo.shown,
      remote,
      existing: target.existing && { ...target.existing, server: target.server },
      readOnly: author === undefined,
      kubectl: shown(io, join(state.path, 'kubectl')),
      kubeconfig: shown(io, target.kubeconfig),
      dir: state.path === resolve(io.cwd, '.windlass') ? undefined : shown(io, state.path),
      example: url === state.repo,
      push: author && (await proposal(parts, repo, real, io)),
      realImage: images().find((image) => real.has(image)),
      webhook:
        token === undefined
          ? undefined
          : { url: new URL(hookPath, page.url).href, token: shown(io, state.registryToken) },
      notify: notifyOf(parts, options, io),
      ephemeral: options.ephemeral,
      portInUse: options.ports.length > 1 && page.port !== options.ports[0] ? options.ports[0] : undefined,
      style: styleFor(io.stdout, io.env),
    }),
  );
  await loop.ended;
}

function notifyOf({ heads }: Parts, { notify }: LocalOptions, io: Io) {
  const destinations = destinationsOf(heads.config()?.notify ?? { routes: [] }, io.env);
  return destinations.length === 0 ? undefined : { on: notify, destinations };
}

/** A push to try. What cannot be told here is told by the loop. */
async function proposal(
  { source, heads }: Parts,
  repo: Parameters<typeof nextPush>[1],
  { has }: RealRegistries,
  io: Io,
): Promise<NextPush | undefined> {
  const config = heads.config();
  const images = Object.entries(config?.images ?? {}).filter(([, { image }]) => !has(image));
  const pretended = config && { ...config, images: Object.fromEntries(images) };
  return pretended && (await nextPush(pretended, repo, await source.head(), io.now()).catch(() => undefined));
}
