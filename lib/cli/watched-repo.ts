import {
  type CommitRequest,
  type ConfigRepo,
  type Proposal,
  type ProposalRequest,
  type Proposed,
  proposalPrefix,
} from '../bump/ports.ts';

/** What a flow saw of a config repo, and what it wrote there: in a dry run, what it would have written. */
export interface Watched {
  /** The commit that was looked at last. */
  head?: string;
  commit?: CommitRequest;
  /** The commit that was made; absent in a dry run. */
  revision?: string;
  proposals: { request: ProposalRequest; proposed: Proposed }[];
  withdrawn: { proposal: Proposal; why: string }[];
}

/**
 * The same config repo with somebody who notes what is written. In a dry run everything is read and nothing written: what is asked for is
 * noted, and answered as if the branch had stayed at the parent.
 */
export function watchedRepo(repo: ConfigRepo, { dryRun }: { dryRun: boolean }): { repo: ConfigRepo; watched: Watched } {
  const watched: Watched = { proposals: [], withdrawn: [] };
  const through: ConfigRepo = {
    branch: repo.branch,
    head: async () => {
      const head = await repo.head();
      watched.head = head.revision;
      return head;
    },
    survey: (revision, survey) => repo.survey(revision, survey),
    read: (revision, paths) => repo.read(revision, paths),
    changedAt: (revision, paths) => repo.changedAt(revision, paths),
    commit: async (request) => {
      const made = dryRun ? undefined : await repo.commit(request);
      if (made?.result === 'head-moved') return made;
      watched.commit = request;
      if (made !== undefined) watched.revision = made.revision;
      return made ?? { result: 'committed', revision: request.parent };
    },
    propose: async (request) => {
      const branch = `${proposalPrefix}${request.group}`;
      const proposed = dryRun ? { revision: request.parent, branch, warnings: [] } : await repo.propose(request);
      watched.proposals.push({ request, proposed });
      return proposed;
    },
    withdraw: async (proposal, why) => {
      if (!dryRun) await repo.withdraw(proposal, why);
      watched.withdrawn.push({ proposal, why });
    },
  };
  return { repo: through, watched };
}
