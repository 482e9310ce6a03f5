import * as z from 'zod';
import type { GitHubRepo } from './client.ts';

const query = `query Look($owner: String!, $repo: String!, $ref: String!) {
  repository(owner: $owner, name: $repo) {
    ref(qualifiedName: $ref) {
      target { oid ... on Commit { history(first: 50) { nodes { oid message committedDate parents(first: 2) { nodes { oid } } } } } }
    }
  }
}`;
const commit = z.object({
  oid: z.string(),
  message: z.string(),
  committedDate: z.string(),
  parents: z.object({ nodes: z.array(z.object({ oid: z.string() })) }),
});
const shape = z.object({
  repository: z.object({
    ref: z.object({ target: z.object({ oid: z.string(), history: z.object({ nodes: z.array(commit) }) }) }).nullable(),
  }),
});
type Told = z.infer<typeof commit>;

/** How a branch stands after a write whose answer got lost. */
export type BranchLook = { found: string; at: string } | { head: string | undefined };

/** Looks for a commit of ours among the last 50 of a branch; where it is not, the branch's head (undefined: there is no branch). Throws `GitHubFailure`. */
export async function lookFor(
  repo: GitHubRepo,
  branch: string,
  isOurs: (commit: Told) => boolean,
): Promise<BranchLook> {
  const { repository } = await repo.query(query, { ref: `refs/heads/${branch}` }, shape);
  const target = repository.ref?.target;
  const ours = target?.history.nodes.find(isOurs);
  return ours === undefined ? { head: target?.oid } : { found: ours.oid, at: ours.committedDate };
}

/** True for the one commit on a parent with this whole message: bump writes its events into it, so that no other has the same. */
export function isCommitOn(parent: string, message: string): (commit: Omit<Told, 'committedDate'>) => boolean {
  return (commit) =>
    commit.parents.nodes.length === 1 &&
    commit.parents.nodes[0]!.oid === parent &&
    commit.message.trimEnd() === message.trimEnd();
}
