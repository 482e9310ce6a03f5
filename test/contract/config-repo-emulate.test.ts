import { afterAll, beforeAll } from 'vitest';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { type Emulated, startEmulate } from '../standins/emulate.ts';
import { frontOf, modeOf } from '../standins/emulate-front.ts';
import { type Prism, startPrism } from '../standins/prism.ts';
import { adapterAt } from './config-repo-github.ts';
import { configRepoSuite } from './config-repo-suite.ts';
import type { ConfigRepoUnderTest, Content, Make } from './config-repo-under-test.ts';

let emulated: Emulated;
let prism: Prism;
let repositories = 0;

/**
 * The Git data of a GitHub that others wrote, held to GitHub's description: refs, commits, trees, blobs and comparisons are its own.
 * GraphQL, archives and raw bytes, which it does not have, come from our stand-in over its data.
 */
const make: Make = async (files, options = {}) => {
  const { owner, token } = emulated;
  const repo = `config-${++repositories}`;
  const made = await fetch(`${emulated.url}/user/repos`, {
    method: 'POST',
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: repo, private: true, auto_init: true }),
  });
  if (!made.ok) throw new Error(`emulate makes no repository: ${await made.text()}`);
  const front = await frontOf(prism.url, owner, repo, token);

  const write = async (changed: Record<string, Content | undefined>, parent: string | undefined, baseTree?: string) => {
    const tree: object[] = [];
    for (const [path, content] of Object.entries(changed)) {
      const mode = modeOf(content);
      if (content === undefined) tree.push({ path, mode, type: 'blob', sha: null });
      else {
        const body = { content: bytesOf(content).toString('base64'), encoding: 'base64' };
        const { sha } = await front.rest<{ sha: string }>('POST', '/git/blobs', body);
        tree.push({ path, mode, type: 'blob', sha });
      }
    }
    const root = await front.rest<{ sha: string }>('POST', '/git/trees', { base_tree: baseTree, tree });
    const author = { name: 'Ada', email: 'ada@example.com', date: new Date().toISOString() };
    const commit = { message: 'Change by hand', tree: root.sha, parents: parent === undefined ? [] : [parent], author };
    return (await front.rest<{ sha: string }>('POST', '/git/commits', commit)).sha;
  };
  const move = (branch: string, sha: string) =>
    front.rest('PATCH', `/git/refs/heads%2F${encodeURIComponent(branch)}`, { sha, force: true });
  const person: Omit<ConfigRepoUnderTest, 'repo' | 'again'> = {
    push: async (changed, branch = 'main') => {
      const head = (await front.look()).commitOf(branch);
      const sha = await write(changed, head.oid, head.tree);
      await move(branch, sha);
      return sha;
    },
    amend: async (changed) => {
      const head = (await front.look()).commitOf('main');
      const sha = await write(changed, head.parents[0], head.tree);
      await move('main', sha);
      return sha;
    },
    show: async (path, revision) => (await front.look()).show(path, revision),
    mode: async (path) => (await front.look()).mode(path)!,
    commit: async (revision) => {
      const { message, parents, author, committer } = (await front.look()).commitOf(revision);
      return { message, parents, author: author.name, at: new Date(committer.seconds * 1000).toISOString() };
    },
    branch: async (name) => (await front.look()).head(name),
    merge: () => Promise.reject(new Error('the suite does not merge here')),
    deleteBranch: () => Promise.reject(new Error('the suite deletes no branch here')),
  };
  await move('main', await write(files, undefined));
  const auth = { token };
  return { ...adapterAt({ owner, repo, fetch: front.fetch, auth, ...options }), ...person };
};

function bytesOf(content: Exclude<Content, undefined>): Buffer {
  if (typeof content === 'string' || content instanceof Uint8Array) return Buffer.from(content as Uint8Array);
  return Buffer.from('link' in content ? content.link : content.executable);
}

describeWithStandins('GitHub by emulate', () => {
  beforeAll(async () => {
    emulated = await startEmulate(await freePort());
    prism = await startPrism(emulated.url, await freePort());
  });
  afterAll(async () => {
    await prism.close();
    await emulated.close();
  });

  // Its pull requests do not follow their branches, so proposals are left to the stand-in; its comparison finds no renames.
  configRepoSuite('the GitHub adapter', make, { pulls: false, proposes: false, renames: false, setsTime: false });
});
