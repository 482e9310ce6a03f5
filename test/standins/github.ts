import { type Access, createGuard, type Guard } from './app.ts';
import { createFaults, type Faults } from './faults.ts';
import { graphqlEngine } from './graphql-engine.ts';
import { graphqlRoot } from './graphql-root.ts';
import { commitOf, reachable } from './history.ts';
import { type Listening, listen } from './listen.ts';
import type { Commit } from './objects.ts';
import { mergePull, pullOf, setPullState } from './pulls.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createRepository } from './repository.ts';
import { createServer, type Server } from './server.ts';
import { shapesOf } from './shapes.ts';
import type { Content, Pull, Repository } from './state.ts';

export type { Fault, Trouble } from './faults.ts';
export type { Commit } from './objects.ts';
export type { Content, Pull } from './state.ts';

/** How the stand-in begins. */
export interface GitHubOptions {
  files: Record<string, Content>;
  /** `main` unless told. */
  branch?: string;
  /** `acme` and `config` unless told. */
  owner?: string;
  repo?: string;
  /** The clock of commits, tokens and limits; the machine's unless told. */
  now?: () => Date;
  /** Of the faults that are drawn by chance; 1 unless told. */
  seed?: number;
  /** Who may come in; everybody unless told. */
  access?: Access;
  /** Requests an hour before GitHub's primary limit; 5,000 unless told, an infinite number for long tests. */
  limit?: number;
}

/**
 * A stand-in of GitHub with one repository: objects with the hashes that git gives them, the REST API, GraphQL by GitHub's schema, faults on demand
 * and a record of all requests. In process by `fetch`, or by HTTP.
 */
export interface GitHub {
  readonly owner: string;
  readonly repo: string;
  /** `https://api.github.com`: what `fetch` answers for. Archives come from https://codeload.github.com. */
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
  readonly requests: Recorder;
  readonly faults: Faults;
  readonly guard: Guard;
  /** Everything that is in it, to look at and to set up (`repository.settings`, `repository.protections`). */
  readonly repository: Repository;
  /** One request, redirects not followed; `origin`: how addresses in the answers begin. */
  answer: Server['answer'];
  /** The same on 127.0.0.1 by HTTP. */
  listen(): Promise<Listening>;

  /** A person commits and pushes; `undefined` deletes a file. Makes the branch when it is not there. Answers the commit. */
  push(
    files: Record<string, Content>,
    options?: { message?: string; author?: { name: string; email: string }; branch?: string },
  ): string;
  /** The bytes of a file at a branch or commit; undefined when it is not there. */
  show(path: string, revision?: string): Uint8Array | undefined;
  /** The mode of a file, as `100755`. */
  mode(path: string, revision?: string): string | undefined;
  /** All files of a branch or commit, without links and submodules. */
  files(revision?: string): { path: string; bytes: Uint8Array }[];
  /** The head of a branch; undefined when there is none. */
  head(branch?: string): string | undefined;
  /** All commits of a branch, newest first. */
  log(branch?: string): Commit[];
  commitOf(revision: string): Commit;
  pull(number: number): Pull;
  /** A person merges or closes a pull request. */
  merge(number: number, method?: 'merge' | 'squash'): string;
  closePull(number: number): void;
  deleteBranch(branch: string): void;
}

const person = { name: 'Ada', email: 'ada@example.com' };

/** Makes a stand-in of GitHub with one commit on its branch. Throws when the packages of the stand-ins cannot be installed. */
export async function createGitHub(options: GitHubOptions): Promise<GitHub> {
  const engine = await graphqlEngine();
  const { branch = 'main', owner = 'acme', repo = 'config', now = () => new Date() } = options;
  const repository = createRepository({ owner, name: repo, branch, files: options.files, now });
  const requests = createRecorder();
  const faults = createFaults(options.seed ?? 1);
  const addresses = { api: 'https://api.github.com', web: 'https://github.com' };
  const guard = createGuard(options.access ?? {}, repository, shapesOf(repository, addresses));
  const server: Server = createServer({
    repository,
    root: graphqlRoot(repository, addresses.web),
    engine,
    guard,
    faults,
    requests,
    limit: options.limit ?? 5000,
  });
  const revisionOf = (name: string) => {
    const oid = repository.resolve(name);
    if (oid === undefined) throw new Error(`the stand-in has no ${name}`);
    return commitOf(repository.objects, oid);
  };

  return {
    owner,
    repo,
    baseUrl: addresses.api,
    fetch: server.fetch,
    answer: server.answer,
    requests,
    faults,
    guard,
    repository,
    listen: () => listen(server),
    push: (files, { message = 'Change by hand', author = person, branch: to = branch } = {}) => {
      if (repository.head(to) === undefined) repository.setRef(`refs/heads/${to}`, repository.head(branch)!);
      return repository.commitAs(author, to, files, `${message}\n`).oid;
    },
    show: (path, revision = branch) => {
      const found = repository.objects.lookUp(revisionOf(revision).tree, path);
      return found === undefined ? undefined : repository.objects.blobs.get(found.oid);
    },
    mode: (path, revision = branch) => repository.objects.lookUp(revisionOf(revision).tree, path)?.mode,
    files: (revision = branch) =>
      repository.objects
        .walk(revisionOf(revision).tree)
        .filter(({ mode }) => mode.startsWith('100'))
        .map(({ path, oid }) => ({ path, bytes: repository.objects.blobs.get(oid)! })),
    head: (name = branch) => repository.head(name),
    log: (name = branch) => [...reachable(repository.objects, revisionOf(name).oid)],
    commitOf: revisionOf,
    pull: (number) => pullOf(repository, number),
    merge: (number, method = 'merge') => mergePull(repository, pullOf(repository, number), method).oid,
    closePull: (number) => setPullState(repository, pullOf(repository, number), 'closed'),
    deleteBranch: (name) => repository.deleteRef(`refs/heads/${name}`),
  };
}
