import {
  branchOf,
  type CommitRequest,
  type ConfigRepo,
  type ProposalRequest,
  type RepoFile,
  type SurveyStore,
} from '../../bump/ports.ts';
import { UserError } from '../../model/errors.ts';
import { treeFile } from '../../model/tree-path.ts';
import type { RepoPast } from '../../rollback/ports.ts';
import { isAncestor } from './ancestry.ts';
import type { ArchiveLimits } from './archive.ts';
import { lastChange } from './changed-at.ts';
import type { GitHub, GitHubRepo } from './client.ts';
import { commitOnBranch } from './commit.ts';
import { type Entry, entriesAt, fileOf, isPlain, notAFile } from './entries.ts';
import type { TreeFile } from './git-data.ts';
import { readHead, type ToldHead } from './head.ts';
import { changesOfFiles, findCommit, lineOf, listingOf } from './past.ts';
import { nameOf, proposalOf } from './proposal-branch.ts';
import { closeProposal, makeProposal } from './proposals.ts';
import { BranchSurveys, surveyedOtherwise } from './survey.ts';
import type { TreeEntry } from './tree.ts';
import { type Attempt, told } from './trouble.ts';

/** How a config repo on GitHub is opened. */
export interface GitHubConfigRepoOptions {
  client: GitHub;
  owner: string;
  repo: string;
  branch: string;
  /** Keeps what is known of the branch between two processes. */
  store: SurveyStore;
  /** Bytes of the largest file that is read; 8 MiB unless told. */
  maxFileBytes?: number;
  archive?: ArchiveLimits;
  /** Told of a store that fails: the work goes on without it. */
  warn?(message: string): void;
}

/**
 * A config repo on GitHub by its API alone: nothing is cloned, and there is no git binary. Commits are made the way that GitHub signs and shows
 * as verified; it chooses their time itself, `CommitRequest.at` cannot be set. Keep one a process; one head is looked at at a time.
 */
export function openGitHubConfigRepo(options: GitHubConfigRepoOptions): ConfigRepo & RepoPast {
  const { branch, maxFileBytes = 8 * 1024 * 1024 } = options;
  const repo = options.client.repo(options.owner, options.repo);
  const surveys = new BranchSurveys(repo, {
    store: options.store,
    key: `github/${repo.name.toLowerCase()}/${branch}`,
    maxFileBytes,
    limits: options.archive,
    warn: options.warn ?? (() => {}),
  });
  const reading: Attempt = { what: `read ${repo.name}`, subject: repo.name, needs: 'Contents: read' };
  const writing: Attempt = {
    what: `commit to ${branch} of ${repo.name}`,
    subject: repo.name,
    needs: 'Contents: write',
    branch,
  };
  const proposing = {
    subject: repo.name,
    needs: 'Contents: write and Pull requests: write',
  };
  let head: ToldHead | undefined;
  /** What is known of the paths of the head, which is what is edited. */
  const known = (revision: string) => (head?.revision === revision ? head.entries : undefined);
  const treeFiles = (request: Pick<CommitRequest, 'parent' | 'files'>) =>
    withModes(repo, request, known(request.parent) ?? new Map());
  const proposingIn = (request: ProposalRequest) => {
    const there = head?.branches.find((one) => nameOf(one) === branchOf(request))?.described.nodes[0];
    return there === undefined ? 'open a pull request' : `bring pull request #${there.number} up to date`;
  };
  const treeAt = (revision: string) => (head?.revision === revision ? head.tree : undefined);
  const listing = listingsOf(repo);
  return {
    branch,
    head: () =>
      told(reading, async () => {
        head = await readHead(repo, branch, maxFileBytes);
        const { revision, windlassFile, holds, suspends, recent, branches } = head;
        const proposals = branches.map((one) => proposalOf(one, branch)).filter((one) => one !== undefined);
        return {
          revision,
          ...(windlassFile === undefined ? {} : { windlassFile }),
          holds,
          suspends,
          recent,
          proposals,
        };
      }),
    survey: (revision, survey) => told(reading, () => surveys.survey(revision, survey)),
    read: (revision, paths) =>
      told(reading, async () => {
        const files: RepoFile[] = [];
        const entries = await entriesAt(repo, revision, paths, { text: true });
        for (const [index, path] of paths.entries()) {
          const entry = entries[index] ?? missing(path, revision);
          known(revision)?.set(path, entry);
          const surveyed = surveys.surveyedOid(revision, path);
          if (surveyed !== undefined && surveyed !== entry.oid) {
            await surveys.forget();
            throw surveyedOtherwise(path, revision);
          }
          files.push(await fileOf(repo, path, entry, maxFileBytes));
        }
        return files;
      }),
    changedAt: (revision, paths) => told(reading, () => lastChange(repo, revision, paths)),
    history: (revision, question) => told(reading, () => lineOf(repo, revision, question)),
    changes: (older, newer) => told(reading, () => changesOfFiles(repo, older, newer, listing)),
    find: (id) => told(reading, () => findCommit(repo, id)),
    isAncestor: (ancestor, revision) => told(reading, () => isAncestor(repo, ancestor, revision)),
    commit: (request) =>
      told(writing, async () => {
        const files = await treeFiles(request);
        const made = await commitOnBranch(repo, branch, { ...request, files, tree: treeAt(request.parent) });
        if (made.result === 'committed') await surveys.ownCommit(request.parent, made.revision, request.files);
        return made;
      }),
    // A name that cannot be one is told as everything else is.
    propose: async (request) =>
      await told({ ...proposing, what: `${proposingIn(request)} in ${repo.name}` }, async () => {
        head ??= await readHead(repo, branch, maxFileBytes);
        const commit = { ...request, files: await treeFiles(request), tree: treeAt(request.parent) };
        const made = await makeProposal(repo, branch, commit, head.branches);
        if (request.branch === undefined)
          head.branches = [made.branch, ...head.branches.filter((other) => nameOf(other) !== made.proposed.branch)];
        return made.proposed;
      }),
    withdraw: (proposal, why) =>
      told({ ...proposing, what: `close the pull request of ${proposal.branch} in ${repo.name}` }, () =>
        closeProposal(repo, proposal, why),
      ),
  };
}

/** The listings of the last commits asked for are kept: a rollback compares many with one head. */
function listingsOf(repo: GitHubRepo): (revision: string) => Promise<TreeEntry[]> {
  const kept = new Map<string, TreeEntry[]>();
  return async (revision) => {
    const known = kept.get(revision) ?? (await listingOf(repo, revision));
    kept.delete(revision);
    kept.set(revision, known);
    for (const old of kept.keys()) if (kept.size > mostListings) kept.delete(old);
    return known;
  };
}

const mostListings = 4;

/** The files of a commit with the modes that the parent has them with. Throws `UserError` for a link or submodule. */
async function withModes(
  repo: GitHubRepo,
  { parent, files }: Pick<CommitRequest, 'parent' | 'files'>,
  known: ReadonlyMap<string, Entry>,
): Promise<TreeFile[]> {
  if (files.length === 0) throw new Error('a commit without a file was asked for');
  const unknown = files.map(({ path }) => treeFile(path)).filter((path) => !known.has(path));
  const found = await entriesAt(repo, parent, unknown, { text: false });
  const asked = new Map(unknown.map((path, index) => [path, found[index]]));
  return files.map(({ path, bytes }) => {
    const entry = known.get(path) ?? asked.get(path);
    if (entry !== undefined && !isPlain(entry)) throw notAFile(path);
    if (entry === undefined && bytes === undefined) {
      throw new Error(`cannot delete ${path}: commit ${parent} does not have it`);
    }
    return { path, bytes, mode: entry?.mode ?? 0o100644 };
  });
}

function missing(path: string, revision: string): never {
  throw new UserError(`commit ${revision} has no file ${path}`, { code: 'file-missing', subject: path });
}
