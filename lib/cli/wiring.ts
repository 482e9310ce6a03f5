// Puts adapters into flows for the commands, one function a need. Everything is imported when it is asked for:
// a command must not load what it does not use.
import { join, resolve } from 'node:path';
import type { SourceTree } from '../desired/ports.ts';
import { UserError } from '../model/errors.ts';
import type { RenderMemory, Source } from '../pull/ports.ts';
import type { Io } from './command.ts';

/** The user's files: reading a directory or a text, replacing a file. */
export async function localFiles() {
  return await import('../adapters/local/files.ts');
}

/**
 * A directory of the user as a tree, and the path in it. With a path the directory is the tree; without one the tree is the repository
 * around the directory, so that a kustomization may build on its neighbours.
 */
export async function localTree(
  directory: string,
  path: string | undefined,
): Promise<{ tree: SourceTree; path: string }> {
  const { findRepoRoot, openDirectoryTree } = await import('../adapters/local/directory-tree.ts');
  if (path !== undefined) return { tree: await openDirectoryTree(directory), path };
  const { root, inside } = await findRepoRoot(directory);
  return { tree: await openDirectoryTree(root), path: inside };
}

/**
 * The config repo at the head of a branch; the repository's own branch where none is named. With `plainDirectory` a directory that is no
 * Git repository is taken as it is, and has neither head nor history to ask about. `close` gives the copy back.
 */
export async function configTree(
  io: Io,
  { repo, branch, plainDirectory }: { repo: string; branch: string | undefined; plainDirectory: boolean },
): Promise<{ tree: SourceTree; close: () => Promise<void> } & Partial<Pick<Source, 'head' | 'isAncestor'>>> {
  const { defaultHead } = await import('../adapters/git/default-branch.ts');
  const url = urlOf(io, repo);
  try {
    // Where no branch is named, which one it is and its head are one question.
    const asked = branch === undefined ? await defaultHead(url) : undefined;
    const source = await configSource(io, { repo, branch: branch ?? asked?.branch });
    const tree = await source.open(asked?.head ?? (await source.head()));
    return { tree, head: source.head, isAncestor: source.isAncestor, close: () => tree.close() };
  } catch (error) {
    const noRepository = error instanceof UserError && error.code === 'not-a-repository';
    if (!noRepository || !plainDirectory || branch !== undefined || !isPath(repo)) throw error;
    const { openDirectoryTree } = await import('../adapters/local/directory-tree.ts');
    return { tree: await openDirectoryTree(url), close: async () => undefined };
  }
}

/** The config repo, of which any revision can be opened; the repository's own branch where none is named. */
export async function configSource(
  io: Io,
  { repo, branch }: { repo: string; branch: string | undefined },
): Promise<Source> {
  const { openGitSource } = await import('../adapters/git/source.ts');
  const { defaultBranch } = await import('../adapters/git/default-branch.ts');
  const { cacheDir } = await import('../adapters/local/cache-dir.ts');
  const url = urlOf(io, repo);
  return openGitSource({
    url,
    branch: branch ?? (await defaultBranch(url)),
    cacheDir: join(cacheDir(io.env), 'repos'),
  });
}

/** The branch of a config repo that is meant: the named one, else the repository's own. Throws `UserError` where it has none. */
export async function branchOf(
  io: Io,
  { repo, branch }: { repo: string; branch: string | undefined },
): Promise<string> {
  const { defaultBranch } = await import('../adapters/git/default-branch.ts');
  return branch ?? (await defaultBranch(urlOf(io, repo)));
}

/** Where a clone on this machine came from, without a password. Undefined where it came from nowhere. */
export async function originOf(io: Io, repo: string): Promise<string | undefined> {
  const { originOf: readOrigin } = await import('../adapters/git/origin.ts');
  return await readOrigin(resolve(io.cwd, repo), io.env);
}

/** How many files of a directory on this machine are not committed. Undefined for a repository elsewhere, and where that cannot be told. */
export async function uncommittedFiles(io: Io, repo: string): Promise<number | undefined> {
  if (!isPath(repo)) return undefined;
  const { uncommittedIn } = await import('../adapters/git/uncommitted.ts');
  return await uncommittedIn(resolve(io.cwd, repo), io.env);
}

/** What the syncs of a config repo were rendered to by commands before this one. */
export async function renderMemory(io: Io, repo: string): Promise<RenderMemory> {
  const { openRenderMemory } = await import('../adapters/local/render-memory.ts');
  const { cacheDir } = await import('../adapters/local/cache-dir.ts');
  return openRenderMemory({ dir: join(cacheDir(io.env), 'rendered'), of: urlOf(io, repo) });
}

/** The address of a repository, an absolute path for one on this machine. */
export function urlOf(io: Io, repo: string): string {
  return isPath(repo) ? resolve(io.cwd, repo) : repo;
}

/** True for a directory of this machine, false for a URL and for `user@host:path`. */
export function isPath(repo: string): boolean {
  return !/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(repo) && !/^[^/.][^/]*:/.test(repo);
}

/** A cluster by its kubeconfig (its current context unless named), what it can do, and the applied records and the leases in it. With `readOnly` the records are never written. */
export async function kubernetes(
  kubeconfig: string,
  {
    readOnly,
    context,
    whenForbidden,
  }: { readOnly: boolean; context?: string | undefined; whenForbidden?: string | undefined },
) {
  const { openCluster } = await import('../adapters/kubernetes/cluster.ts');
  const { ClusterRecords } = await import('../adapters/kubernetes/records.ts');
  const { ClusterLeases } = await import('../adapters/kubernetes/lease.ts');
  const { readCapabilities } = await import('../adapters/kubernetes/capabilities.ts');
  const cluster = await openCluster({ kubeconfig, context, whenForbidden });
  const records = new ClusterRecords(cluster.client, { readOnly });
  const leases = new ClusterLeases(cluster.client);
  return { cluster, records, leases, capabilities: () => readCapabilities(cluster.client) };
}

/** Where the loop of this directory is. Throws `UserError` when none runs. */
export async function findLocalLoop(io: Io, dir: string | undefined) {
  const { findLoop } = await import('../adapters/local/state-dir.ts');
  return await findLoop(resolve(io.cwd, dir ?? '.windlass'));
}
