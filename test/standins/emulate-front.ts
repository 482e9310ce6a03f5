import { createGitHub, type GitHub } from './github.ts';
import type { Commit, Signature, TreeItem } from './objects.ts';

/** A repository on `emulate` as GitHub's API, of which `emulate` has the REST half alone. */
export interface EmulateFront {
  fetch: typeof globalThis.fetch;
  /** What the repository holds, read anew by REST. */
  look(): Promise<GitHub>;
  /** Sends a request to the REST half; throws when it is refused. */
  rest<Answer>(method: string, path: string, body?: object): Promise<Answer>;
}

interface Ref {
  ref: string;
  object: { sha: string };
}
interface CommitAnswer {
  message: string;
  tree: { sha: string };
  parents: { sha: string }[];
  author: { name: string; email: string; date: string };
  committer: { name: string; email: string; date: string };
}
interface TreeAnswer {
  tree: { path: string; mode: string; type: string; sha: string }[];
}

/**
 * Puts GraphQL, archives and raw bytes in front of `emulate`. Each query first brings what is new by REST into a repository of ours and runs there; a commit
 * by GraphQL is tried there and then made by REST, where moving the branch decides who was first. All other requests go to `url` as they are.
 */
export async function frontOf(url: string, owner: string, repo: string, token: string): Promise<EmulateFront> {
  const replica = await createGitHub({ owner, repo, files: {} });
  const { repository } = replica;
  const { objects } = repository;
  const base = `/repos/${owner}/${repo}`;

  const rest: EmulateFront['rest'] = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const answer = await fetch(`${url}${base}${path}`, {
      method,
      headers: {
        authorization: `token ${token}`,
        'content-type': 'application/json',
        accept: 'application/vnd.github+json',
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  };

  const bringTree = async (oid: string): Promise<void> => {
    if (objects.trees.has(oid)) return;
    const { tree } = await rest<TreeAnswer>('GET', `/git/trees/${oid}`);
    for (const { type, sha } of tree) {
      if (type === 'tree') await bringTree(sha);
      else if (type === 'blob' && !objects.blobs.has(sha)) {
        const { content } = await rest<{ content: string }>('GET', `/git/blobs/${sha}`);
        objects.blobs.set(sha, new Uint8Array(Buffer.from(content, 'base64')));
      }
    }
    objects.trees.set(
      oid,
      tree.map((item): TreeItem => ({ name: item.path, mode: item.mode.replace(/^0/, ''), oid: item.sha })),
    );
  };
  const bringCommit = async (oid: string): Promise<void> => {
    if (objects.commits.has(oid)) return;
    const answer = await rest<CommitAnswer>('GET', `/git/commits/${oid}`);
    await bringTree(answer.tree.sha);
    const parents = answer.parents.map(({ sha }) => sha);
    for (const parent of parents) await bringCommit(parent);
    const { message, author, committer } = answer;
    const commit: Commit = {
      oid,
      tree: answer.tree.sha,
      parents,
      message,
      author: who(author),
      committer: who(committer),
      verified: false,
    };
    objects.commits.set(oid, commit);
  };
  const sync = async (): Promise<void> => {
    const refs = await rest<Ref[]>('GET', '/git/matching-refs/heads%2F');
    for (const { object } of refs) await bringCommit(object.sha);
    repository.refs.clear();
    for (const { ref, object } of refs) repository.refs.set(ref, object.sha);
  };

  /** Makes the commit that GraphQL made in our repository on `emulate`; undefined when somebody was first. */
  const carryOver = async (branch: string, made: Commit): Promise<string | undefined> => {
    const [parent] = made.parents as [string];
    const before = objects.commits.get(parent)!.tree;
    const tree: object[] = [];
    for (const { path, after } of objects.compare(before, made.tree)) {
      if (after === undefined) tree.push({ path, mode: '100644', type: 'blob', sha: null });
      else {
        const content = Buffer.from(objects.blobs.get(after.oid)!).toString('base64');
        await rest('POST', '/git/blobs', { content, encoding: 'base64' });
        tree.push({ path, mode: after.mode, type: 'blob', sha: after.oid });
      }
    }
    const { sha: root } = await rest<{ sha: string }>('POST', '/git/trees', { base_tree: before, tree });
    const commit = {
      message: made.message,
      tree: root,
      parents: [parent],
      author: dated(made.author),
      committer: dated(made.committer),
    };
    const { sha } = await rest<{ sha: string }>('POST', '/git/commits', commit);
    const path = `/git/refs/heads%2F${encodeURIComponent(branch)}`;
    return rest('PATCH', path, { sha, force: false }).then(
      () => sha,
      (error: Error) => {
        if (error.message.includes(': 422 ')) return undefined;
        throw error;
      },
    );
  };

  /** One at a time: the replica is brought up to date for each. */
  let last: Promise<unknown> = Promise.resolve();
  const graphql = (request: Request): Promise<Response> => {
    const next = last.then(async () => {
      await sync();
      const asked = (await request.clone().json()) as {
        query: string;
        variables?: { input?: { branch?: { branchName?: string } } };
      };
      const answer = await replica.fetch(request);
      const branch = asked.variables?.input?.branch?.branchName;
      if (!asked.query.includes('createCommitOnBranch') || branch === undefined) return answer;
      const text = await answer.text();
      if ((JSON.parse(text) as { errors?: unknown }).errors !== undefined) return new Response(text, answer);
      const made = replica.commitOf(branch);
      const sha = await carryOver(branch, made);
      const stale = {
        data: { createCommitOnBranch: null },
        errors: [
          {
            type: 'STALE_DATA',
            message: `Expected branch to point to "${made.parents[0]}" but it did not.  Pull and try again.`,
          },
        ],
      };
      // The same commit has another name there: its message ends with a line end.
      return sha === undefined ? Response.json(stale) : Response.json(JSON.parse(text.replaceAll(made.oid, sha)));
    });
    last = next.catch(() => {});
    return next;
  };

  const front = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    if (pathname === '/graphql') return graphql(request);
    const raw = /raw/.test(request.headers.get('accept') ?? '');
    if (raw || request.url.includes('/tarball/') || request.url.startsWith('https://codeload.')) {
      await sync();
      return replica.fetch(request);
    }
    const body = request.body === null ? undefined : await request.text();
    const headers = new Headers(request.headers);
    headers.set('authorization', `token ${token}`);
    return fetch(`${url}${pathname}${search}`, { method: request.method, headers, body, signal: request.signal });
  };
  return {
    fetch: front as typeof globalThis.fetch,
    rest,
    look: async () => {
      await sync();
      return replica;
    },
  };
}

/** Mode of what a person writes. */
export function modeOf(content: unknown): string {
  if (typeof content !== 'object' || content === null) return '100644';
  return 'link' in content ? '120000' : 'executable' in content ? '100755' : '100644';
}

function who({ name, email, date }: { name: string; email: string; date: string }): Signature {
  return { name, email, seconds: Math.floor(Date.parse(date) / 1000) };
}

function dated({ name, email, seconds }: Signature): object {
  return { name, email, date: new Date(seconds * 1000).toISOString() };
}
