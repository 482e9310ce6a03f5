import { commitOf } from './history.ts';
import type { Commit, Signature } from './objects.ts';
import type { Comment, Deployment, Pull, Repository, Status } from './state.ts';

/** How the addresses in GitHub's answers begin. */
export interface Addresses {
  api: string;
  web: string;
}

/** What GitHub's REST answers look like: the fields that its description of the API requires, and those that are filled in here. */
export interface Shapes {
  api: string;
  user(login: string, id?: number): Record<string, unknown>;
  repository(): Record<string, unknown>;
  ref(name: string, oid: string): Record<string, unknown>;
  gitCommit(commit: Commit): Record<string, unknown>;
  commit(commit: Commit): Record<string, unknown>;
  branch(name: string, oid: string): Record<string, unknown>;
  pull(
    pull: Pull,
    whole?: { mergeable: boolean | null; commits: number; changedFiles: number },
  ): Record<string, unknown>;
  label(name: string): Record<string, unknown>;
  comment(comment: Comment, pull: Pull): Record<string, unknown>;
  status(status: Status, sha: string): Record<string, unknown>;
  deployment(deployment: Deployment): Record<string, unknown>;
  deploymentStatus(status: Status, deployment: Deployment): Record<string, unknown>;
}

const repositoryLinks =
  'archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags teams trees';
const userLinks = 'avatar events followers following gists organizations received_events repos starred subscriptions';

/** The shapes of one repository's answers. */
export function shapesOf(repository: Repository, { api, web }: Addresses): Shapes {
  const full = `${repository.owner}/${repository.name}`;
  const [repo, html] = [`${api}/repos/${full}`, `${web}/${full}`];

  const user: Shapes['user'] = (login, id = 1) => ({
    login,
    id,
    node_id: nodeId('User', id),
    gravatar_id: '',
    url: `${api}/users/${encodeURIComponent(login)}`,
    html_url: `${web}/${encodeURIComponent(login)}`,
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
    site_admin: false,
    ...links(userLinks, `${api}/users/${encodeURIComponent(login)}`),
  });
  const bot = () => user(repository.bot.login, repository.bot.id);
  const person = ({ email }: Signature) =>
    email === repository.bot.email ? bot() : email === 'noreply@github.com' ? user('web-flow', 2) : null;

  const minimal = () => ({
    id: 1,
    node_id: nodeId('Repository', 1),
    name: repository.name,
    full_name: full,
    owner: user(repository.owner, 3),
    private: true,
    html_url: html,
    description: null,
    fork: false,
    url: repo,
    ...links(repositoryLinks, repo),
  });
  const repositoryShape = () => ({
    ...minimal(),
    clone_url: `${html}.git`,
    git_url: `git:${html}.git`,
    ssh_url: `git@github.com:${full}.git`,
    svn_url: html,
    default_branch: repository.defaultBranch,
    homepage: null,
    language: null,
    license: null,
    mirror_url: null,
    visibility: 'private',
    ...zero(
      'forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count network_count subscribers_count',
    ),
    ...no('has_downloads has_issues has_wiki has_pages has_discussions disabled'),
    archived: repository.settings.archived ?? false,
    has_projects: true,
    pushed_at: iso(repository.now()),
    created_at: iso(repository.now()),
    updated_at: iso(repository.now()),
    permissions: {
      admin: false,
      push: repository.settings.permissions['contents'] === 'write',
      pull: true,
    },
  });

  const gitCommit: Shapes['gitCommit'] = (commit) => ({
    sha: commit.oid,
    node_id: nodeId('Commit', commit.oid),
    url: `${repo}/git/commits/${commit.oid}`,
    html_url: `${html}/commit/${commit.oid}`,
    author: signature(commit.author),
    committer: signature(commit.committer),
    message: commit.message,
    tree: { sha: commit.tree, url: `${repo}/git/trees/${commit.tree}` },
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${repo}/git/commits/${sha}`,
      html_url: `${html}/commit/${sha}`,
    })),
    verification: verification(commit),
  });
  const commitShape: Shapes['commit'] = (commit) => ({
    sha: commit.oid,
    node_id: nodeId('Commit', commit.oid),
    url: `${repo}/commits/${commit.oid}`,
    html_url: `${html}/commit/${commit.oid}`,
    comments_url: `${repo}/commits/${commit.oid}/comments`,
    commit: {
      author: signature(commit.author),
      committer: signature(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${repo}/git/trees/${commit.tree}` },
      url: `${repo}/git/commits/${commit.oid}`,
      comment_count: 0,
      verification: verification(commit),
    },
    author: person(commit.author),
    committer: person(commit.committer),
    parents: commit.parents.map((sha) => ({ sha, url: `${repo}/commits/${sha}`, html_url: `${html}/commit/${sha}` })),
  });

  const side = (ref: string, sha: string) => ({
    label: `${repository.owner}:${ref}`,
    ref,
    sha,
    user: user(repository.owner, 3),
    repo: repositoryShape(),
  });
  const label: Shapes['label'] = (name) => ({
    id: 1,
    node_id: nodeId('Label', name),
    url: `${repo}/labels/${encodeURIComponent(name)}`,
    name,
    description: '',
    color: 'ededed',
    default: false,
  });

  return {
    api,
    user,
    repository: repositoryShape,
    ref: (name, oid) => ({
      ref: name,
      node_id: nodeId('Ref', name),
      url: `${repo}/git/${name}`,
      object: { type: 'commit', sha: oid, url: `${repo}/git/commits/${oid}` },
    }),
    gitCommit,
    commit: commitShape,
    branch: (name, oid) => ({
      name,
      commit: commitShape(commitOf(repository.objects, oid)),
      _links: { self: `${repo}/branches/${name}`, html: `${html}/tree/${name}` },
      protected: repository.protections.has(name),
      protection: { enabled: repository.protections.has(name) },
      protection_url: `${repo}/branches/${name}/protection`,
    }),
    label,
    pull: (pull, whole) => ({
      id: pull.id,
      node_id: pullId(pull.number),
      url: `${repo}/pulls/${pull.number}`,
      html_url: pullUrl(html, pull.number),
      diff_url: `${html}/pull/${pull.number}.diff`,
      patch_url: `${html}/pull/${pull.number}.patch`,
      issue_url: `${repo}/issues/${pull.number}`,
      commits_url: `${repo}/pulls/${pull.number}/commits`,
      review_comments_url: `${repo}/pulls/${pull.number}/comments`,
      review_comment_url: `${repo}/pulls/comments{/number}`,
      comments_url: `${repo}/issues/${pull.number}/comments`,
      statuses_url: `${repo}/statuses/${pull.headOid}`,
      number: pull.number,
      state: pull.state,
      locked: false,
      title: pull.title,
      user: bot(),
      body: pull.body,
      created_at: iso(pull.createdAt),
      updated_at: iso(pull.updatedAt),
      closed_at: pull.closedAt === undefined ? null : iso(pull.closedAt),
      merged_at: pull.mergedAt === undefined ? null : iso(pull.mergedAt),
      merge_commit_sha: pull.mergeCommit ?? null,
      assignee: null,
      assignees: [],
      requested_reviewers: pull.reviewers.map((login) => user(login, 10)),
      requested_teams: pull.teams.map((slug) => team(api, web, repository.owner, slug)),
      labels: pull.labels.map(label),
      milestone: null,
      draft: pull.draft,
      head: side(pull.head, pull.headOid),
      base: side(pull.base, pull.baseOid),
      _links: Object.fromEntries(
        ['self', 'html', 'issue', 'comments', 'review_comments', 'review_comment', 'commits', 'statuses'].map(
          (name) => [name, { href: `${repo}/pulls/${pull.number}` }],
        ),
      ),
      author_association: 'NONE',
      auto_merge:
        pull.autoMerge === undefined
          ? null
          : { enabled_by: bot(), merge_method: pull.autoMerge.toLowerCase(), commit_title: null, commit_message: null },
      ...(whole === undefined
        ? {}
        : {
            merged: pull.mergedAt !== undefined,
            mergeable: whole.mergeable,
            mergeable_state: whole.mergeable === null ? 'unknown' : whole.mergeable ? 'clean' : 'dirty',
            merged_by: pull.mergedAt === undefined ? null : bot(),
            comments: pull.comments.length,
            review_comments: 0,
            maintainer_can_modify: false,
            commits: whole.commits,
            additions: 0,
            deletions: 0,
            changed_files: whole.changedFiles,
          }),
    }),
    comment: (comment, pull) => ({
      id: comment.id,
      node_id: nodeId('IssueComment', comment.id),
      url: `${repo}/issues/comments/${comment.id}`,
      html_url: `${html}/pull/${pull.number}#issuecomment-${comment.id}`,
      issue_url: `${repo}/issues/${pull.number}`,
      body: comment.body,
      user: bot(),
      author_association: 'NONE',
      created_at: iso(comment.at),
      updated_at: iso(comment.at),
    }),
    status: (status, sha) => ({
      ...statusFields(status),
      url: `${repo}/statuses/${sha}`,
      avatar_url: null,
      context: status.context,
      creator: bot(),
    }),
    deployment: (deployment) => ({
      id: deployment.id,
      node_id: nodeId('Deployment', deployment.id),
      url: `${repo}/deployments/${deployment.id}`,
      statuses_url: `${repo}/deployments/${deployment.id}/statuses`,
      repository_url: repo,
      sha: deployment.sha,
      ref: deployment.ref,
      task: deployment.task,
      payload: deployment.payload,
      environment: deployment.environment,
      original_environment: deployment.environment,
      description: deployment.description,
      creator: bot(),
      created_at: iso(deployment.at),
      updated_at: iso(deployment.at),
    }),
    deploymentStatus: (status, deployment) => ({
      ...statusFields(status),
      target_url: status.targetUrl ?? '',
      description: status.description ?? '',
      url: `${repo}/deployments/${deployment.id}/statuses/${status.id}`,
      deployment_url: `${repo}/deployments/${deployment.id}`,
      repository_url: repo,
      environment: status.environment ?? deployment.environment,
      creator: bot(),
    }),
  };
}

/** ISO 8601 without fractions, as GitHub writes times. */
export function iso(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** ISO 8601 of whole seconds. */
export function isoSeconds(seconds: number): string {
  return iso(new Date(seconds * 1000));
}

/** GitHub's opaque id of a pull request: the same in REST and GraphQL. */
export function pullId(number: number): string {
  return nodeId('PullRequest', number);
}

/** The page of a pull request. */
export function pullUrl(html: string, number: number): string {
  return `${html}/pull/${number}`;
}

/** An opaque id. */
export function nodeId(kind: string, id: number | string): string {
  return Buffer.from(`${kind}:${id}`).toString('base64');
}

function statusFields(status: Status): Record<string, unknown> {
  return {
    id: status.id,
    node_id: nodeId('Status', status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    created_at: iso(status.at),
    updated_at: iso(status.at),
  };
}

function team(api: string, web: string, owner: string, slug: string): Record<string, unknown> {
  const url = `${api}/organizations/3/team/1`;
  return {
    id: 1,
    node_id: nodeId('Team', slug),
    name: slug,
    slug,
    description: null,
    privacy: 'closed',
    notification_setting: 'notifications_enabled',
    permission: 'push',
    url,
    html_url: `${web}/orgs/${owner}/teams/${slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    parent: null,
    type: 'organization',
    organization_id: 3,
  };
}

function signature({ name, email, seconds }: Signature): Record<string, unknown> {
  return { name, email, date: isoSeconds(seconds) };
}

function verification({ verified }: Commit): Record<string, unknown> {
  return verified
    ? { verified, reason: 'valid', signature: 'kept by GitHub', payload: 'kept by GitHub', verified_at: null }
    : { verified, reason: 'unsigned', signature: null, payload: null, verified_at: null };
}

function links(names: string, base: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [`${name}_url`, `${base}/${name}`]));
}

function zero(names: string): Record<string, number> {
  return Object.fromEntries(names.split(' ').map((name) => [name, 0]));
}

function no(names: string): Record<string, boolean> {
  return Object.fromEntries(names.split(' ').map((name) => [name, false]));
}
