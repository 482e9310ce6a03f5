import * as z from 'zod';
import type { GitHistory, HistoryCommit, HistoryQuery, PullRequest } from '../../audit/ports.ts';
import { subjectOf, trailersIn } from '../../model/commit-message.ts';
import { mergeWalks } from '../../model/merge-walks.ts';
import { isAncestor } from './ancestry.ts';
import type { GitHub, GitHubRepo } from './client.ts';
import { conditional } from './conditional.ts';
import { lost } from './failure.ts';
import { noBranch } from './source.ts';
import { told } from './trouble.ts';

/** Which branch of which repository. */
export interface GitHubHistoryOptions {
  client: GitHub;
  owner: string;
  repo: string;
  branch: string;
}

/** Commits in one answer: GitHub gives no more. */
const pageSize = 100;
/** Commits whose pull requests one query asks for. */
const pullBatch = 25;
/** Files in one answer about a commit, which GitHub cuts at 3,000 in all. */
const filesInPage = 300;
const mostFiles = 3000;

const refShape = z.object({ object: z.object({ sha: z.string() }) });
const pageShape = z.object({
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
  nodes: z.array(
    z.object({
      oid: z.string(),
      message: z.string(),
      committedDate: z.string(),
      author: z.object({ name: z.string().nullish(), email: z.string().nullish() }).nullish(),
    }),
  ),
});
const historyShape = z.object({ repository: z.object({ object: z.object({ history: pageShape }) }) });
const filesShape = z.object({
  files: z
    .array(z.object({ filename: z.string(), status: z.string().optional(), previous_filename: z.string().optional() }))
    .optional(),
});
const pullsShape = z.object({
  associatedPullRequests: z.object({
    nodes: z.array(
      z.object({ number: z.number(), url: z.string(), title: z.string(), mergedAt: z.string().nullish() }),
    ),
  }),
});

const query = `query History($owner: String!, $repo: String!, $oid: GitObjectID!, $path: String, $since: GitTimestamp, $after: String) {
  repository(owner: $owner, name: $repo) {
    object(oid: $oid) { ... on Commit { history(first: ${pageSize}, path: $path, since: $since, after: $after) {
      pageInfo { hasNextPage endCursor } nodes { oid message committedDate author { name email } }
    } } }
  }
}`;

/** The history of a branch by GitHub's API: nothing is cloned. */
export function openGitHubHistory(options: GitHubHistoryOptions): GitHistory {
  const { branch } = options;
  const repo = options.client.repo(options.owner, options.repo);
  const reading = { what: `read the history of ${repo.name}`, subject: repo.name, needs: 'Contents: read' };
  const asking = { what: `read the pull requests of ${repo.name}`, subject: repo.name, needs: 'Pull requests: read' };
  const ref = conditional(repo, 'GET /repos/{owner}/{repo}/git/ref/{ref}', { ref: `heads/${branch}` }, refShape);
  return {
    branch,
    head: () => told(reading, async () => (await ref().catch((error) => noBranch(repo, branch, error))).object.sha),
    commits: (asked) => commitsOf((after, path) => told(reading, () => readPage(repo, asked, path, after)), asked),
    files: (revision) =>
      told(reading, async () =>
        (await filesOf(repo, revision)).flatMap(({ filename, previous_filename: before }) => [
          filename,
          ...(before ? [before] : []),
        ]),
      ),
    renames: (revision) => told(reading, () => renamesOf(repo, revision)),
    contains: (ancestor, revision) => told(reading, () => isAncestor(repo, ancestor, revision)),
    pullRequests: (revisions) => told(asking, () => pullsOf(repo, revisions)),
  };
}

type ReadPage = (after: string | undefined, path: string | undefined) => Promise<z.infer<typeof pageShape>>;

/** GitHub follows one path at a time: the histories of several are merged, the newest first. */
function commitsOf(read: ReadPage, { paths }: HistoryQuery): AsyncGenerator<HistoryCommit> {
  return mergeWalks((paths ?? [undefined]).map((path) => walk(read, path)));
}

async function* walk(read: ReadPage, path: string | undefined): AsyncGenerator<HistoryCommit> {
  let after: string | undefined;
  for (;;) {
    const { nodes, pageInfo } = await read(after, path);
    yield* nodes.map(commitOf);
    if (!pageInfo.hasNextPage) return;
    after = pageInfo.endCursor ?? undefined;
  }
}

async function readPage(
  repo: GitHubRepo,
  { from, since }: HistoryQuery,
  path: string | undefined,
  after: string | undefined,
): Promise<z.infer<typeof pageShape>> {
  // GitHub knows the root by no path at all.
  const below = path === '.' ? undefined : path;
  const variables = { oid: from, path: below ?? null, since: since ?? null, after: after ?? null };
  return (await repo.query(query, variables, historyShape)).repository.object.history;
}

function commitOf({ oid, message, committedDate, author }: z.infer<typeof pageShape>['nodes'][number]): HistoryCommit {
  return {
    revision: oid,
    subject: subjectOf(message),
    author: author?.name ?? '',
    ...(author?.email && { mail: author.email }),
    at: committedDate,
    committedAt: new Date(committedDate).toISOString(),
    trailers: trailersIn(message),
  };
}

type CommitFile = NonNullable<z.infer<typeof filesShape>['files']>[number];

async function filesOf(repo: GitHubRepo, revision: string): Promise<CommitFile[]> {
  const found: CommitFile[] = [];
  for (let page = 1; found.length < mostFiles; page++) {
    const route = 'GET /repos/{owner}/{repo}/commits/{ref}';
    const { files = [] } = await repo.rest(route, { ref: revision, per_page: filesInPage, page }, filesShape);
    found.push(...files);
    if (files.length < filesInPage) break;
  }
  return found;
}

async function renamesOf(repo: GitHubRepo, revision: string): Promise<Map<string, string>> {
  const files = await filesOf(repo, revision);
  return new Map(
    files.flatMap(({ status, filename, previous_filename: before }): [string, string][] =>
      status === 'renamed' && before !== undefined ? [[filename, before]] : [],
    ),
  );
}

/** Of several, the one that was merged: a commit may be in others that are open still. */
async function pullsOf(repo: GitHubRepo, revisions: readonly string[]): Promise<Map<string, PullRequest>> {
  const found = new Map<string, PullRequest>();
  for (let at = 0; at < revisions.length; at += pullBatch) {
    const some = revisions.slice(at, at + pullBatch);
    const names = some.map((_, index) => `$o${index}: GitObjectID!`).join(', ');
    const fields = some.map(
      (_, index) =>
        `c${index}: object(oid: $o${index}) { ... on Commit { associatedPullRequests(first: 5) { nodes { number url title mergedAt } } } }`,
    );
    const text = `query Pulls($owner: String!, $repo: String!, ${names}) { repository(owner: $owner, name: $repo) { ${fields.join(' ')} } }`;
    const shape = z.object({ repository: z.record(z.string(), z.unknown()) });
    const variables = Object.fromEntries(some.map((oid, index) => [`o${index}`, oid]));
    const { repository } = await repo.query(text, variables, shape);
    for (const [index, revision] of some.entries()) {
      const read = pullsShape.nullable().safeParse(repository[`c${index}`]);
      if (!read.success) throw lost('the answer about pull requests cannot be read');
      const nodes = read.data?.associatedPullRequests.nodes ?? [];
      const pull = nodes.find(({ mergedAt }) => mergedAt) ?? nodes[0];
      if (pull !== undefined) found.set(revision, { number: pull.number, url: pull.url, title: pull.title });
    }
  }
  return found;
}
