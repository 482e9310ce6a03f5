import * as z from 'zod';
import { type GitHubRepo, nothing } from './client.ts';
import { isFailure } from './failure.ts';

const comparison = z.object({ status: z.enum(['ahead', 'behind', 'diverged', 'identical']) });

/**
 * True when `ancestor` is part of `revision`'s history. A commit that GitHub no longer has, or that shares nothing with the revision, is not. Throws
 * `GitHubFailure`, also for a comparison that GitHub does not manage: that is no answer.
 */
export async function isAncestor(repo: GitHubRepo, ancestor: string, revision: string): Promise<boolean> {
  try {
    const parameters = { basehead: `${ancestor}...${revision}`, per_page: 1 };
    const { status } = await repo.rest('GET /repos/{owner}/{repo}/compare/{basehead}', parameters, comparison);
    return status === 'ahead' || status === 'identical';
  } catch (error) {
    if (!isFailure(error, 'refused', 404)) throw error;
    // GitHub says the same of a repository that may not be seen: then this throws.
    await repo.rest('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', { commit_sha: revision }, nothing);
    return false;
  }
}
