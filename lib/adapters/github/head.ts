import * as z from 'zod';
import type { Head, RecentCommit, RepoFile } from '../../bump/ports.ts';
import { holdsDirectory } from '../../config/holds.ts';
import { suspendsDirectory } from '../../config/suspends.ts';
import { windlassFileName } from '../../config/windlass-file.ts';
import { subjectOf, trailersIn } from '../../model/commit-message.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import { blobFields, blobShape } from './blob.ts';
import type { GitHubRepo } from './client.ts';
import { type Entry, entryShape, fileOf } from './entries.ts';
import {
  type ProposalBranch,
  proposalBranchFields,
  proposalBranchShape,
  proposalRefPrefix,
} from './proposal-branch.ts';

/** The head with what only the adapter needs of it. */
export interface ToldHead extends Omit<Head, 'proposals'> {
  /** The root tree. */
  tree: string;
  /** Of the files of the head, by path. */
  entries: Map<string, Entry>;
  branches: ProposalBranch[];
}

/** How often the query is asked when the branch moves while GitHub answers it. */
const attempts = 4;

const directoryFields = `oid ... on Tree { entries { name type mode oid object { ${blobFields} } } }`;
const query = `query Head($owner: String!, $repo: String!, $ref: String!, $windlassFile: String!, $holds: String!, $suspends: String!, $prefix: String!) {
  repository(owner: $owner, name: $repo) {
    ref(qualifiedName: $ref) {
      target {
        oid
        ... on Commit {
          tree { oid entries { name type mode oid } }
          history(first: 20) { nodes { oid message committedDate author { name } } }
        }
      }
    }
    windlassFile: object(expression: $windlassFile) { oid ${blobFields} }
    holds: object(expression: $holds) { ${directoryFields} }
    suspends: object(expression: $suspends) { ${directoryFields} }
    refs(refPrefix: $prefix, first: 100) { pageInfo { hasNextPage endCursor } nodes { ${proposalBranchFields} } }
  }
}`;
const moreBranches = `query Branches($owner: String!, $repo: String!, $prefix: String!, $after: String!) {
  repository(owner: $owner, name: $repo) {
    refs(refPrefix: $prefix, first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { ${proposalBranchFields} } }
  }
}`;

const branchesShape = z.object({
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
  nodes: z.array(proposalBranchShape),
});
const namedEntry = entryShape.extend({ name: z.string(), type: z.string() });
const directoryShape = z.object({ oid: z.string(), entries: z.array(namedEntry).optional() });
const commitShape = z.object({
  oid: z.string(),
  tree: z.object({ oid: z.string(), entries: z.array(namedEntry) }),
  history: z.object({
    nodes: z.array(
      z.object({
        oid: z.string(),
        message: z.string(),
        committedDate: z.string(),
        author: z.object({ name: z.string().nullish() }).nullish(),
      }),
    ),
  }),
});
const headShape = z.object({
  repository: z.object({
    ref: z.object({ target: commitShape }).nullable(),
    windlassFile: blobShape.extend({ oid: z.string() }).nullable(),
    holds: directoryShape.nullable(),
    suspends: directoryShape.nullable(),
    refs: branchesShape.nullish(),
  }),
});
const moreShape = z.object({ repository: z.object({ refs: branchesShape }) });
type Answer = z.infer<typeof headShape>['repository'];
type Named = z.infer<typeof namedEntry>;

/** The branch as it is now, by one query. Throws `UserError` when it is missing, `RetryableError` when it does not stand still. */
export async function readHead(repo: GitHubRepo, branch: string, maxFileBytes: number): Promise<ToldHead> {
  const ref = `refs/heads/${branch}`;
  const variables = {
    ref,
    windlassFile: `${ref}:${windlassFileName}`,
    holds: `${ref}:${holdsDirectory}`,
    suspends: `${ref}:${suspendsDirectory}`,
    prefix: proposalRefPrefix,
  };
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { repository } = await repo.query(query, variables, headShape);
    if (repository.ref === null) throw branchMissing(repo, branch);
    if (isOneSnapshot(repository, repository.ref.target)) {
      return assemble(repo, repository, repository.ref.target, maxFileBytes);
    }
  }
  throw new RetryableError(`the head of ${branch} moved ${attempts} times while it was read`, {
    code: 'head-moved',
    subject: branch,
  });
}

/** A query may see the branch at two commits: what it found by the branch's name must be what the commit has. */
function isOneSnapshot(answer: Answer, commit: z.infer<typeof commitShape>): boolean {
  const inRoot = new Map(commit.tree.entries.map((entry) => [entry.name, entry.oid]));
  return (
    inRoot.get(windlassFileName) === answer.windlassFile?.oid &&
    inRoot.get(holdsDirectory) === answer.holds?.oid &&
    inRoot.get(suspendsDirectory) === answer.suspends?.oid
  );
}

async function assemble(
  repo: GitHubRepo,
  answer: Answer,
  commit: z.infer<typeof commitShape>,
  maxFileBytes: number,
): Promise<ToldHead> {
  const root = commit.tree.entries;
  const windlassFile = root.find(({ name }) => name === windlassFileName);
  const read = (path: string, entry: z.infer<typeof entryShape>) => fileOf(repo, path, entry, maxFileBytes);
  const entries = new Map<string, Entry>();
  const filesIn = async (directory: string, listed: readonly Named[]): Promise<RepoFile[]> => {
    const files: RepoFile[] = [];
    for (const entry of listed.filter(({ type }) => type !== 'tree')) {
      const path = `${directory}/${entry.name}`;
      entries.set(path, entry);
      files.push(await read(path, entry));
    }
    return files;
  };
  for (const entry of root) if (entry.type !== 'tree') entries.set(entry.name, entry);
  return {
    revision: commit.oid,
    ...(windlassFile === undefined
      ? {}
      : { windlassFile: (await read(windlassFileName, { ...windlassFile, object: answer.windlassFile })).bytes }),
    holds: await filesIn(holdsDirectory, answer.holds?.entries ?? []),
    suspends: await filesIn(suspendsDirectory, answer.suspends?.entries ?? []),
    recent: commit.history.nodes.map(recentOf),
    tree: commit.tree.oid,
    entries,
    branches: await allBranches(repo, answer.refs),
  };
}

function recentOf(commit: z.infer<typeof commitShape>['history']['nodes'][number]): RecentCommit {
  return {
    revision: commit.oid,
    subject: subjectOf(commit.message),
    author: commit.author?.name ?? '',
    at: commit.committedDate,
    trailers: trailersIn(commit.message),
  };
}

async function allBranches(
  repo: GitHubRepo,
  first: z.infer<typeof branchesShape> | null | undefined,
): Promise<ProposalBranch[]> {
  const found = [...(first?.nodes ?? [])];
  let page = first?.pageInfo;
  while (page?.hasNextPage === true) {
    const { repository } = await repo.query(
      moreBranches,
      { prefix: proposalRefPrefix, after: page.endCursor },
      moreShape,
    );
    found.push(...repository.refs.nodes);
    page = repository.refs.pageInfo;
  }
  return found;
}

function branchMissing(repo: GitHubRepo, branch: string): UserError {
  return new UserError(`${repo.name} has no branch ${branch}: push the branch first, or name another`, {
    code: 'branch-missing',
    subject: branch,
  });
}
