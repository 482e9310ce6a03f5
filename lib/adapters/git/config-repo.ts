import type { ConfigRepo, RepoFile } from '../../bump/ports.ts';
import { holdsDirectory } from '../../config/holds.ts';
import { suspendsDirectory } from '../../config/suspends.ts';
import { windlassFileName } from '../../config/windlass-file.ts';
import { UserError } from '../../model/errors.ts';
import type { CommitSummary } from '../../model/state.ts';
import type { RepoPast } from '../../rollback/ports.ts';
import { type Author, writeCommit } from './commit.ts';
import { changedAt, lastCommits } from './history.ts';
import { type Mirror, type MirrorOptions, openMirror } from './mirror.ts';
import { pastOf } from './past.ts';
import { deleteProposal, pushProposal, readProposals } from './proposals.ts';
import { type CheckedOut, pushCommit } from './push.ts';
import { MirrorSurveys } from './survey.ts';
import { listTree, readBlobs, type TreeEntry } from './tree.ts';

/** How a config repo is opened. */
export interface GitConfigRepoOptions extends MirrorOptions {
  author: Author;
  /** `refuse` unless told. */
  checkedOut?: CheckedOut;
  /** Bytes of the largest file that is read; 8 MiB unless told. */
  maxFileBytes?: number;
}

/** A config repo that can also tell its last commits. */
export interface GitConfigRepo extends ConfigRepo, RepoPast {
  /** The last commits of the branch, newest first, along first parents. */
  commits(limit: number): Promise<CommitSummary[]>;
}

/** How many commits a head tells of. */
const recentCommits = 20;

/**
 * A config repo by the git binary: any host, or a path. Reads from a bare copy in `cacheDir`, commits there without a worktree and pushes
 * with compare and swap. Throws `UserError` for an impossible URL or branch name.
 */
export function openGitConfigRepo(options: GitConfigRepoOptions): GitConfigRepo {
  const mirror = openMirror(options);
  const trees = treesOf(mirror);
  const maxFileBytes = options.maxFileBytes ?? 8 * 1024 * 1024;
  const surveys = new MirrorSurveys(mirror, maxFileBytes);
  const filesAt = (entries: readonly TreeEntry[]) =>
    readFiles(
      mirror,
      entries.map((entry) => checkPlain(entry, maxFileBytes)),
    );
  return {
    ...pastOf(mirror),
    branch: mirror.branch,
    head: async () => {
      const { head, heads } = await mirror.heads();
      const entries = await trees(head);
      const windlassFile = entries.filter(({ path }) => path === windlassFileName);
      return {
        revision: head,
        ...(windlassFile.length === 0 ? {} : { windlassFile: (await filesAt(windlassFile))[0]!.bytes }),
        holds: await filesAt(directlyIn(entries, holdsDirectory)),
        suspends: await filesAt(directlyIn(entries, suspendsDirectory)),
        recent: await lastCommits(mirror, head, recentCommits, { files: false, merged: true }),
        proposals: await readProposals(mirror, head, heads),
      };
    },
    survey: async (revision, survey) => surveys.survey(revision, await trees(revision), survey),
    read: async (revision, paths) => {
      const entries = new Map((await trees(revision)).map((entry) => [entry.path, entry]));
      return filesAt(paths.map((path) => entries.get(path) ?? missing(path, revision)));
    },
    changedAt: async (revision, paths) => {
      await mirror.ensure(revision);
      return changedAt(mirror, revision, paths);
    },
    commit: async (request) => {
      const entries = await trees(request.parent);
      const revision = await writeCommit(mirror, entries, options.author, request);
      const result = await pushCommit(mirror, request.parent, revision, options.checkedOut ?? 'refuse');
      return result === 'pushed' ? { result: 'committed', revision } : { result };
    },
    propose: async (request) => pushProposal(mirror, await trees(request.parent), options.author, request),
    withdraw: (proposal) => deleteProposal(mirror, proposal),
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

function directlyIn(entries: readonly TreeEntry[], directory: string): TreeEntry[] {
  const prefix = `${directory}/`;
  return entries.filter(({ path }) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'));
}

async function readFiles(mirror: Mirror, entries: readonly TreeEntry[]): Promise<RepoFile[]> {
  const blobs = await readBlobs(
    mirror,
    entries.map((entry) => entry.oid),
  );
  return entries.map((entry, index) => ({ path: entry.path, bytes: blobs[index]! }));
}

function missing(path: string, revision: string): never {
  throw new UserError(`commit ${revision} has no file ${path}`, { code: 'file-missing', subject: path });
}

function checkPlain(entry: TreeEntry, maxFileBytes: number): TreeEntry {
  if (!entry.mode.startsWith('100')) {
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
