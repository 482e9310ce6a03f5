import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { SourceTree } from '../../desired/ports.ts';
import { UserError } from '../../model/errors.ts';
import type { Source } from '../../pull/ports.ts';
import { isAncestor } from './ancestry.ts';
import { bytesOf, filesOfArchive } from './archive.ts';
import { blobBytes, blobOid } from './blob.ts';
import type { GitHub, GitHubRepo } from './client.ts';
import { conditional } from './conditional.ts';
import { entriesAt } from './entries.ts';
import { isFailure } from './failure.ts';
import { readTree, type TreeEntry, type TreeLimits } from './tree.ts';
import { told } from './trouble.ts';

/** Which repository and branch are read, and how large one revision of it may be. */
export interface GitHubSourceOptions extends TreeLimits {
  client: GitHub;
  owner: string;
  repo: string;
  branch: string;
  /** Where revisions are written while they are open; the system's temporary directory unless told. */
  treesDir?: string;
}

const refShape = z.object({ object: z.object({ sha: z.string() }) });

/**
 * A config repo on GitHub as pull and drift read it, where there is no git: a listing and one archive for a revision. What the archive has
 * otherwise than the commit (attributes leave files out of it, or change them) is read file by file.
 */
export function openGitHubSource(options: GitHubSourceOptions): Source {
  const { branch } = options;
  const repo = options.client.repo(options.owner, options.repo);
  const attempt = { what: `read ${repo.name}`, subject: repo.name, needs: 'Contents: read' };
  const ref = conditional(repo, 'GET /repos/{owner}/{repo}/git/ref/{ref}', { ref: `heads/${branch}` }, refShape);
  return {
    head: () => told(attempt, async () => (await ref().catch((error) => noBranch(repo, branch, error))).object.sha),
    open: (revision) => told(attempt, () => openRevision(repo, revision, options)),
    isAncestor: (ancestor, revision) => told(attempt, () => isAncestor(repo, ancestor, revision)),
  };
}

/** GitHub says 404 of a repository that it does not show, too: then asking for it fails. */
export async function noBranch(repo: GitHubRepo, branch: string, error: unknown): Promise<never> {
  if (!isFailure(error, 'refused', 404)) throw error;
  await repo.rest('GET /repos/{owner}/{repo}', {}, z.unknown());
  throw new UserError(`${repo.name} has no branch ${branch}: push the branch first, or name another`, {
    code: 'branch-missing',
    subject: branch,
  });
}

async function openRevision(
  repo: GitHubRepo,
  revision: string,
  options: GitHubSourceOptions,
): Promise<SourceTree & { close(): Promise<void> }> {
  const entries = await readTree(repo, revision, options).catch((error) => noRevision(repo, revision, error));
  const treesDir = options.treesDir ?? tmpdir();
  await mkdir(treesDir, { recursive: true });
  const root = await mkdtemp(join(treesDir, 'windlass-tree-'));
  const directory = join(root, 'tree');
  try {
    await mkdir(directory);
    const links = await writeTree(repo, revision, entries, directory, options);
    return treeAt(revision, entries, links, directory);
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}

async function noRevision(repo: GitHubRepo, revision: string, error: unknown): Promise<never> {
  if (!isFailure(error, 'refused', 404, 422)) throw error;
  await repo.rest('GET /repos/{owner}/{repo}', {}, z.unknown());
  throw new UserError(`${repo.name} has no commit ${revision}`, { code: 'revision-missing', subject: revision });
}

/** Writes the files, then the links, so that nothing is written through one; answers where these point. */
async function writeTree(
  repo: GitHubRepo,
  revision: string,
  entries: readonly TreeEntry[],
  directory: string,
  { maxBytes = 512 * 1024 * 1024 }: TreeLimits,
): Promise<Map<string, string>> {
  const missing = new Map(entries.filter(({ kind }) => kind === 'file').map((entry) => [entry.path, entry]));
  const write = async (entry: TreeEntry, bytes: Uint8Array) => {
    const file = join(directory, entry.path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes, { flag: 'wx' });
    if (entry.executable) await chmod(file, 0o755);
    missing.delete(entry.path);
  };
  if (missing.size > 0) {
    const archive = await repo.stream('GET /repos/{owner}/{repo}/tarball/{ref}', { ref: revision });
    // Its headers count as well, of which a short file has as many bytes again as its own.
    for await (const file of filesOfArchive(archive, { maxBytes: 4 * maxBytes })) {
      const entry = missing.get(file.path);
      const bytes = entry?.size === file.size ? await bytesOf(file) : undefined;
      if (bytes === undefined) await file.skip();
      else if (blobOid(bytes) === entry!.oid) await write(entry!, bytes);
    }
  }
  const rest = [...missing.values()];
  const links = entries.filter(({ kind }) => kind === 'symlink');
  const read = await readEach(repo, revision, [...rest, ...links]);
  for (const entry of rest) await write(entry, read.get(entry.path)!);
  const targets = new Map(links.map(({ path }) => [path, Buffer.from(read.get(path)!).toString('utf8')]));
  for (const [path, target] of targets) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await symlink(target, join(directory, path));
  }
  return targets;
}

async function readEach(
  repo: GitHubRepo,
  revision: string,
  entries: readonly TreeEntry[],
): Promise<Map<string, Uint8Array>> {
  const told = await entriesAt(
    repo,
    revision,
    entries.map(({ path }) => path),
    { text: true },
  );
  const found = new Map<string, Uint8Array>();
  for (const [index, { path, oid }] of entries.entries()) {
    found.set(path, await blobBytes(repo, oid, told[index]?.object));
  }
  return found;
}

function treeAt(
  revision: string,
  entries: readonly TreeEntry[],
  links: ReadonlyMap<string, string>,
  directory: string,
): SourceTree & { close(): Promise<void> } {
  const plain = new Set(entries.filter(({ kind }) => kind === 'file').map(({ path }) => path));
  const all = entries
    .map(({ path, kind, size, oid: id }) => ({
      ...{ path, kind, size, id },
      ...(kind === 'symlink' && { target: links.get(path)! }),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    revision,
    directory,
    files: async (below) => {
      const prefix = below === '.' || below === '' ? '' : `${below.replace(/\/+$/, '')}/`;
      return all.filter((file) => file.path.startsWith(prefix));
    },
    read: async (path) => {
      if (plain.has(path)) return new Uint8Array(await readFile(join(directory, path)));
      throw new UserError(`${path} is not a file of commit ${revision}`, { code: 'file-missing', subject: path });
    },
    close: () => rm(dirname(directory), { recursive: true, force: true }),
  };
}
