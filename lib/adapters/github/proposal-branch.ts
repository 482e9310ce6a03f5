import * as z from 'zod';
import { describesIn, type Proposal, proposalPrefix } from '../../bump/ports.ts';
import { trailersIn } from '../../model/commit-message.ts';

/** The branches of proposals begin with this. */
export const proposalRefPrefix = `refs/heads/${proposalPrefix}`;

/** What a query asks of each branch of a proposal. */
export const proposalBranchFields = `prefix name
  target { oid ... on Commit { message committedDate tree { oid } parents(first: 2) { nodes { oid } } } }
  associatedPullRequests(first: 20, orderBy: { field: CREATED_AT, direction: DESC }) {
    nodes { number url state baseRefName headRefOid isCrossRepository mergeable }
  }
  described: associatedPullRequests(first: 5, states: [OPEN]) { nodes { number body } }`;

/** A branch of a proposal with its pull requests, the newest first. */
export const proposalBranchShape = z.object({
  prefix: z.string(),
  name: z.string(),
  target: z.object({
    oid: z.string(),
    message: z.string(),
    committedDate: z.string(),
    tree: z.object({ oid: z.string() }),
    parents: z.object({ nodes: z.array(z.object({ oid: z.string() })) }),
  }),
  associatedPullRequests: z.object({
    nodes: z.array(
      z.object({
        number: z.number(),
        url: z.string(),
        state: z.enum(['OPEN', 'CLOSED', 'MERGED']),
        baseRefName: z.string(),
        headRefOid: z.string(),
        isCrossRepository: z.boolean(),
        mergeable: z.enum(['MERGEABLE', 'CONFLICTING', 'UNKNOWN']),
      }),
    ),
  }),
  /** The descriptions of the open ones. */
  described: z.object({ nodes: z.array(z.object({ number: z.number(), body: z.string() })) }),
});
export type ProposalBranch = z.infer<typeof proposalBranchShape>;

/** The branch's name without `refs/heads/`. */
export function nameOf({ prefix, name }: ProposalBranch): string {
  const full = `${prefix}${name}`;
  return full.startsWith(proposalRefPrefix) ? full.slice('refs/heads/'.length) : `${proposalPrefix}${name}`;
}

/**
 * The proposal that a branch is: with its open pull request; declined when the last one was closed as the branch still is; none when it was
 * merged so. A branch without a pull request of its commit is one whose making was cut off.
 */
export function proposalOf(branch: ProposalBranch, base: string): Proposal | undefined {
  const { target } = branch;
  const pulls = branch.associatedPullRequests.nodes.filter(
    (pull) => pull.baseRefName === base && !pull.isCrossRepository,
  );
  const open = pulls.find(({ state }) => state === 'OPEN');
  const last = open ?? pulls.find(({ headRefOid }) => headRefOid === target.oid);
  if (last?.state === 'MERGED') return undefined;
  const name = nameOf(branch);
  const described = branch.described.nodes.find(({ number }) => number === open?.number);
  return {
    group: name.slice(proposalPrefix.length),
    branch: name,
    revision: target.oid,
    trailers: trailersIn(target.message),
    at: target.committedDate,
    state: last?.state === 'CLOSED' ? 'declined' : 'open',
    ...(last?.state !== 'CLOSED' && { describes: describesIn(described?.body ?? '') }),
    ...(open?.mergeable === 'CONFLICTING' && { conflicts: true }),
    ...(last === undefined ? {} : { number: last.number, url: last.url }),
  };
}
