import * as z from 'zod';
import type { GitHubRepo } from './client.ts';
import { lost } from './failure.ts';

/** Paths in one query: GitHub walks the history for each. */
const batch = 20;

const history = z.object({ nodes: z.array(z.object({ committedDate: z.iso.datetime({ offset: true }) })) });

/** When the last commit up to a revision was made that changed one of the paths; undefined when none did. Throws `GitHubFailure`. */
export async function lastChange(
  repo: GitHubRepo,
  revision: string,
  paths: readonly string[],
): Promise<Date | undefined> {
  const times: number[] = [];
  for (let at = 0; at < paths.length; at += batch) {
    times.push(...(await changesOf(repo, revision, paths.slice(at, at + batch))));
  }
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}

async function changesOf(repo: GitHubRepo, revision: string, paths: readonly string[]): Promise<number[]> {
  const fields = paths.map((_, index) => `h${index}: history(first: 1, path: $p${index}) { nodes { committedDate } }`);
  const query = `query Changed($owner: String!, $repo: String!, $oid: GitObjectID!, ${paths.map((_, index) => `$p${index}: String!`).join(', ')}) {
    repository(owner: $owner, name: $repo) { object(oid: $oid) { ... on Commit { oid ${fields.join(' ')} } } }
  }`;
  const shape = z.object({ repository: z.object({ object: z.looseObject({ oid: z.literal(revision) }) }) });
  const variables = Object.fromEntries(paths.map((path, index) => [`p${index}`, path]));
  const { object } = (await repo.query(query, { oid: revision, ...variables }, shape)).repository;
  return paths.flatMap((_, index) => {
    const told = history.safeParse(object[`h${index}`]);
    if (!told.success) throw lost('the answer about the history cannot be read');
    return told.data.nodes.map(({ committedDate }) => Date.parse(committedDate));
  });
}
