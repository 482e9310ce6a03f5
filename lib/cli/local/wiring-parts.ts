import { join, relative, resolve } from 'node:path';
import { makeBareRepo } from '../../adapters/git/bare-repo.ts';
import { defaultBranch } from '../../adapters/git/default-branch.ts';
import { openGitSource } from '../../adapters/git/source.ts';
import { hasWorktree } from '../../adapters/git/worktree.ts';
import { openCluster } from '../../adapters/kubernetes/cluster.ts';
import { acquireBinaries } from '../../adapters/local/control-plane/binaries.ts';
import { startControlPlane } from '../../adapters/local/control-plane/control-plane.ts';
import { exampleDirectory, writeKubectl } from '../../adapters/local/page-files.ts';
import { startRecords } from '../../adapters/local/records.ts';
import type { StateDir } from '../../adapters/local/state-dir.ts';
import { findKubectl } from '../../adapters/renderers/kubectl.ts';
import { messageOf, type UserError } from '../../model/errors.ts';
import { openHeads } from '../../pull/heads.ts';
import type { Io } from '../command.ts';
import type { createSteps } from '../output/steps.ts';

/** What `windlass local` was asked for. */
export interface LocalOptions {
  /** The user's own config repo; the example where it is absent. */
  repo?: string;
  branch?: string;
  dir: string;
  ephemeral: boolean;
  /** Addresses of registries whose images are real: `http://127.0.0.1:5000`. */
  registries: string[];
  /** Ports for the page, tried in order; 0 is any free one. */
  ports: number[];
}

/** Who commits here. */
export const author = { name: 'Windlass', email: 'windlass@localhost' };

/** What has to be undone at the end, the last one first. One that waits for a part that is still starting adds what that part has to undo. */
export type Closers = (() => Promise<unknown>)[];

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
  const { url, branch, howToMerge } = await openRepository(options, io, state, steps);
  const source = openGitSource({ url, branch, cacheDir: state.cache, treesDir: state.trees });
  const heads = openHeads(source);
  closers.push(() => heads.close());
  await heads.at(await source.head());
  const givenUp = new AbortController();
  const startSignal = AbortSignal.any([signal, givenUp.signal]);
  const clusterStarting = startCluster(options, io, state, steps, closers, startSignal);
  closers.push(async () => {
    givenUp.abort();
    // Its failure is told where it is awaited, after the others have come to rest.
    await clusterStarting.catch(() => {});
  });
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
  return { url, branch, howToMerge, source, heads, records: stored.records, plane, cluster };
}

async function openRepository(options: LocalOptions, io: Io, state: StateDir, steps: ReturnType<typeof createSteps>) {
  if (options.repo !== undefined) {
    const url = resolve(io.cwd, options.repo);
    const branch = options.branch ?? (await defaultBranch(url));
    steps.done('config repo', `${shown(io, url)}, branch ${branch}`);
    const merge = (await hasWorktree(url)) ? mergeHere(shown(io, url), branch) : mergeInClone;
    return { url, branch, howToMerge: merge };
  }
  const branch = options.branch ?? 'main';
  const made = await makeBareRepo({
    path: state.repo,
    branch,
    from: exampleDirectory('shop'),
    subject: 'Import the shop',
    author,
    at: io.now(),
  });
  steps.done('config repo', `${shown(io, state.repo)}, ${made === 'made' ? 'made from examples/shop' : 'as it was'}`);
  return { url: state.repo, branch, howToMerge: mergeInClone };
}

/** What a person does with the branch of a proposal: there is no host that could merge a pull request. */
type HowToMerge = (proposed: string) => string;

const mergeInClone: HowToMerge = (proposed) =>
  `take it in a clone: git pull && git merge origin/${proposed} && git push`;

function mergeHere(path: string, branch: string): HowToMerge {
  return (proposed) => `take it in ${path}, on ${branch}: git merge ${proposed}`;
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

/** A path as a person would type it from here. */
export function shown(io: Io, path: string): string {
  const from = relative(io.cwd, path);
  return from === '' ? '.' : from.startsWith('..') ? path : from;
}
