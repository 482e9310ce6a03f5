import { isAncestor } from './history.ts';
import { type Commit, emptyTree, type Signature, seconds, type TreeChange, treeMode } from './objects.ts';
import { github } from './pulls.ts';
import { invalid, notFound, Refused } from './refused.ts';
import { type Answer, type Call, type Route, text, texts } from './route.ts';
import type { Repository } from './state.ts';

const repo = '/repos/{owner}/{repo}';
const read: Route['needs'] = ['contents', 'read'];
const write: Route['needs'] = ['contents', 'write'];

/** GitHub's limit for a recursive tree (its documentation: 100,000 entries or 7 MB). */
const maxTreeEntries = 100_000;

/** The Git data API: refs, commits, trees and blobs. */
export const gitRoutes: readonly Route[] = [
  { method: 'GET', template: `${repo}/git/ref/{+ref}`, needs: read, handle: getRef },
  { method: 'GET', template: `${repo}/git/matching-refs/{+ref}`, needs: read, handle: matchingRefs },
  { method: 'POST', template: `${repo}/git/refs`, needs: write, handle: createRef },
  { method: 'PATCH', template: `${repo}/git/refs/{+ref}`, needs: write, handle: updateRef },
  { method: 'DELETE', template: `${repo}/git/refs/{+ref}`, needs: write, handle: deleteRef },
  { method: 'GET', template: `${repo}/git/commits/{commit_sha}`, needs: read, handle: getCommit },
  { method: 'POST', template: `${repo}/git/commits`, needs: write, handle: createCommit },
  { method: 'GET', template: `${repo}/git/trees/{+tree_sha}`, needs: read, handle: getTree },
  { method: 'POST', template: `${repo}/git/trees`, needs: write, handle: createTree },
  { method: 'GET', template: `${repo}/git/blobs/{file_sha}`, needs: read, handle: getBlob },
  { method: 'POST', template: `${repo}/git/blobs`, needs: write, handle: createBlob },
];

function getRef({ repository, shapes, params }: Call): Answer {
  const name = `refs/${params['ref']}`;
  const oid = repository.refs.get(name);
  if (oid === undefined) throw notFound();
  return { status: 200, json: shapes.ref(name, oid) };
}

function matchingRefs(call: Call): Answer {
  const { repository, shapes, params } = call;
  const refs = [...repository.refs].filter(([name]) => name.startsWith(`refs/${params['ref']}`)).sort();
  return { status: 200, json: refs.map(([name, oid]) => shapes.ref(name, oid)) };
}

function createRef({ repository, shapes, body }: Call): Answer {
  const [name, oid] = [text(body, 'ref'), text(body, 'sha')];
  if (name === undefined || oid === undefined) throw invalid('Reference', 'ref', 'ref and sha are required');
  if (!/^refs\/[^/]+\/./.test(name))
    throw new Refused(422, 'Reference name must start with "refs/" and have at least two slashes.');
  if (!repository.objects.commits.has(oid)) throw new Refused(422, 'Object does not exist');
  if (repository.refs.has(name)) throw new Refused(422, 'Reference already exists');
  const clash = [...repository.refs.keys()].some((each) => each.startsWith(`${name}/`) || name.startsWith(`${each}/`));
  if (clash) throw new Refused(422, 'Reference update failed');
  repository.setRef(name, oid);
  return { status: 201, json: shapes.ref(name, oid) };
}

function updateRef({ repository, shapes, params, body }: Call): Answer {
  const name = `refs/${params['ref']}`;
  const oid = text(body, 'sha');
  const old = repository.refs.get(name);
  if (old === undefined) throw new Refused(422, 'Reference does not exist');
  if (oid === undefined || !repository.objects.commits.has(oid)) throw new Refused(422, 'Object does not exist');
  repository.checkProtection(name.replace(/^refs\/heads\//, ''));
  if (body['force'] !== true && !isAncestor(repository.objects, old, oid))
    throw new Refused(422, 'Update is not a fast forward');
  repository.setRef(name, oid);
  return { status: 200, json: shapes.ref(name, oid) };
}

function deleteRef({ repository, params }: Call): Answer {
  const name = `refs/${params['ref']}`;
  if (!repository.refs.has(name)) throw new Refused(422, 'Reference does not exist');
  repository.deleteRef(name);
  return { status: 204 };
}

function getCommit({ repository, shapes, params }: Call): Answer {
  const commit = repository.objects.commits.get(params['commit_sha']!);
  if (commit === undefined) throw notFound();
  return { status: 200, json: shapes.gitCommit(commit) };
}

function createCommit({ repository, shapes, body }: Call): Answer {
  const { objects } = repository;
  const [message, tree] = [text(body, 'message'), text(body, 'tree')];
  if (message === undefined || tree === undefined) throw invalid('Commit', 'message', 'message and tree are required');
  if (!objects.trees.has(tree)) throw new Refused(422, 'Tree SHA does not exist');
  const parents = texts(body, 'parents');
  for (const parent of parents)
    if (!objects.commits.has(parent)) throw new Refused(422, 'Parent SHA does not exist or is not a commit object');
  const author = person(body['author']);
  const committer = person(body['committer']) ?? author;
  const commit = objects.addCommit({
    tree,
    parents,
    message,
    author: author ?? botNow(repository),
    committer: committer ?? { ...github, seconds: seconds(repository.now()) },
    // GitHub signs an App's commit only where it may say itself who made it.
    verified: author === undefined && committer === undefined,
  });
  return { status: 201, json: shapes.gitCommit(commit) };
}

function person(value: unknown): Signature | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, email, date } = value as Record<string, string | undefined>;
  if (name === undefined || email === undefined) throw invalid('Commit', 'author', 'name and email are required');
  return { name, email, seconds: seconds(date === undefined ? new Date() : new Date(date)) };
}

/** The caller, as the author of a commit that is made now. */
export function botNow({ bot, now }: Repository): Signature {
  return { name: bot.name, email: bot.email, seconds: seconds(now()) };
}

function getTree({ repository, shapes, params, query }: Call): Answer {
  const { objects } = repository;
  const name = params['tree_sha']!;
  const commit: Commit | undefined = objects.commits.get(repository.resolve(name) ?? '');
  const oid = commit?.tree ?? (objects.trees.has(name) ? name : undefined);
  if (oid === undefined) throw notFound();
  const recursive = query.has('recursive') && query.get('recursive') !== '';
  const entries = listing(repository, oid, recursive, '');
  return {
    status: 200,
    json: {
      sha: oid,
      url: `${shapes.api}/repos/${repository.owner}/${repository.name}/git/trees/${oid}`,
      tree: entries.slice(0, maxTreeEntries),
      truncated: entries.length > maxTreeEntries,
    },
  };
}

function listing(repository: Repository, oid: string, recursive: boolean, prefix: string): Record<string, unknown>[] {
  return repository.objects.trees.get(oid)!.flatMap((item) => {
    const type = item.mode === treeMode ? 'tree' : item.mode === '160000' ? 'commit' : 'blob';
    const size = type === 'blob' ? { size: repository.objects.blobs.get(item.oid)!.length } : {};
    const entry = { path: `${prefix}${item.name}`, mode: item.mode.padStart(6, '0'), type, sha: item.oid, ...size };
    return type === 'tree' && recursive
      ? [entry, ...listing(repository, item.oid, recursive, `${prefix}${item.name}/`)]
      : [entry];
  });
}

function createTree(call: Call): Answer {
  const { repository, body } = call;
  const { objects } = repository;
  const base = text(body, 'base_tree');
  const root = base === undefined ? emptyTree : (objects.commits.get(base)?.tree ?? base);
  if (!objects.trees.has(root)) throw notFound();
  if (!Array.isArray(body['tree'])) throw new Refused(422, 'Invalid tree info');
  const changes = body['tree'].map((item: Record<string, unknown>): TreeChange => {
    const path = text(item, 'path');
    if (path === undefined || path.split('/').some((part) => ['', '.', '..', '.git'].includes(part)))
      throw new Refused(422, 'tree.path contains a malformed path component');
    const mode = text(item, 'mode')?.replace(/^0/, '') ?? '';
    if (!['100644', '100755', treeMode, '160000', '120000'].includes(mode))
      throw new Refused(422, 'Must supply a valid tree.mode');
    if (item['sha'] === null) {
      if (objects.lookUp(root, path) === undefined) throw new Refused(422, 'GitRPC::BadObjectState');
      return [path, undefined];
    }
    const oid = text(item, 'sha') ?? objects.addBlob(Buffer.from(text(item, 'content') ?? ''));
    const known = mode === treeMode ? objects.trees.has(oid) : mode === '160000' || objects.blobs.has(oid);
    if (!known) throw new Refused(422, `tree.sha ${oid} is not a valid ${mode === treeMode ? 'tree' : 'blob'}`);
    return [path, { mode, oid }];
  });
  const oid = objects.changeTree(root, changes);
  return { ...getTree({ ...call, params: { tree_sha: oid }, query: new URLSearchParams() }), status: 201 };
}

function getBlob({ repository, shapes, params, headers }: Call): Answer {
  const oid = params['file_sha']!;
  const content = repository.objects.blobs.get(oid);
  if (content === undefined) throw notFound();
  if (/application\/vnd\.github(?:\.v3)?\.raw/.test(headers.get('accept') ?? ''))
    return { status: 200, bytes: { type: 'application/vnd.github.raw; charset=utf-8', content } };
  return { status: 200, json: blobShape(shapes.api, repository, oid, content) };
}

function blobShape(
  api: string,
  { owner, name }: Repository,
  oid: string,
  content: Uint8Array,
): Record<string, unknown> {
  return {
    sha: oid,
    node_id: Buffer.from(`Blob:${oid}`).toString('base64'),
    size: content.length,
    url: `${api}/repos/${owner}/${name}/git/blobs/${oid}`,
    content: githubBase64(content),
    encoding: 'base64',
  };
}

/** GitHub breaks base64 into lines. */
export function githubBase64(content: Uint8Array): string {
  return Buffer.from(content)
    .toString('base64')
    .replace(/.{1,60}/g, '$&\n');
}

function createBlob({ repository, shapes, body }: Call): Answer {
  const content = text(body, 'content');
  if (content === undefined) throw invalid('Blob', 'content', 'content is required');
  const bytes = body['encoding'] === 'base64' ? Buffer.from(content, 'base64') : Buffer.from(content);
  const oid = repository.objects.addBlob(bytes);
  return {
    status: 201,
    json: { sha: oid, url: `${shapes.api}/repos/${repository.owner}/${repository.name}/git/blobs/${oid}` },
  };
}
