import * as z from 'zod';
import { UserError } from '../../model/errors.ts';
import type { GitHub } from './client.ts';
import { told } from './trouble.ts';

const query = `query DefaultBranch($owner: String!, $repo: String!) {
  repository(owner: $owner, name: $repo) { defaultBranchRef { name } }
}`;
const shape = z.object({ repository: z.object({ defaultBranchRef: z.object({ name: z.string() }).nullable() }) });

/** The repository's default branch. Throws `UserError` for a repository that is empty, missing or not to be seen, `RetryableError` when GitHub cannot be reached. */
export async function defaultBranch(client: GitHub, owner: string, name: string): Promise<string> {
  const repo = client.repo(owner, name);
  const attempt = { what: `read ${repo.name}`, subject: repo.name, needs: 'Contents: read' };
  const { repository } = await told(attempt, () => repo.query(query, {}, shape));
  if (repository.defaultBranchRef !== null) return repository.defaultBranchRef.name;
  throw new UserError(`${repo.name} has no commit yet: push a branch first`, {
    code: 'no-default-branch',
    subject: repo.name,
  });
}
