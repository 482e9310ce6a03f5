import { type FileChange, fileChanges } from './file-changes.ts';
import { commitOf, commitsBetween, mergeBase, reachable, touches } from './history.ts';
import { type Commit, treeMode } from './objects.ts';
import { notFound, Refused } from './refused.ts';
import { githubBase64 } from './rest-git.ts';
import { type Answer, type Call, page, type Route } from './route.ts';
import type { Repository } from './state.ts';
import { tarball } from './tarball.ts';

const repo = '/repos/{owner}/{repo}';
const read: Route['needs'] = ['contents', 'read'];

/** GitHub's limit of files in a comparison. */
export const maxComparedFiles = 300;

/** The repository itself: branches, commits, comparisons, contents and archives. */
export const repositoryRoutes: readonly Route[] = [
  { method: 'GET', template: repo, handle: ({ shapes }) => ({ status: 200, json: shapes.repository() }) },
  {
    method: 'GET',
    template: `${repo}/branches/{+branch}/protection`,
    needs: ['administration', 'read'],
    handle: getProtection,
  },
  { method: 'GET', template: `${repo}/rules/branches/{+branch}`, needs: ['metadata', 'read'], handle: listRules },
  { method: 'GET', template: `${repo}/rulesets/{id}`, needs: ['metadata', 'read'], handle: getRuleset },
  { method: 'GET', template: `${repo}/branches/{+branch}`, needs: read, handle: getBranch },
  { method: 'GET', template: `${repo}/commits`, needs: read, handle: listCommits },
  { method: 'GET', template: `${repo}/commits/{+ref}`, needs: read, handle: getCommit },
  { method: 'GET', template: `${repo}/compare/{+basehead}`, needs: read, handle: compare },
  { method: 'GET', template: `${repo}/contents/{+path}`, needs: read, handle: getContents },
  { method: 'GET', template: `${repo}/tarball/{+ref}`, needs: read, handle: redirectToArchive },
  { method: 'GET', template: '/codeload/{owner}/{repo}/legacy.tar.gz/{+ref}', handle: getArchive },
];

function resolved(repository: Repository, name: string): Commit {
  const oid = repository.resolve(name);
  if (oid === undefined) throw new Refused(422, `No commit found for SHA: ${name}`);
  return commitOf(repository.objects, oid);
}

function getBranch({ repository, shapes, params }: Call): Answer {
  const oid = repository.head(params['branch']!);
  if (oid === undefined) throw new Refused(404, 'Branch not found');
  return { status: 200, json: shapes.branch(params['branch']!, oid) };
}

function getProtection({ repository, params }: Call): Answer {
  const protection = repository.protections.get(params['branch']!);
  if (protection === undefined) throw new Refused(404, 'Branch not protected');
  const { requirePullRequest, approvals = 0, signed = false, locked = false } = protection;
  return {
    status: 200,
    json: {
      ...(requirePullRequest && { required_pull_request_reviews: { required_approving_review_count: approvals } }),
      required_signatures: { url: 'https://api.github.com/signatures', enabled: signed },
      lock_branch: { enabled: locked },
    },
  };
}

function listRules({ repository, params }: Call): Answer {
  const inForce = repository.rulesets.filter(({ branch }) => branch === params['branch']);
  const source = `${repository.owner}/${repository.name}`;
  return {
    status: 200,
    json: inForce.flatMap(({ id, rules }) =>
      rules.map((type) => ({ type, ruleset_source_type: 'Repository', ruleset_source: source, ruleset_id: id })),
    ),
  };
}

function getRuleset({ repository, params }: Call): Answer {
  const found = repository.rulesets.find(({ id }) => id === Number(params['id']));
  if (found === undefined || found.bypass === 'hidden') throw notFound();
  const { id, name, bypass } = found;
  const source = `${repository.owner}/${repository.name}`;
  return {
    status: 200,
    json: { id, name, source, enforcement: 'active', target: 'branch', current_user_can_bypass: bypass },
  };
}

function listCommits(call: Call): Answer {
  const { repository, shapes, query } = call;
  const from = query.get('sha') ?? repository.defaultBranch;
  const oid = repository.resolve(from);
  if (oid === undefined) throw notFound();
  const path = query.get('path');
  const commits = [...reachable(repository.objects, oid)].filter(
    (commit) => path === null || touches(repository.objects, commit, path),
  );
  const { items, headers } = page(call, `/repos/${repository.owner}/${repository.name}/commits`, commits);
  return { status: 200, json: items.map(shapes.commit), headers };
}

function getCommit({ repository, shapes, params, headers }: Call): Answer {
  const commit = resolved(repository, params['ref']!);
  const accept = headers.get('accept') ?? '';
  if (/application\/vnd\.github(?:\.v3)?\.sha/.test(accept))
    return {
      status: 200,
      bytes: { type: 'application/vnd.github.sha; charset=utf-8', content: Buffer.from(commit.oid) },
    };
  const { objects } = repository;
  const parent = commit.parents[0];
  const before = parent === undefined ? objects.addTree([]) : commitOf(objects, parent).tree;
  const files = fileChanges(objects, before, commit.tree).slice(0, maxComparedFiles);
  return {
    status: 200,
    json: {
      ...shapes.commit(commit),
      stats: { total: 0, additions: 0, deletions: 0 },
      files: files.map((file) => fileShape(shapes.api, repository, commit.oid, file)),
    },
  };
}

function compare(call: Call): Answer {
  const { repository, shapes, params, query } = call;
  const { objects } = repository;
  const [base, head] = params['basehead']!.split('...').map((name) => repository.resolve(name));
  if (base === undefined || head === undefined) throw notFound();
  const common = mergeBase(objects, base, head);
  if (common === undefined)
    throw new Refused(404, `No common ancestor between ${params['basehead']!.replace('...', ' and ')}.`);
  const ahead = commitsBetween(objects, base, head).reverse();
  const behind = commitsBetween(objects, head, base).length;
  const status = behind > 0 ? (ahead.length > 0 ? 'diverged' : 'behind') : ahead.length > 0 ? 'ahead' : 'identical';
  const files = fileChanges(objects, commitOf(objects, common).tree, commitOf(objects, head).tree);
  const full = `${repository.owner}/${repository.name}`;
  const url = `${shapes.api}/repos/${full}/compare/${params['basehead']}`;
  const first = (query.get('page') ?? '1') === '1';
  const { items, headers } = page(call, `/repos/${full}/compare/${params['basehead']}`, ahead);
  return {
    status: 200,
    headers,
    json: {
      url,
      html_url: url,
      permalink_url: url,
      diff_url: `${url}.diff`,
      patch_url: `${url}.patch`,
      base_commit: shapes.commit(commitOf(objects, base)),
      merge_base_commit: shapes.commit(commitOf(objects, common)),
      status,
      ahead_by: ahead.length,
      behind_by: behind,
      total_commits: ahead.length,
      commits: (query.has('per_page') || query.has('page') ? items : ahead.slice(0, 250)).map(shapes.commit),
      files: first ? files.slice(0, maxComparedFiles).map((file) => fileShape(shapes.api, repository, head, file)) : [],
    },
  };
}

function fileShape(
  api: string,
  { owner, name }: Repository,
  commit: string,
  file: FileChange,
): Record<string, unknown> {
  const path = encodePath(file.filename);
  return {
    sha: file.oid,
    filename: file.filename,
    status: file.status,
    ...(file.previous === undefined ? {} : { previous_filename: file.previous }),
    additions: 0,
    deletions: 0,
    changes: 0,
    blob_url: `https://github.com/${owner}/${name}/blob/${commit}/${path}`,
    raw_url: `https://github.com/${owner}/${name}/raw/${commit}/${path}`,
    contents_url: `${api}/repos/${owner}/${name}/contents/${path}?ref=${commit}`,
  };
}

function getContents(call: Call): Answer {
  const { repository, params, query, headers } = call;
  const { objects } = repository;
  const name = query.get('ref') ?? repository.defaultBranch;
  const oid = repository.resolve(name);
  if (oid === undefined) throw new Refused(404, `No commit found for the ref ${name}`);
  const tree = commitOf(objects, oid).tree;
  const path = params['path']!.replace(/\/+$/, '');
  const found = objects.lookUp(tree, path);
  if (found === undefined) throw notFound();
  if (found.mode === treeMode) {
    const items = objects.trees.get(found.oid)!;
    return {
      status: 200,
      json: items.map((item) => contentShape(call, `${path}/${item.name}`, item.mode, item.oid, name)),
    };
  }
  const content = objects.blobs.get(found.oid) ?? new Uint8Array();
  if (/application\/vnd\.github(?:\.v3)?\.raw/.test(headers.get('accept') ?? ''))
    return { status: 200, bytes: { type: 'application/vnd.github.raw; charset=utf-8', content } };
  const shape = contentShape(call, path, found.mode, found.oid, name);
  if (found.mode === '120000') return { status: 200, json: { ...shape, target: Buffer.from(content).toString() } };
  // GitHub leaves the content of a file above 1 MB out.
  const large = content.length > 1024 * 1024;
  return {
    status: 200,
    json: { ...shape, content: large ? '' : githubBase64(content), encoding: large ? 'none' : 'base64' },
  };
}

function contentShape(
  { repository, shapes }: Call,
  path: string,
  mode: string,
  oid: string,
  ref: string,
): Record<string, unknown> {
  const full = `${repository.owner}/${repository.name}`;
  const type = mode === treeMode ? 'dir' : mode === '120000' ? 'symlink' : mode === '160000' ? 'submodule' : 'file';
  const self = `${shapes.api}/repos/${full}/contents/${encodePath(path)}?ref=${ref}`;
  const html = `https://github.com/${full}/blob/${ref}/${encodePath(path)}`;
  const git = `${shapes.api}/repos/${full}/git/${type === 'dir' ? 'trees' : 'blobs'}/${oid}`;
  return {
    type,
    name: path.split('/').at(-1),
    path,
    sha: oid,
    size: repository.objects.blobs.get(oid)?.length ?? 0,
    url: self,
    html_url: html,
    git_url: git,
    download_url: type === 'dir' ? null : html.replace('/blob/', '/raw/'),
    _links: { self, git, html },
  };
}

function redirectToArchive({ repository, params, codeload }: Call): Answer {
  const ref = params['ref']!;
  if (repository.resolve(ref) === undefined) throw notFound();
  const location = `${codeload}/${repository.owner}/${repository.name}/legacy.tar.gz/${ref}?token=${archiveToken(ref)}`;
  return { status: 302, headers: { location } };
}

/** The link carries its own right, good for this archive alone. */
function getArchive({ repository, params, query }: Call): Answer {
  const ref = params['ref']!;
  const oid = repository.resolve(ref);
  if (oid === undefined || query.get('token') !== archiveToken(ref)) throw notFound();
  const folder = `${repository.owner}-${repository.name}-${oid.slice(0, 7)}`;
  const content = tarball(repository.objects, commitOf(repository.objects, oid), folder);
  return {
    status: 200,
    bytes: { type: 'application/x-gzip', content },
    headers: { 'content-disposition': `attachment; filename=${folder}.tar.gz` },
  };
}

function archiveToken(ref: string): string {
  return Buffer.from(`archive:${ref}`).toString('base64url');
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
