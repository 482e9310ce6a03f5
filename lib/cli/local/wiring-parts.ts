import { openGitSource } from '../../adapters/git/source.ts';
import { startRecords } from '../../adapters/local/records.ts';
import type { StateDir } from '../../adapters/local/state-dir.ts';
import { messageOf, type UserError } from '../../model/errors.ts';
import { openHeads } from '../../pull/heads.ts';
import type { Io } from '../command.ts';
import type { createSteps } from '../output/steps.ts';
import type { Closers } from './closers.ts';
import { headsOfCluster } from './one-cluster.ts';
import { shown } from './shown.ts';
import { openRepository } from './wiring-repo.ts';
import { type ExistingCluster, openExisting, refuseEmbedded, startEmbedded, type Target } from './wiring-target.ts';

/** What `windlass local` was asked for. */
export interface LocalOptions {
  /** The user's own config repo, a path or a URL; the example where it is absent. */
  repo?: string;
  branch?: string;
  /** Let bump push its commits to a remote config repo. */
  push: boolean;
  /** A cluster that is there already; the embedded one where it is absent. */
  existing?: ExistingCluster;
  /** Do not ask. */
  yes: boolean;
  dir: string;
  ephemeral: boolean;
  /** Addresses of registries whose images are real: `http://127.0.0.1:5000`. */
  registries: string[];
  /** Ports for the page, tried in order; 0 is any free one. */
  ports: number[];
  /** Send notices by the routes of windlass.yaml. */
  notify: boolean;
}

/** What the flows stand on. */
export type Parts = Awaited<ReturnType<typeof startParts>>;

/** Starts everything that the flows stand on, the config repo first: what a user can mend there is told before anything else runs. */
export async function startParts(
  options: LocalOptions,
  io: Io,
  state: StateDir,
  steps: ReturnType<typeof createSteps>,
  closers: Closers,
  signal: AbortSignal,
) {
  // What the user has to mend is told before anything is downloaded, built or started.
  const { told, ...repo } = await openRepository(options, io, state.repo);
  steps.done('config repo', told);
  const { url, branch } = repo;
  const source = openGitSource({ url, branch, cacheDir: state.cache, treesDir: state.trees });
  const whole = openHeads(source);
  closers.push(() => whole.close());
  const { config } = await whole.at(await source.head());
  if (options.existing === undefined) await refuseEmbedded(state, io);
  const givenUp = new AbortController();
  const startSignal = AbortSignal.any([signal, givenUp.signal]);
  const targetOpening: Promise<Target> =
    options.existing === undefined
      ? startEmbedded(options, io, state, steps, closers, startSignal)
      : openExisting(options.existing, config, io, state, steps, closers);
  // It may fail before it is awaited.
  targetOpening.catch(() => {});
  closers.push(async () => {
    givenUp.abort();
    // Its failure is told where it is awaited, after the others have come to rest.
    await targetOpening.catch(() => {});
  });
  const unreadable = (error: UserError) => io.stderr.write(`a record was left out: ${messageOf(error)}\n`);
  const stored = await startRecords({ ...(!options.ephemeral && { path: state.records }), onUnreadable: unreadable });
  closers.push(() => stored.stop());
  steps.done(
    'records',
    options.ephemeral ? 'DynamoDB API in memory' : `DynamoDB API, kept in ${shown(io, state.records)}`,
  );
  const target = await targetOpening;
  const heads = target.existing === undefined ? whole : headsOfCluster(whole, target.existing.name);
  return {
    repo,
    source,
    heads,
    records: stored.records,
    recordsEndpoint: stored.endpoint,
    deliveries: stored.deliveries,
    target,
  };
}
