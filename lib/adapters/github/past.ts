import * as z from 'zod';
import { subjectOf, trailersIn } from '../../model/commit-message.ts';
import type { FileChange, HistoryQuestion, LineCommit } from '../../model/config-repo.ts';
import { UserError } from '../../model/errors.ts';
import type { GitHubRepo } from './client.ts';
import { renamesBetween } from './compare.ts';
import { isFailure, lost } from './failure.ts';
import { readTree, type TreeEntry } from './tree.ts';

/** Commits in one query, and paths that are asked for of each. */
const page = 50;
const batch = 20;
/** A question that needs more commits than these is not answered. */
const mostCommits = 5000;

const entryShape = z.object({ oid: z.string(), mode: z.number() }).nullable();
const said = {
  oid: z.string(),
  message: z.string(),
  committedDate: z.string(),
  author: z.object({ name: z.string().nullish() }).nullish(),
};
const parentShape = z.object({ ...said, parents: z.object({ nodes: z.array(z.object({ oid: z.string() })) }) });
const nodeShape = z.looseObject({
  ...said,
  parents: z.object({ nodes: z.array(parentShape) }),
  tree: z.object({ oid: z.string() }),
});
const pageShape = z.object({
  repository: z.object({
    object: z.looseObject({ oid: z.string(), history: z.object({ nodes: z.array(nodeShape) }) }).nullable(),
  }),
});

/** A commit, and what it has at the paths asked for: an id of Git for each, or nothing. */
interface Seen extends LineCommit {
  contents: string[];
}

/**
 * The commits of the line that ends at a revision, newest first. GitHub tells histories with all parents, so they are asked for by pages and the line is
 * followed in them. Throws `GitHubFailure`, and `UserError` for a line that is too long.
 */
export async function lineOf(repo: GitHubRepo, revision: string, question: HistoryQuestion): Promise<LineCommit[]> {
  const { paths, until, after, limit } = question;
  const found: LineCommit[] = [];
  let before: Seen | undefined;
  let looked = 0;
  for await (const commit of line(repo, revision, paths ?? [])) {
    if (before !== undefined && isWanted(before, commit, question)) found.push(told(before));
    if (found.length === limit || commit.revision === after) return found;
    before = commit;
    looked += 1;
    if (looked > mostCommits)
      throw new UserError(
        `${repo.name} was searched ${mostCommits} commits back from ${revision.slice(0, 12)} in vain: name a commit`,
        { code: 'history-too-long', subject: revision },
      );
  }
  const isFirst = before !== undefined && (paths === undefined || before.contents.some((one) => one !== ''));
  if (isFirst && isBefore(before!, until)) found.push(told(before!));
  return found;
}

function isWanted(commit: Seen, parent: Seen, { paths, until }: HistoryQuestion): boolean {
  const changed = paths === undefined || commit.contents.some((one, index) => one !== parent.contents[index]);
  return changed && isBefore(commit, until);
}

function isBefore({ at }: LineCommit, until: Date | undefined): boolean {
  return until === undefined || Date.parse(at) <= until.getTime();
}

function told({ contents: _, ...commit }: Seen): LineCommit {
  return commit;
}

async function* line(repo: GitHubRepo, revision: string, paths: readonly string[]): AsyncGenerator<Seen> {
  for (let next: string | undefined = revision; next !== undefined; ) {
    const known: ReadonlyMap<string, Seen> = await pageFrom(repo, next, paths);
    if (!known.has(next)) throw lost('the answer about the history lacks the commit that was asked for');
    while (next !== undefined && known.has(next)) {
      const commit: Seen = known.get(next)!;
      yield commit;
      next = commit.parent;
    }
  }
}

async function pageFrom(repo: GitHubRepo, revision: string, paths: readonly string[]): Promise<Map<string, Seen>> {
  const found = new Map<string, Seen>();
  for (let at = 0; at === 0 || at < paths.length; at += batch) {
    const some = paths.slice(at, at + batch);
    for (const commit of await queried(repo, revision, some)) {
      const known = found.get(commit.revision);
      found.set(commit.revision, known ? { ...known, contents: [...known.contents, ...commit.contents] } : commit);
    }
  }
  return found;
}

async function queried(repo: GitHubRepo, revision: string, paths: readonly string[]): Promise<Seen[]> {
  // The root is no entry of a tree.
  const entries = paths.flatMap((path, index) => (path === '.' ? [] : [{ path, index }]));
  const declared = entries.map(({ index }) => `, $p${index}: String!`).join('');
  const fields = entries.map(({ index }) => `f${index}: file(path: $p${index}) { oid mode }`).join(' ');
  const variables = Object.fromEntries(entries.map(({ path, index }) => [`p${index}`, path]));
  // The third parent tells a merge of more than two.
  const query = `query Line($owner: String!, $repo: String!, $oid: GitObjectID!${declared}) {
    repository(owner: $owner, name: $repo) { object(oid: $oid) { ... on Commit { oid
      history(first: ${page}) { nodes { oid message committedDate author { name } tree { oid } ${fields}
        parents(first: 3) { nodes { oid message committedDate author { name } parents(first: 1) { nodes { oid } } } } } }
    } } }
  }`;
  const { repository } = await repo.query(query, { oid: revision, ...variables }, pageShape);
  if (repository.object === null)
    throw new UserError(`${repo.name} has no commit ${revision}`, { code: 'revision-missing', subject: revision });
  return repository.object.history.nodes.map((node) => {
    const [, merged, ...more] = node.parents.nodes;
    return {
      ...commitOf(node),
      ...(merged === undefined || more.length > 0 ? {} : { merged: commitOf(merged) }),
      contents: paths.map((path, index) => (path === '.' ? node.tree.oid : contentOf(node[`f${index}`]))),
    };
  });
}

interface SaidCommit extends Omit<z.infer<typeof parentShape>, 'parents'> {
  parents: { nodes: { oid: string }[] };
}

function commitOf({ oid, message, committedDate, author, parents }: SaidCommit): LineCommit {
  const [parent] = parents.nodes;
  return {
    revision: oid,
    subject: subjectOf(message),
    author: author?.name ?? '',
    at: committedDate,
    trailers: trailersIn(message),
    ...(parent === undefined ? {} : { parent: parent.oid }),
  };
}

function contentOf(value: unknown): string {
  const entry = entryShape.safeParse(value);
  if (!entry.success) throw lost('the answer about the history cannot be read');
  return entry.data === null ? '' : `${entry.data.mode} ${entry.data.oid}`;
}

/** What became of each file from one commit to another, by their listings; renames as far as GitHub tells them, or the bytes stayed the same. */
export async function changesOfFiles(
  repo: GitHubRepo,
  older: string,
  newer: string,
  treeAt: (revision: string) => Promise<readonly TreeEntry[]>,
): Promise<FileChange[]> {
  const [was, is] = [await treeAt(older), await treeAt(newer)].map(
    (entries) => new Map(entries.map((entry) => [entry.path, entry])),
  );
  const changed = [...is!.values()].filter((entry) => was!.has(entry.path) && !isSame(was!.get(entry.path)!, entry));
  const added = [...is!.values()].filter(({ path }) => !was!.has(path));
  const gone = new Map([...was!.values()].filter(({ path }) => !is!.has(path)).map((entry) => [entry.path, entry]));
  const renames = added.length > 0 && gone.size > 0 ? await renamesBetween(repo, older, newer) : new Map();
  const found: FileChange[] = changed.map((entry) => ({ was: there(was!.get(entry.path)!), is: there(entry) }));
  for (const entry of added) {
    const former = gone.get(renames.get(entry.path) ?? '') ?? [...gone.values()].find((old) => isSame(old, entry));
    if (former !== undefined) gone.delete(former.path);
    found.push({ ...(former === undefined ? {} : { was: there(former) }), is: there(entry) });
  }
  return [...found, ...[...gone.values()].map((entry) => ({ was: there(entry) }))];
}

function isSame(one: TreeEntry, other: TreeEntry): boolean {
  return one.oid === other.oid && one.kind === other.kind;
}

function there({ path, kind }: TreeEntry): { path: string; plain: boolean } {
  return { path, plain: kind === 'file' };
}

/** The listing of a commit. Throws `UserError` for a commit that is not there. */
export async function listingOf(repo: GitHubRepo, revision: string): Promise<TreeEntry[]> {
  try {
    return await readTree(repo, revision, {});
  } catch (error) {
    if (!isFailure(error, 'refused', 404, 422)) throw error;
    throw new UserError(`${repo.name} has no commit ${revision}`, { code: 'revision-missing', subject: revision });
  }
}

const objectShape = z.object({
  repository: z.object({ object: z.looseObject({ __typename: z.string(), oid: z.string() }).nullable() }),
});

/** The whole id of a commit by a part of it. */
export async function findCommit(repo: GitHubRepo, id: string): Promise<string | undefined> {
  if (!/^[0-9a-f]{7,40}$/i.test(id))
    throw new UserError(`"${id}" is no id of a commit`, { code: 'usage', subject: id });
  const query = `query Find($owner: String!, $repo: String!, $id: String!) {
    repository(owner: $owner, name: $repo) { object(expression: $id) { __typename oid } }
  }`;
  const { object } = (await repo.query(query, { id: id.toLowerCase() }, objectShape)).repository;
  // A branch or tag may have a name of hex digits.
  return object?.__typename === 'Commit' && object.oid.startsWith(id.toLowerCase()) ? object.oid : undefined;
}
