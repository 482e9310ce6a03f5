import { commitOf } from './history.ts';
import { createObjects, emptyTree, type Objects, type Signature, seconds, type TreeChange } from './objects.ts';
import { settlePulls } from './pulls.ts';
import { Refused } from './refused.ts';
import type { Content, Repository } from './state.ts';

/** How a repository begins. */
export interface RepositoryOptions {
  owner: string;
  name: string;
  branch: string;
  files: Record<string, Content>;
  now: () => Date;
}

/** Makes a repository with one commit. */
export function createRepository(options: RepositoryOptions): Repository {
  const objects = createObjects();
  const refs = new Map<string, string>();
  let ids = 1000;

  const repository: Repository = {
    owner: options.owner,
    name: options.name,
    defaultBranch: options.branch,
    objects,
    refs,
    pulls: [],
    statuses: new Map(),
    deployments: [],
    protections: new Map(),
    rulesets: [],
    settings: {
      autoMerge: true,
      deleteBranchOnMerge: false,
      collaborators: ['ada', 'grace'],
      teams: ['deployers'],
      permissions: {
        metadata: 'read',
        contents: 'write',
        pull_requests: 'write',
        statuses: 'write',
        deployments: 'write',
      },
    },
    bot: {
      login: 'windlass[bot]',
      id: 4711,
      name: 'windlass[bot]',
      email: '4711+windlass[bot]@users.noreply.github.com',
    },
    now: options.now,
    nextId: () => ids++,
    head: (branch) => refs.get(`refs/heads/${branch}`),
    setRef: (ref, oid) => {
      refs.set(ref, commitOf(objects, oid).oid);
      settlePulls(repository, ref);
    },
    deleteRef: (ref) => {
      refs.delete(ref);
      settlePulls(repository, ref);
    },
    checkProtection: (branch) => {
      if (repository.protections.get(branch)?.requirePullRequest !== true) return;
      const text = 'Changes must be made through a pull request.';
      throw new Refused(422, text, {}, 'BRANCH_PROTECTION_RULE_VIOLATION');
    },
    commitAs: (person, branch, files, message) => {
      const parent = repository.head(branch);
      const who: Signature = { ...person, seconds: seconds(options.now()) };
      const tree = objects.changeTree(
        parent === undefined ? emptyTree : commitOf(objects, parent).tree,
        Object.entries(files).map(([path, content]) => changeOf(objects, path, content)),
      );
      const parents = parent === undefined ? [] : [parent];
      const commit = objects.addCommit({ tree, parents, author: who, committer: who, message, verified: false });
      repository.setRef(`refs/heads/${branch}`, commit.oid);
      return commit;
    },
    resolve: (name) => {
      if (name === 'HEAD') return repository.head(options.branch);
      const ref =
        refs.get(name) ?? refs.get(`refs/${name}`) ?? refs.get(`refs/heads/${name}`) ?? refs.get(`refs/tags/${name}`);
      if (ref !== undefined) return ref;
      if (objects.commits.has(name)) return name;
      if (!/^[0-9a-f]{7,39}$/.test(name)) return undefined;
      const matching = [...objects.commits.keys()].filter((oid) => oid.startsWith(name));
      return matching.length === 1 ? matching[0] : undefined;
    },
  };
  repository.commitAs({ name: 'Ada', email: 'ada@example.com' }, options.branch, options.files, 'Begin\n');
  return repository;
}

function changeOf(objects: Objects, path: string, content: Content): TreeChange {
  const bytes = (text: string | Uint8Array) => (typeof text === 'string' ? Buffer.from(text) : text);
  if (content === undefined) return [path, undefined];
  if (typeof content === 'string' || content instanceof Uint8Array)
    return [path, { mode: '100644', oid: objects.addBlob(bytes(content)) }];
  if ('link' in content) return [path, { mode: '120000', oid: objects.addBlob(bytes(content.link)) }];
  return [path, { mode: '100755', oid: objects.addBlob(bytes(content.executable)) }];
}
