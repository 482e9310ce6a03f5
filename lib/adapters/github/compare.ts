import * as z from 'zod';
import type { GitHubRepo } from './client.ts';
import { GitHubFailure } from './failure.ts';

/** What differs between two commits, by path: what went, and what is there with other content or under another name. */
export interface Changes {
  gone: string[];
  changed: string[];
}

/** GitHub lists no more files of a comparison. */
const mostFiles = 300;

const comparison = z.object({
  status: z.enum(['ahead', 'behind', 'diverged', 'identical']),
  files: z
    .array(
      z.object({
        filename: z.string(),
        status: z.enum(['added', 'removed', 'modified', 'renamed', 'copied', 'changed', 'unchanged']),
        previous_filename: z.string().optional(),
      }),
    )
    .optional(),
});

/**
 * What `head` changed since `base`; undefined where GitHub cannot tell it all: another line of history, too many files, or a comparison that it
 * does not manage (it answers 404 for a commit that is gone, 5xx for one that takes too long). Throws `GitHubFailure` when it would not answer anything else either.
 */
export async function changesBetween(repo: GitHubRepo, base: string, head: string): Promise<Changes | undefined> {
  const answer = await compared(repo, base, head);
  if (answer === undefined) return undefined;
  const { status, files } = answer;
  if (status !== 'ahead' || files === undefined || files.length >= mostFiles) return undefined;
  const there = files.filter((file) => file.status !== 'removed');
  return {
    gone: files.flatMap((file) => [
      ...(file.status === 'removed' ? [file.filename] : []),
      ...(file.status === 'renamed' && file.previous_filename !== undefined ? [file.previous_filename] : []),
    ]),
    changed: there.map((file) => file.filename),
  };
}

/** The former path of each file that was renamed, by its present one; what GitHub cannot tell is left out. Throws `GitHubFailure` as `changesBetween`. */
export async function renamesBetween(repo: GitHubRepo, base: string, head: string): Promise<Map<string, string>> {
  const { files = [] } = (await compared(repo, base, head)) ?? {};
  return new Map(
    files.flatMap(({ status, filename, previous_filename: former }): [string, string][] =>
      status === 'renamed' && former !== undefined ? [[filename, former]] : [],
    ),
  );
}

/** Undefined where GitHub does not manage the comparison. */
async function compared(repo: GitHubRepo, base: string, head: string): Promise<z.infer<typeof comparison> | undefined> {
  try {
    // The files are told on the first page, whatever the size of the pages; pages are of commits.
    const parameters = { basehead: `${base}...${head}`, per_page: 1 };
    return await repo.rest('GET /repos/{owner}/{repo}/compare/{basehead}', parameters, comparison);
  } catch (error) {
    if (error instanceof GitHubFailure && error.kind !== 'limited' && error.status !== 401) return undefined;
    throw error;
  }
}
