import { branchOf, type Proposal, type ProposalRequest, type Proposed, proposalPrefix } from '../../bump/ports.ts';
import { RetryableError } from '../../model/errors.ts';
import { type Author, writeCommit } from './commit.ts';
import { remoteFailure } from './failure.ts';
import { lastCommits } from './history.ts';
import type { Mirror } from './mirror.ts';
import { remoteName } from './remote.ts';
import type { TreeEntry } from './tree.ts';

const prefix = `refs/heads/${proposalPrefix}`;

/** The proposals among the branches of a remote: those whose commit the head does not contain. A plain Git host knows of none that was declined. */
export async function readProposals(
  mirror: Mirror,
  head: string,
  heads: ReadonlyMap<string, string>,
): Promise<Proposal[]> {
  const branches = [...heads].filter(([name]) => name.startsWith(proposalPrefix));
  if (branches.length === 0) return [];
  await fetchBranches(mirror, branches);
  const found: Proposal[] = [];
  for (const [branch, revision] of branches) {
    const merged = await mirror.ask({ args: ['merge-base', '--is-ancestor', revision, head] });
    if (merged.code === 0) continue;
    const [commit] = await lastCommits(mirror, revision, 1, { files: false });
    found.push({
      group: branch.slice(proposalPrefix.length),
      branch,
      revision,
      trailers: commit?.trailers ?? [],
      state: 'open',
      ...(commit === undefined ? {} : { at: commit.at }),
      ...((await conflicts(mirror, head, revision)) && { conflicts: true }),
    });
  }
  return found.sort((a, b) => (a.branch < b.branch ? -1 : 1));
}

/** Git 2.38 and newer try a merge without a worktree; an older one does not tell. */
async function conflicts(mirror: Mirror, head: string, revision: string): Promise<boolean> {
  const answer = await mirror.ask({
    args: ['merge-tree', '--write-tree', '--no-messages', '--name-only', head, revision],
  });
  return answer.code === 1;
}

/** Makes the branch of a group point at one commit on `parent`, which a person then makes a pull request of. */
export async function pushProposal(
  mirror: Mirror,
  entries: readonly TreeEntry[],
  author: Author,
  request: ProposalRequest,
): Promise<Proposed> {
  const branch = branchOf(request);
  const revision = await writeCommit(mirror, entries, author, request);
  const ref = `refs/heads/${branch}`;
  const isNew = request.branch !== undefined;
  const lease = `--force-with-lease=${ref}:${request.replaces ?? ''}`;
  const force = request.replaces === undefined && !isNew ? '--force' : lease;
  const answer = await push(mirror, [force, remoteName, `${revision}:${ref}`]);
  if (answer === 'stale') throw movedMeanwhile(branch);
  const wishes = request.labels.length > 0 || request.reviewers.length > 0 || request.autoMerge;
  const warnings = wishes ? ['labels, reviewers and auto-merge need a host with pull requests'] : [];
  return { revision, branch, warnings };
}

/** Takes a proposal's branch away; nothing is told to anybody, because a plain Git host has no place for it. Throws `RetryableError` when somebody moved it since. */
export async function deleteProposal(mirror: Mirror, { branch, revision }: Proposal): Promise<void> {
  if (!branch.startsWith(proposalPrefix)) throw new Error(`${branch} is no branch of a proposal`);
  const ref = `refs/heads/${branch}`;
  const answer = await push(mirror, [`--force-with-lease=${ref}:${revision}`, '--delete', remoteName, ref]);
  if (answer === 'stale' && (await mirror.heads()).heads.has(branch)) throw movedMeanwhile(branch);
}

function movedMeanwhile(branch: string): RetryableError {
  return new RetryableError(`somebody moved ${branch} since it was read`, { code: 'proposal-moved', subject: branch });
}

async function fetchBranches(mirror: Mirror, branches: readonly [name: string, revision: string][]): Promise<void> {
  const missing: string[] = [];
  for (const [, revision] of branches) if (!(await mirror.has(revision))) missing.push(revision);
  if (missing.length === 0) return;
  const answer = await mirror.fetch(['--prune', remoteName, `+${prefix}*:${prefix}*`]);
  if (answer.code !== 0) throw remoteFailure('fetch from', mirror.remote, answer);
}

/** `stale`: the branch is not where it was seen, or not there at all. */
async function push(mirror: Mirror, args: readonly string[]): Promise<'pushed' | 'stale'> {
  const answer = await mirror.askRemote({ args: ['push', '--porcelain', '--no-verify', ...args], timeout: 120_000 });
  if (answer.code === 0) return 'pushed';
  if (
    /stale info|remote ref does not exist|reference already exists|cannot lock ref|failed to update ref|incorrect old value/.test(
      answer.stderr + answer.stdout.toString('utf8'),
    )
  )
    return 'stale';
  throw remoteFailure('push to', mirror.remote, answer);
}
