import type { CommitRequest, ConfigRepo, ProposalRequest } from '../../lib/bump/ports.ts';
import type { RepoPast } from '../../lib/rollback/ports.ts';

/** What a file of the repository is. */
export type Content = string | Uint8Array | { link: string } | { executable: string };

/** A commit as the host has it. */
export interface CommitThere {
  message: string;
  parents: string[];
  author: string;
  /** ISO 8601. */
  at: string;
}

/** What an adapter gives the suite: the repo under test, and a person who works on the same repository by other means. */
export interface ConfigRepoUnderTest {
  repo: ConfigRepo & RepoPast;
  /** The same repository, opened anew by somebody who has the same store or cache, or `bare`ly knows nothing of it. */
  again(how: 'with-store' | 'bare'): ConfigRepo & RepoPast;
  /** Commits and pushes files as a person, to `main` unless told; `undefined` deletes one. Answers the commit. */
  push(files: Record<string, Content | undefined>, branch?: string): Promise<string>;
  /** Replaces the head of `main` by another commit, as `git commit --amend` and a forced push do. Answers the commit. */
  amend(files: Record<string, Content | undefined>): Promise<string>;
  /** What a branch or commit of the real repository holds now; undefined when it has no such file. */
  show(path: string, revision?: string): Promise<Uint8Array | undefined>;
  /** The mode of a file at `main`, as git writes it: `100755`. */
  mode(path: string): Promise<string>;
  commit(revision: string): Promise<CommitThere>;
  /** The head of a branch; undefined when there is none. */
  branch(name: string): Promise<string | undefined>;
  /** A person merges a branch into `main`. */
  merge(branch: string): Promise<void>;
  deleteBranch(name: string): Promise<void>;
  /** Where the host has pull requests. */
  pull?(number: number): Promise<PullThere>;
  closePull?(number: number): Promise<void>;
  /** `main` then demands a review, so that a pull request can wait for it. */
  demandReviews?(): Promise<void>;
}

/** A pull request as the host has it. */
export interface PullThere {
  title: string;
  body: string;
  state: 'open' | 'closed' | 'merged';
  head: string;
  labels: string[];
  reviewers: string[];
  autoMerge: boolean;
  comments: string[];
}

/** Starts a repository whose branch `main` holds the files. */
export type Make = (
  files: Record<string, Content>,
  options?: { maxFileBytes?: number },
) => Promise<ConfigRepoUnderTest>;

/** What a host can do: the suite asks for no more. */
export interface Abilities {
  pulls: boolean;
  /** False where branches and pull requests are not those of the real host; true unless told. */
  proposes?: boolean;
  /** False where a comparison tells of no renames; true unless told. */
  renames?: boolean;
  /** Commits get the time that was asked for. */
  setsTime: boolean;
}

/** A repository with a bit of everything. */
export const start: Record<string, Content> = {
  'windlass.yaml': 'windlass: 1\n',
  'apps/web.yaml': '\ufeffimage: web:1.0.0 # {"$imagepolicy": "web"}\r\nlast line without an end',
  'apps/shop/api.yaml': 'image: api:1.0.0 # {"$imagepolicy": "api"}\n',
  'apps/plain.yaml': 'kind: ConfigMap\n',
  'apps/run.sh': { executable: '#!/bin/sh\n' },
  'apps/latest.yaml': { link: 'web.yaml' },
  'holds/web.1.yaml': 'image: web\n',
  'holds/old/web.0.yaml': 'image: web\n',
};

/** A commit of bump. */
export function request(parent: string, files: CommitRequest['files']): CommitRequest {
  return {
    parent,
    files,
    subject: 'Bump web to 1.1.0',
    body: ['web  1.0.0 -> 1.1.0  apps/web.yaml:1'],
    trailers: [
      ['Windlass-Policy', 'web'],
      ['Windlass-Event', 'e-1'],
    ],
    at: new Date('2026-11-22T10:00:00Z'),
  };
}

/** A proposal of bump that sets apps/web.yaml. */
export function proposal(
  parent: string,
  group: string,
  content: string,
  more: Partial<ProposalRequest> = {},
): ProposalRequest {
  return {
    ...request(parent, [{ path: 'apps/web.yaml', bytes: bytes(content) }]),
    group,
    title: `Bump ${group}`,
    description: 'web  1.0.0 -> 1.1.0\n',
    labels: [],
    reviewers: [],
    autoMerge: false,
    ...more,
  };
}

/** UTF-8, a byte order mark kept. */
export function text(content: Uint8Array | undefined): string | undefined {
  return content === undefined ? undefined : new TextDecoder('utf-8', { ignoreBOM: true }).decode(content);
}

/** UTF-8. */
export function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
