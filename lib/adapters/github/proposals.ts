import { branchOf, type Proposal, type ProposalRequest, type Proposed, proposalBranch } from '../../bump/ports.ts';
import { commitMessage } from '../../model/commit-message.ts';
import { RetryableError } from '../../model/errors.ts';
import { isCommitOn, lookFor } from './branch-look.ts';
import { type GitHubRepo, nothing } from './client.ts';
import type { Commit } from './commit.ts';
import { isFailure } from './failure.ts';
import {
  createBranch,
  deleteBranch,
  isNoSuchRef,
  moveBranch,
  treeOf,
  writeCommitObject,
  writeTree,
} from './git-data.ts';
import { nameOf, type ProposalBranch } from './proposal-branch.ts';
import { changePull, findPull, openPull, readPull } from './pull-request.ts';
import { grantWishes } from './wishes.ts';

/** What a proposal is to be, with the modes of its files. */
export type ProposedCommit = Commit & Omit<ProposalRequest, keyof Commit | 'files' | 'at'>;

/** A proposal that was made, and its branch as the next head would tell it. */
export interface MadeProposal {
  proposed: Proposed;
  branch: ProposalBranch;
}

/**
 * Makes the branch of a group one commit on `parent`, in one step, so that its pull request never is without a change (GitHub would close it);
 * then the pull request with title, description and wishes. The same again changes nothing; a commit that is kept stays, whatever its parent. `known` are the branches as the head told them.
 * Throws `GitHubFailure`, and `RetryableError` when somebody moved the branch since.
 */
export async function makeProposal(
  repo: GitHubRepo,
  base: string,
  request: ProposedCommit,
  known: readonly ProposalBranch[],
): Promise<MadeProposal> {
  const name = branchOf(request);
  const before = known.find((candidate) => nameOf(candidate) === name)?.target;
  const target = await writeWanted(repo, request, before);
  const there = await findPull(repo, base, name);
  // As late as can be: a commit that a person put on the branch since is not to be lost.
  const now = there?.head.sha ?? (before === undefined ? undefined : await headOf(repo, name));
  if (now !== undefined && now !== before?.oid) throw movedMeanwhile(name);
  if (now !== target.oid) await moveTo(repo, name, target.oid, now !== undefined);
  const pull = there ?? (await openPull(repo, base, name, request));
  const { title, description } = request;
  if (pull.title !== title || shown(pull.body ?? '') !== shown(description)) {
    await changePull(repo, pull.number, { title, body: description });
  }
  const warnings = await grantWishes(repo, pull, request);
  const { number, html_url: url } = pull;
  const associatedPullRequests = {
    nodes: [
      {
        number,
        url,
        state: 'OPEN' as const,
        baseRefName: base,
        headRefOid: target.oid,
        isCrossRepository: false,
        mergeable: 'UNKNOWN' as const,
      },
    ],
  };
  return {
    proposed: { revision: target.oid, branch: name, number, url, warnings, at: target.committedDate },
    branch: {
      prefix: 'refs/heads/',
      name,
      target,
      associatedPullRequests,
      described: { nodes: [{ number, body: description }] },
    },
  };
}

/** A description without what GitHub does not keep. */
function shown(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}

/** Closes a proposal, says why on it, and takes its branch away. Throws `RetryableError` when somebody moved the branch since it was seen. */
export async function closeProposal(repo: GitHubRepo, proposal: Proposal, why: string): Promise<void> {
  const branch = proposalBranch(proposal.group);
  const pull = proposal.number === undefined ? undefined : await readPull(repo, proposal.number);
  const head = await headOf(repo, branch);
  if (head !== undefined && head !== proposal.revision) throw movedMeanwhile(branch);
  if (pull?.state === 'open') {
    const route = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';
    await repo.rest(route, { issue_number: pull.number, body: why }, nothing);
    await changePull(repo, pull.number, { state: 'closed' });
  }
  if (head !== undefined) await deleteBranch(repo, branch);
}

type Target = ProposalBranch['target'];

/** The commit that is wanted: the one that is there when it is the same, else a new one that no branch has yet. */
async function writeWanted(repo: GitHubRepo, request: ProposedCommit, before: Target | undefined): Promise<Target> {
  const { parent } = request;
  if (request.keeps === true && before?.oid === request.replaces) return before!;
  const message = commitMessage(request);
  const tree = await writeTree(repo, request.tree ?? (await treeOf(repo, parent)), request.files);
  if (before !== undefined && before.tree.oid === tree && isCommitOn(parent, message)(before)) return before;
  const { revision, at } = await writeCommitObject(repo, { message, tree, parent });
  return { oid: revision, committedDate: at, message, tree: { oid: tree }, parents: { nodes: [{ oid: parent }] } };
}

async function moveTo(repo: GitHubRepo, branch: string, revision: string, exists: boolean): Promise<void> {
  try {
    await moveOrCreate(repo, branch, revision, exists);
  } catch (error) {
    if (!isFailure(error, 'lost')) throw error;
    if ((await headOf(repo, branch)) !== revision) throw error;
  }
}

async function headOf(repo: GitHubRepo, branch: string): Promise<string | undefined> {
  const look = await lookFor(repo, branch, () => false);
  return 'head' in look ? look.head : undefined;
}

async function moveOrCreate(repo: GitHubRepo, branch: string, revision: string, exists: boolean): Promise<void> {
  try {
    if (exists) await moveBranch(repo, branch, revision, true);
    else await createBranch(repo, branch, revision);
  } catch (error) {
    // Taken away since the head was read, by a person or by the merge of the pull request.
    if (exists && isNoSuchRef(error)) await createBranch(repo, branch, revision);
    else if (isFailure(error, 'refused', 422) && /already exists/i.test(error.message)) throw movedMeanwhile(branch);
    else throw error;
  }
}

function movedMeanwhile(branch: string): RetryableError {
  return new RetryableError(`somebody moved ${branch} since it was read`, { code: 'proposal-moved', subject: branch });
}
