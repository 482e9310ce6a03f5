import { generateKeyPairSync } from 'node:crypto';
import { type GitHub as Client, type GitHubOptions, openGitHub } from '../../../lib/adapters/github/client.ts';
import { type GitHubConfigRepoOptions, openGitHubConfigRepo } from '../../../lib/adapters/github/config-repo.ts';
import type { CommitRequest, ConfigRepo, Head, ProposalRequest, Survey, SurveyStore } from '../../../lib/bump/ports.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { createGitHub, type GitHub, type GitHubOptions as StandinOptions } from '../../standins/github.ts';

/** A key of a GitHub App, made once for all tests of a file. */
export const appKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});

/** A store in memory that counts. */
export interface MemoryStore extends SurveyStore {
  content: Map<string, Uint8Array>;
  saved: number;
}

export function memoryStore(): MemoryStore {
  const store: MemoryStore = {
    content: new Map(),
    saved: 0,
    load: async (key) => store.content.get(key),
    save: async (key, content) => {
      store.saved += 1;
      store.content.set(key, content);
    },
  };
  return store;
}

/** A config repo on a stand-in of GitHub, known to it as an App. */
export interface World {
  github: GitHub;
  store: MemoryStore;
  warnings: string[];
  client(more?: Partial<GitHubOptions>): Client;
  /** The adapter as a new process has it: with the store, and without a memory. */
  open(more?: Partial<GitHubConfigRepoOptions>): ConfigRepo;
}

const start = {
  'windlass.yaml': 'windlass: 1\n',
  'apps/web.yaml': 'image: web:1.0.0 # {"$imagepolicy": "web"}\n',
  'apps/plain.yaml': 'kind: ConfigMap\n',
};

export async function world(
  files: StandinOptions['files'] = start,
  options: Partial<StandinOptions> = {},
): Promise<World> {
  const github = await createGitHub({
    files,
    access: { app: { id: 7, publicKey: appKey.publicKey, installationId: 42 } },
    ...options,
  });
  const store = memoryStore();
  const warnings: string[] = [];
  const client = (more: Partial<GitHubOptions> = {}) =>
    openGitHub({
      auth: { app: { id: 7, installationId: 42, privateKey: appKey.privateKey } },
      fetch: github.fetch,
      userAgent: 'windlass-test',
      ...more,
    });
  return {
    github,
    store,
    warnings,
    client,
    open: (more = {}) =>
      openGitHubConfigRepo({
        client: client(),
        owner: 'acme',
        repo: 'config',
        branch: 'main',
        store,
        warn: (message) => warnings.push(message),
        ...more,
      }),
  };
}

/** What a survey in these tests tells of a file: its first line. `seen` has the paths that it was asked about. */
export function firstLines(
  token: string | undefined = '$imagepolicy',
  key = '1',
): Survey<string> & { seen: string[]; matches(path: string): boolean } {
  const seen: string[] = [];
  const matches = (path: string) => path.endsWith('.yaml');
  return {
    key,
    seen,
    matches,
    interests: [{ matches, token }],
    facts: ({ path, bytes }) => {
      seen.push(path);
      return text(bytes).split('\n')[0];
    },
  };
}

export const text = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? '(nothing)' : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
export const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);

/** A bump of web as the flow asks for it. */
export function request(parent: string, files?: CommitRequest['files'], event = 'e-1'): CommitRequest {
  return {
    parent,
    files: files ?? [{ path: 'apps/web.yaml', bytes: bytes('image: web:1.1.0 # {"$imagepolicy": "web"}\n') }],
    subject: 'Bump web to 1.1.0',
    body: ['web  1.0.0 -> 1.1.0'],
    trailers: [
      ['Windlass-Policy', 'web'],
      ['Windlass-Event', event],
    ],
    at: new Date('2026-11-22T10:00:00Z'),
  };
}

export function proposal(head: Head, more: Partial<ProposalRequest> = {}): ProposalRequest {
  return {
    ...request(head.revision),
    group: 'prod',
    title: 'Bump web to 1.1.0',
    description: '| image | from | to |\n',
    labels: [],
    reviewers: [],
    autoMerge: false,
    ...more,
  };
}

/** The error that a call ends with. */
export async function failure(work: Promise<unknown>): Promise<UserError | RetryableError> {
  const thrown = await work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  if (thrown instanceof UserError || thrown instanceof RetryableError) return thrown;
  throw thrown;
}
