import { join, resolve } from 'node:path';
import { openGitConfigRepo } from '../../adapters/git/config-repo.ts';
import { pageAsset } from '../../adapters/local/page-files.ts';
import { openLocalRegistry } from '../../adapters/local/registry.ts';
import { openStateDir, type StateDir } from '../../adapters/local/state-dir.ts';
import { dashboard } from '../../dashboard/app.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { type LoopTimes, startLoop } from '../../pull/loop.ts';
import type { ExitCode, Io } from '../command.ts';
import { createSteps } from '../output/steps.ts';
import { styleFor } from '../output/style.ts';
import { type NextPush, nextPush } from './next-push.ts';
import { readPageState } from './page-state.ts';
import { imageMeant } from './pushes.ts';
import { hookPath, registryHook } from './registry-hook.ts';
import { seedTags } from './seed-tags.ts';
import { sleep } from './sleep.ts';
import { createTeller, type Teller } from './teller.ts';
import { welcome } from './welcome.ts';
import { type BumpSide, wireBump } from './wiring-bump.ts';
import { wireCluster } from './wiring-cluster.ts';
import { openPage, type Page } from './wiring-page.ts';
import { author, type Closers, type LocalOptions, type Parts, shown, startParts } from './wiring-parts.ts';
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

/** Runs the loop until the signal aborts. Throws `UserError` when it cannot start for a reason that the user can mend. */
export async function runLocal(options: LocalOptions, io: Io): Promise<ExitCode> {
  const closers: Closers = [];
  const steps = createSteps(io);
  const died = new AbortController();
  let kept: string | undefined;
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
    parts.plane.onExit(({ name, how, logFile }) => {
      io.stderr.write(`${name} ended unexpectedly (${how}); its log: ${logFile}\n`);
      died.abort();
    });
    steps.close();
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
    }
  }
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
  const { url, branch, source, heads, plane } = parts;
  const teller = createTeller(io);
  const repo = openGitConfigRepo({ url, branch, cacheDir: state.cache, author, checkedOut: 'update-when-clean' });
  const registry = openLocalRegistry(state.registry);
  const flows = wireCluster(parts, io, teller, closers, signal);
  const images = () => Object.values(heads.config()?.images ?? {}).map(({ image }) => image);
  const token = await openToken(real, state.registryToken);
  const base = { repo, registry, real, images };
  const bump = wireBump(parts, base, io, teller, closers, signal, () => loop.wake());
  showPage(page, parts, bump, { commits: () => repo.commits(15), images, token, isReal: real.has }, io, teller);
  closers.push(() => page.stop());

  const loop = startLoop(
    {
      head: () => source.head(),
      config: async (revision) => {
        const { config } = await heads.at(revision);
        const problems = [...heads.problems()];
        await flows.report({ type: 'ConfigReported', at: io.now().toISOString(), revision, problems });
        await seedTags(config, repo, registry, { revision, at: io.now(), isReal: real.has });
        return config;
      },
      pull: (sync, _config, revision) => flows.pull(sync, revision),
      drift: () => flows.drift(),
      moved: () => bump.sweep('head'),
      failed: teller.failed,
    },
    times,
    { now: () => performance.now(), sleep },
    signal,
  );
  const sweeping = setInterval(() => void bump.sweep('clock'), times.sweep);
  closers.push(async () => clearInterval(sweeping));
  closers.push(() => loop.ended);
  await state.announce({ url: page.url, kubeconfig: plane.kubeconfigPath });
  teller.print(
    welcome({
      url: page.url,
      repo: shown(io, url),
      kubectl: shown(io, join(state.path, 'kubectl')),
      kubeconfig: shown(io, plane.kubeconfigPath),
      dir: state.path === resolve(io.cwd, '.windlass') ? undefined : shown(io, state.path),
      example: url === state.repo,
      push: await proposal(parts, repo, real, io),
      realImage: images().find((image) => real.has(image)),
      webhook:
        token === undefined
          ? undefined
          : { url: new URL(hookPath, page.url).href, token: shown(io, state.registryToken) },
      ephemeral: options.ephemeral,
      portInUse: options.ports.length > 1 && page.port !== options.ports[0] ? options.ports[0] : undefined,
      style: styleFor(io.stdout, io.env),
    }),
  );
  await loop.ended;
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

/** What the page shows and takes, beside the parts. */
interface PageBase {
  commits: Parameters<typeof readPageState>[0]['commits'];
  images(): string[];
  /** Of webhooks; they are taken only with one. */
  token: string | undefined;
  isReal(repository: string): boolean;
}

function showPage(
  page: Page,
  { url, branch, heads, records, plane }: Parts,
  bump: BumpSide,
  { commits, images, token, isReal }: PageBase,
  io: Io,
  teller: Teller,
): void {
  const { port } = page;
  const hook = token === undefined ? undefined : registryHook({ token, port, now: io.now, notified: bump.notified });
  const shownPage = dashboard(
    {
      state: () =>
        readPageState({
          records,
          commits,
          config: () => heads.config(),
          problems: () => heads.problems(),
          repo: { url, branch },
          cluster: { kubeconfig: plane.kubeconfigPath, server: plane.server },
          now: io.now,
        }),
      changes: (until) => teller.changes.listen(until),
      push: (word, tag) => bump.push(imageMeant(word, images()), tag),
      isElsewhere: isReal,
      asset: pageAsset,
    },
    port,
  );
  page.show(
    (request) => (hook && new URL(request.url).pathname === hookPath ? hook(request) : shownPage(request)),
    (error) => teller.failed('answer the page', error),
  );
}
