import { graphqlObjects } from './graphql-objects.ts';
import { commitOf } from './history.ts';
import { emptyTree, seconds, type TreeChange } from './objects.ts';
import { github, isMergeable } from './pulls.ts';
import { Refused } from './refused.ts';
import { botNow } from './rest-git.ts';
import { pullId } from './shapes.ts';
import type { Pull, Repository } from './state.ts';

interface CommitInput {
  clientMutationId?: string;
  branch: { repositoryNameWithOwner?: string; branchName?: string };
  message: { headline: string; body?: string };
  expectedHeadOid: string;
  fileChanges?: { additions?: { path: string; contents: string }[]; deletions?: { path: string }[] };
}

/** The queries and mutations of one repository. */
export function graphqlRoot(repository: Repository, web: string): object {
  const shown = graphqlObjects(repository, web);
  const full = `${repository.owner}/${repository.name}`;
  const missing = (owner: string, name: string) =>
    new Refused(404, `Could not resolve to a Repository with the name '${owner}/${name}'.`, {}, 'NOT_FOUND');
  const pullById = (id: string): Pull => {
    const pull = repository.pulls.find(({ number }) => pullId(number) === id);
    if (pull === undefined)
      throw new Refused(404, `Could not resolve to a node with the global id of '${id}'`, {}, 'NOT_FOUND');
    return pull;
  };

  return {
    repository: ({ owner, name }: { owner: string; name: string }) => {
      if (`${owner}/${name}`.toLowerCase() !== full.toLowerCase()) throw missing(owner, name);
      needs(repository, 'metadata', 'read');
      return shown.repository();
    },
    node: ({ id }: { id: string }) => shown.pull(pullById(id)),
    viewer: { __typename: 'User', login: repository.bot.login },
    createCommitOnBranch: ({ input }: { input: CommitInput }) => {
      const { repositoryNameWithOwner: named = '', branchName = '' } = input.branch;
      if (named.toLowerCase() !== full.toLowerCase()) throw missing(...(named.split('/') as [string, string]));
      needs(repository, 'contents', 'write');
      const branch = branchName.replace(/^refs\/heads\//, '');
      const oid = createCommit(repository, branch, input);
      return {
        clientMutationId: input.clientMutationId ?? null,
        commit: () => shown.commit(commitOf(repository.objects, oid)),
        ref: () => shown.ref(`refs/heads/${branch}`, repository.head(branch)!),
      };
    },
    enablePullRequestAutoMerge: ({
      input,
    }: {
      input: { pullRequestId: string; mergeMethod?: string; clientMutationId?: string };
    }) => {
      needs(repository, 'pull_requests', 'write');
      const pull = pullById(input.pullRequestId);
      enableAutoMerge(repository, pull, input.mergeMethod ?? 'MERGE');
      return {
        clientMutationId: input.clientMutationId ?? null,
        pullRequest: () => shown.pull(pull),
        actor: { __typename: 'Bot', login: repository.bot.login },
      };
    },
    disablePullRequestAutoMerge: ({ input }: { input: { pullRequestId: string; clientMutationId?: string } }) => {
      needs(repository, 'pull_requests', 'write');
      const pull = pullById(input.pullRequestId);
      delete pull.autoMerge;
      return { clientMutationId: input.clientMutationId ?? null, pullRequest: () => shown.pull(pull) };
    },
  };
}

function needs(repository: Repository, permission: string, level: 'read' | 'write'): void {
  const has = repository.settings.permissions[permission];
  if (has === 'write' || has === level) return;
  throw new Refused(403, 'Resource not accessible by integration', {}, 'FORBIDDEN');
}

function createCommit(repository: Repository, branch: string, input: CommitInput): string {
  const { objects } = repository;
  const head = repository.head(branch);
  if (head === undefined)
    throw new Refused(404, `Could not resolve to a Ref with the name '${branch}'.`, {}, 'NOT_FOUND');
  if (head !== input.expectedHeadOid)
    throw new Refused(
      409,
      `Expected branch to point to "${input.expectedHeadOid}" but it did not.  Pull and try again.`,
      {},
      'STALE_DATA',
    );
  repository.checkProtection(branch);
  const { additions = [], deletions = [] } = input.fileChanges ?? {};
  const paths = [...additions, ...deletions].map(({ path }) => path);
  const twice = paths.find((path, at) => paths.indexOf(path) !== at);
  if (twice !== undefined) throw new Refused(422, `A path was provided more than once: ${twice}`);
  const root = commitOf(objects, head).tree;
  const changes = [
    ...deletions.map(({ path }): TreeChange => {
      if (objects.lookUp(root, path) === undefined)
        throw new Refused(422, `A path was requested for deletion which does not exist as of commit oid \`${head}\``);
      return [path, undefined];
    }),
    // It always writes a plain file: an executable one loses its mode, a link becomes a file.
    ...additions.map(
      ({ path, contents }): TreeChange => [
        checkPath(path),
        { mode: '100644', oid: objects.addBlob(decode(path, contents)) },
      ],
    ),
  ];
  const { headline, body = '' } = input.message;
  if (headline.trim() === '') throw new Refused(422, 'message.headline must not be empty');
  const commit = objects.addCommit({
    tree: changes.length === 0 ? root || emptyTree : objects.changeTree(root, changes),
    parents: [head],
    author: botNow(repository),
    committer: { ...github, seconds: seconds(repository.now()) },
    message: body === '' ? headline : `${headline}\n\n${body}`,
    verified: true,
  });
  repository.setRef(`refs/heads/${branch}`, commit.oid);
  return commit.oid;
}

function checkPath(path: string): string {
  if (path.split('/').some((part) => ['', '.', '..', '.git'].includes(part)))
    throw new Refused(422, `A path was requested that is not valid: ${path}`);
  return path;
}

function decode(path: string, contents: string): Uint8Array {
  if (contents.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(contents))
    throw new Refused(422, `The contents of ${path} are not RFC 4648 base64 with padding`);
  return Buffer.from(contents, 'base64');
}

function enableAutoMerge(repository: Repository, pull: Pull, method: string): void {
  if (!repository.settings.autoMerge) throw new Refused(422, 'Auto merge is not allowed for this repository');
  if (pull.state !== 'open') throw new Refused(422, "Can't enable auto-merge for a closed pull request.");
  const demands = repository.protections.get(pull.base)?.approvals ?? 0;
  if (demands === 0)
    throw new Refused(
      422,
      `["Pull request Pull request is in ${isMergeable(repository, pull) ? 'clean' : 'unstable'} status"]`,
    );
  pull.autoMerge = method;
}
