import { commitOf, reachable, touches } from './history.ts';
import { type Commit, type Found, type Signature, treeMode } from './objects.ts';
import { isMergeable } from './pulls.ts';
import { Refused } from './refused.ts';
import { iso, isoSeconds, nodeId, pullId, pullUrl } from './shapes.ts';
import type { Pull, Repository } from './state.ts';

/** What GitHub cuts a blob's text to, in bytes: the flag isTruncated says so. */
export const maxTextBytes = 512 * 1000;

type Fields = Record<string, unknown>;
interface Page {
  first?: number | null;
  last?: number | null;
  after?: string | null;
}

/** The objects of one repository as GraphQL shows them. */
export interface GraphqlObjects {
  repository(): Fields;
  commit(commit: Commit): Fields;
  ref(name: string, oid: string): Fields;
  pull(pull: Pull): Fields;
}

/** Every field is a value or a function of its arguments. */
export function graphqlObjects(repository: Repository, web: string): GraphqlObjects {
  const { objects } = repository;
  const html = `${web}/${repository.owner}/${repository.name}`;

  const gitObject = (oid: string): Fields | null => {
    const known = objects.commits.get(oid);
    if (known !== undefined) return commit(known);
    if (objects.trees.has(oid)) return tree(oid, '');
    return objects.blobs.has(oid) ? blob(oid) : null;
  };
  const common = (oid: string) => ({
    id: nodeId('Object', oid),
    oid,
    abbreviatedOid: oid.slice(0, 7),
    commitUrl: `${html}/commit/${oid}`,
    repository: repositoryFields,
  });
  const blob = (oid: string): Fields => ({ __typename: 'Blob', ...common(oid), ...textOf(objects.blobs.get(oid)!) });
  const tree = (oid: string, path: string): Fields => ({
    __typename: 'Tree',
    ...common(oid),
    entries: () =>
      objects.trees.get(oid)!.map(({ name, ...found }) => entry(path === '' ? name : `${path}/${name}`, found)),
  });
  const entry = (path: string, { mode, oid }: Found): Fields => ({
    name: path.split('/').at(-1),
    path,
    pathRaw: Buffer.from(path).toString('base64'),
    oid,
    mode: Number.parseInt(mode, 8),
    type: mode === treeMode ? 'tree' : mode === '160000' ? 'commit' : 'blob',
    size: objects.blobs.get(oid)?.length ?? 0,
    extension: /\.[^.]+$/.exec(path)?.[0] ?? '',
    isGenerated: false,
    object: () => (mode === treeMode ? tree(oid, path) : mode === '160000' ? null : blob(oid)),
    repository: repositoryFields,
  });

  const commit = (known: Commit): Fields => ({
    __typename: 'Commit',
    ...common(known.oid),
    url: `${html}/commit/${known.oid}`,
    message: known.message,
    messageHeadline: known.message.split('\n')[0],
    messageBody: known.message.split('\n').slice(1).join('\n').trim(),
    authoredDate: isoSeconds(known.author.seconds),
    committedDate: isoSeconds(known.committer.seconds),
    author: actor(known.author),
    committer: actor(known.committer),
    committedViaWeb: known.verified,
    signature: known.verified
      ? { __typename: 'GpgSignature', isValid: true, state: 'VALID', wasSignedByGitHub: true }
      : null,
    tree: () => tree(known.tree, ''),
    file: ({ path }: { path: string }) => {
      const found = objects.lookUp(known.tree, path);
      return found === undefined || path === '' ? null : entry(path.replace(/^\/+|\/+$/g, ''), found);
    },
    parents: (page: Page) =>
      connection(
        known.parents.map((oid) => commit(commitOf(objects, oid))),
        page,
        'parents',
      ),
    history: (args: Page & { path?: string; since?: string; until?: string }) => history(known.oid, args),
    associatedPullRequests: (page: Page) =>
      connection(
        repository.pulls.filter((each) => each.headOid === known.oid || each.mergeCommit === known.oid).map(pull),
        page,
        'associatedPullRequests',
      ),
  });
  const actor = ({ name, email, seconds }: Signature): Fields => ({
    name,
    email,
    date: isoSeconds(seconds),
    user: null,
  });

  /** Lazy: a page of a long history must not cost the whole. */
  const history = (from: string, args: Page & { path?: string; since?: string; until?: string }): Fields => {
    const first = pageSize(args, 'history');
    let skip = args.after == null ? 0 : Number(args.after.split(' ')[1]) + 1;
    const nodes: Fields[] = [];
    const start = skip;
    let more = false;
    for (const each of reachable(objects, from)) {
      const at = each.committer.seconds * 1000;
      if (args.since != null && at < Date.parse(args.since)) continue;
      if (args.until != null && at > Date.parse(args.until)) continue;
      if (args.path != null && !touches(objects, each, args.path)) continue;
      if (skip-- > 0) continue;
      if (nodes.length === first) {
        more = true;
        break;
      }
      nodes.push(commit(each));
    }
    const cursor = (at: number) => `${from} ${start + at}`;
    return {
      nodes,
      edges: nodes.map((node, at) => ({ node, cursor: cursor(at) })),
      pageInfo: pageInfo(
        start > 0,
        more,
        nodes.length === 0 ? null : cursor(0),
        nodes.length === 0 ? null : cursor(nodes.length - 1),
      ),
      totalCount: () => [...reachable(objects, from)].length,
    };
  };

  const ref = (name: string, oid: string): Fields => {
    const short = name.replace(/^refs\/[^/]+\//, '');
    return {
      __typename: 'Ref',
      id: nodeId('Ref', name),
      name: short,
      prefix: name.slice(0, name.length - short.length),
      target: () => commit(commitOf(objects, oid)),
      repository: repositoryFields,
      associatedPullRequests: (args: Page & PullFilter) =>
        pulls({ ...args, headRefName: short }, 'associatedPullRequests'),
    };
  };
  interface PullFilter {
    states?: string[] | null;
    headRefName?: string | null;
    baseRefName?: string | null;
    orderBy?: { field: string; direction: string } | null;
  }
  const pulls = (args: Page & PullFilter, name: string): Fields => {
    const found = repository.pulls
      .filter((each) => args.states == null || args.states.includes(stateOf(each)))
      .filter((each) => args.headRefName == null || each.head === args.headRefName)
      .filter((each) => args.baseRefName == null || each.base === args.baseRefName);
    if (args.orderBy?.direction === 'DESC') found.reverse();
    return connection(found.map(pull), args, name);
  };
  const pull = (known: Pull): Fields => ({
    __typename: 'PullRequest',
    id: pullId(known.number),
    number: known.number,
    url: pullUrl(html, known.number),
    title: known.title,
    body: known.body ?? '',
    state: stateOf(known),
    isDraft: known.draft,
    closed: known.state === 'closed',
    merged: known.mergedAt !== undefined,
    mergedAt: known.mergedAt === undefined ? null : iso(known.mergedAt),
    closedAt: known.closedAt === undefined ? null : iso(known.closedAt),
    createdAt: iso(known.createdAt),
    updatedAt: iso(known.updatedAt),
    headRefName: known.head,
    headRefOid: known.headOid,
    baseRefName: known.base,
    baseRefOid: known.baseOid,
    headRef: () => {
      const oid = repository.head(known.head);
      return oid === undefined ? null : ref(`refs/heads/${known.head}`, oid);
    },
    mergeCommit: known.mergeCommit === undefined ? null : () => commit(commitOf(objects, known.mergeCommit!)),
    mergeable: () => (isMergeable(repository, known) ? 'MERGEABLE' : 'CONFLICTING'),
    isCrossRepository: false,
    repository: repositoryFields,
    author: { __typename: 'Bot', login: repository.bot.login.replace('[bot]', '') },
    autoMergeRequest:
      known.autoMerge === undefined ? null : { mergeMethod: known.autoMerge, enabledAt: iso(known.updatedAt) },
    labels: (page: Page) =>
      connection(
        known.labels.map((name) => ({ name, id: nodeId('Label', name) })),
        page,
        'labels',
      ),
    reviewRequests: (page: Page) =>
      connection(
        [
          ...known.reviewers.map((login) => ({ requestedReviewer: { __typename: 'User', login } })),
          ...known.teams.map((slug) => ({
            requestedReviewer: { __typename: 'Team', slug, combinedSlug: `${repository.owner}/${slug}` },
          })),
        ],
        page,
        'reviewRequests',
      ),
  });

  const object = ({ oid, expression }: { oid?: string; expression?: string }): Fields | null => {
    if (oid != null) return gitObject(oid);
    const [name, path] = splitExpression(expression ?? '');
    const at = repository.resolve(name);
    if (at === undefined) return path === undefined ? gitObject(name) : null;
    if (path === undefined) return commit(commitOf(objects, at));
    const found = objects.lookUp(commitOf(objects, at).tree, path);
    if (found === undefined) return null;
    return found.mode === treeMode ? tree(found.oid, path) : gitObject(found.oid);
  };
  const repositoryFields = (): Fields => ({
    __typename: 'Repository',
    id: nodeId('Repository', 1),
    name: repository.name,
    nameWithOwner: `${repository.owner}/${repository.name}`,
    owner: { __typename: 'Organization', login: repository.owner, id: nodeId('Organization', 3) },
    url: html,
    isPrivate: true,
    isArchived: false,
    isEmpty: repository.refs.size === 0,
    autoMergeAllowed: repository.settings.autoMerge,
    mergeCommitAllowed: true,
    squashMergeAllowed: true,
    rebaseMergeAllowed: false,
    deleteBranchOnMerge: repository.settings.deleteBranchOnMerge,
    viewerPermission: null,
    object,
    defaultBranchRef: () => {
      const oid = repository.head(repository.defaultBranch);
      return oid === undefined ? null : ref(`refs/heads/${repository.defaultBranch}`, oid);
    },
    ref: ({ qualifiedName }: { qualifiedName: string }) => {
      const full = [qualifiedName, `refs/heads/${qualifiedName}`, `refs/tags/${qualifiedName}`].find((each) =>
        repository.refs.has(each),
      );
      return full === undefined ? null : ref(full, repository.refs.get(full)!);
    },
    refs: (args: Page & { refPrefix: string; query?: string | null }) => {
      if (!/^refs\/.*\/$/.test(args.refPrefix))
        throw new Refused(422, 'refPrefix must start and end with a slash after refs', {}, 'UNPROCESSABLE');
      const found = [...repository.refs]
        .filter(([name]) => name.startsWith(args.refPrefix) && (args.query == null || name.includes(args.query)))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        // GitHub names such a ref without the prefix that was asked for.
        .map(([name, oid]) => ({ ...ref(name, oid), name: name.slice(args.refPrefix.length), prefix: args.refPrefix }));
      return connection(found, args, 'refs');
    },
    pullRequest: ({ number }: { number: number }) => {
      const known = repository.pulls.find((each) => each.number === number);
      if (known === undefined)
        throw new Refused(404, `Could not resolve to a PullRequest with the number of ${number}.`, {}, 'NOT_FOUND');
      return pull(known);
    },
    pullRequests: (args: Page & PullFilter) => pulls(args, 'pullRequests'),
  });

  return { repository: repositoryFields, commit, ref, pull };
}

/** A page of nodes. GitHub demands a size, of 100 at most. */
export function connection(nodes: readonly Fields[], page: Page, name: string): Fields {
  const size = pageSize(page, name);
  const from = page.after == null ? 0 : Number(page.after) + 1;
  const start = page.first == null ? Math.max(0, nodes.length - size) : from;
  const shown = nodes.slice(start, start + size);
  return {
    nodes: shown,
    edges: shown.map((node, at) => ({ node, cursor: String(start + at) })),
    totalCount: nodes.length,
    pageInfo: pageInfo(
      start > 0,
      start + size < nodes.length,
      shown.length === 0 ? null : String(start),
      shown.length === 0 ? null : String(start + shown.length - 1),
    ),
  };
}

function pageSize({ first, last }: Page, name: string): number {
  const size = first ?? last;
  if (size == null)
    throw new Refused(
      422,
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`,
      {},
      'MISSING_PAGINATION_BOUNDARIES',
    );
  if (size > 100)
    throw new Refused(
      422,
      `Requesting ${size} records on the \`${name}\` connection exceeds the \`first\` limit of 100 records.`,
      {},
      'EXCESSIVE_PAGINATION',
    );
  return size;
}

function pageInfo(
  hasPreviousPage: boolean,
  hasNextPage: boolean,
  startCursor: string | null,
  endCursor: string | null,
): Fields {
  return { hasPreviousPage, hasNextPage, startCursor, endCursor };
}

function stateOf(pull: Pull): string {
  return pull.mergedAt !== undefined ? 'MERGED' : pull.state.toUpperCase();
}

/** `main:path` and `main`; `main^{tree}` and `main:` are the root. */
function splitExpression(expression: string): [name: string, path: string | undefined] {
  const bare = expression.replace(/\^\{tree\}$/, ':').replace(/\^\{commit\}$/, '');
  const colon = bare.indexOf(':');
  return colon < 0 ? [bare, undefined] : [bare.slice(0, colon), bare.slice(colon + 1).replace(/\/+$/, '')];
}

/**
 * A blob's text as GitHub tells it: none of a binary one, cut when it is long, and always UTF-8. What is not UTF-8 is converted, and a byte
 * order mark is no part of a text: whoever writes such a text back changes bytes, so readers must compare with the blob's id.
 */
function textOf(bytes: Uint8Array): Fields {
  const isBinary = bytes.subarray(0, 8000).includes(0);
  const isTruncated = !isBinary && bytes.length > maxTextBytes;
  const kept = isTruncated ? bytes.subarray(0, maxTextBytes) : bytes;
  const text = () => {
    if (isBinary) return null;
    try {
      return new TextDecoder('utf-8', { fatal: !isTruncated }).decode(kept);
    } catch {
      return Buffer.from(kept).toString('latin1');
    }
  };
  return { byteSize: bytes.length, isBinary, isTruncated, text };
}
