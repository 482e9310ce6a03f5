import type { ConfigRepo, RepoFile } from '../../bump/ports.ts';
import { UserError } from '../../model/errors.ts';
import type { CommitSummary } from '../../model/state.ts';
import { type Author, writeCommit } from './commit.ts';
import { lastCommits } from './history.ts';
import { type Mirror, type MirrorOptions, openMirror } from './mirror.ts';
import { type CheckedOut, pushCommit } from './push.ts';
import { listTree, pathsContaining, readBlobs, type TreeEntry } from './tree.ts';

/** How a config repo is opened. */
export interface GitConfigRepoOptions extends MirrorOptions {
  author: Author;
  /** `refuse` unless told. */
  checkedOut?: CheckedOut;
  /** Bytes of the largest file that is read; 8 MiB unless told. */
  maxFileBytes?: number;
}

/** A config repo that can also tell its last commits. */
export interface GitConfigRepo extends ConfigRepo {
  /** The last commits of the branch, newest first, along first parents. */
  commits(limit: number): Promise<CommitSummary[]>;
}

/**
 * A config repo by the git binary: any host, or a path. Reads from a bare copy in `cacheDir`, commits there without a worktree and pushes
 * with compare and swap. Throws `UserError` for an impossible URL or branch name.
 */
export function openGitConfigRepo(options: GitConfigRepoOptions): GitConfigRepo {
  const mirror = openMirror(options);
  const trees = treesOf(mirror);
  const maxFileBytes = options.maxFileBytes ?? 8 * 1024 * 1024;
  return {
    branch: mirror.branch,
    head: () => mirror.head(),
    read: async (revision, path) => {
      const entry = (await trees(revision)).find((candidate) => candidate.path === path);
      if (entry === undefined) return undefined;
      return (await readFiles(mirror, [checkPlain(entry, maxFileBytes)]))[0]!.bytes;
    },
    filesIn: async (revision, directory) => {
      const prefix = directory === '.' || directory === '' ? '' : `${directory.replace(/\/+$/, '')}/`;
      const direct = (await trees(revision)).filter(
        ({ path }) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'),
      );
      return readFiles(
        mirror,
        direct.map((entry) => checkPlain(entry, maxFileBytes)),
      );
    },
    filesContaining: async (revision, text) => {
      const entries = await trees(revision);
      const paths = new Set(await pathsContaining(mirror, revision, text));
      const found = entries.filter((entry) => paths.has(entry.path) && isPlain(entry));
      const small = found.filter((entry) => entry.size <= maxFileBytes);
      const tooLarge = found.filter((entry) => entry.size > maxFileBytes).map((entry) => entry.path);
      return { files: (await readFiles(mirror, small)).filter((file) => !isBinary(file.bytes)), tooLarge };
    },
    commit: async (request) => {
      const entries = await trees(request.parent);
      const revision = await writeCommit(mirror, entries, options.author, request);
      const result = await pushCommit(mirror, request.parent, revision, options.checkedOut ?? 'refuse');
      return result === 'pushed' ? { result: 'committed', revision } : { result };
    },
    recent: (revision, limit) => lastCommits(mirror, revision, limit),
    commits: async (limit) => lastCommits(mirror, await mirror.head(), limit),
  };
}

/** The listing of the last revision asked for is kept: a bump reads one revision many times. */
function treesOf(mirror: Mirror): (revision: string) => Promise<TreeEntry[]> {
  let kept: { revision: string; entries: Promise<TreeEntry[]> } | undefined;
  return (revision) => {
    if (kept?.revision !== revision) {
      const entries = mirror.ensure(revision).then(() => listTree(mirror, revision));
      kept = { revision, entries };
      entries.catch(() => {
        kept = undefined;
      });
    }
    return kept.entries;
  };
}

async function readFiles(mirror: Mirror, entries: readonly TreeEntry[]): Promise<RepoFile[]> {
  const blobs = await readBlobs(
    mirror,
    entries.map((entry) => entry.oid),
  );
  return entries.map((entry, index) => ({ path: entry.path, bytes: blobs[index]! }));
}

function isPlain(entry: TreeEntry): boolean {
  return entry.mode.startsWith('100');
}

/** As git decides it: a NUL in the first 8,000 bytes. */
function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0);
}

function checkPlain(entry: TreeEntry, maxFileBytes: number): TreeEntry {
  if (!isPlain(entry)) {
    throw new UserError(`${entry.path} is a symbolic link or a submodule: make it a plain file`, {
      code: 'not-a-file',
      subject: entry.path,
    });
  }
  if (entry.size <= maxFileBytes) return entry;
  throw new UserError(`${entry.path} has ${entry.size} bytes, more than the ${maxFileBytes} that are read`, {
    code: 'file-too-large',
    subject: entry.path,
  });
}
