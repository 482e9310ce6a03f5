import type { Commit, Objects } from './objects.ts';

/** What a person writes to a path; undefined takes it away. */
export type Content = string | Uint8Array | { link: string } | { executable: string | Uint8Array } | undefined;

/** What a branch demands of a change. */
export interface Protection {
  /** No commit without a pull request. */
  requirePullRequest: boolean;
  /** Only commits with a signature that GitHub can verify. */
  signed?: boolean;
  /** Nobody may push. */
  locked?: boolean;
  /** Approvals before a merge. */
  approvals?: number;
}

/** A ruleset that is in force for branches. */
export interface Ruleset {
  id: number;
  name: string;
  branch: string;
  /** Kinds of rules: `pull_request`. */
  rules: string[];
  /** Whether the caller is let past it; `hidden`: the caller may not see the ruleset itself. */
  bypass: 'always' | 'never' | 'hidden';
}

/** A status on a commit, or of a deployment. */
export interface Status {
  id: number;
  state: string;
  context: string;
  description: string | null;
  targetUrl: string | null;
  environment?: string;
  at: Date;
}

/** A deployment. */
export interface Deployment {
  id: number;
  sha: string;
  ref: string;
  task: string;
  environment: string;
  description: string | null;
  payload: unknown;
  statuses: Status[];
  at: Date;
}

/** What a repository allows, and who is in it. */
export interface Settings {
  autoMerge: boolean;
  deleteBranchOnMerge: boolean;
  collaborators: string[];
  teams: string[];
  /** Rights of the caller, in the names that GitHub gives an App's. */
  permissions: Record<string, 'read' | 'write'>;
  archived?: boolean;
}

/** One repository of the stand-in: all that the REST and GraphQL halves share. */
export interface Repository {
  readonly owner: string;
  readonly name: string;
  readonly defaultBranch: string;
  readonly objects: Objects;
  readonly refs: Map<string, string>;
  readonly pulls: Pull[];
  readonly statuses: Map<string, Status[]>;
  readonly deployments: Deployment[];
  readonly protections: Map<string, Protection>;
  readonly rulesets: Ruleset[];
  readonly settings: Settings;
  /** The identity of the caller: an App's bot. */
  readonly bot: { login: string; id: number; name: string; email: string };
  now(): Date;
  nextId(): number;
  head(branch: string): string | undefined;
  /** Makes or moves a ref and does what GitHub does to the pull requests that it concerns. */
  setRef(ref: string, oid: string): void;
  deleteRef(ref: string): void;
  /** Throws GitHub's refusal when the branch is protected against a direct change. */
  checkProtection(branch: string): void;
  /** A commit of a person, on top of a branch. */
  commitAs(
    person: { name: string; email: string },
    branch: string,
    files: Record<string, Content>,
    message: string,
  ): Commit;
  /** What a name means: a branch, a tag, `refs/...`, a commit id or the beginning of one, `HEAD`. */
  resolve(name: string): string | undefined;
}

/** A comment on a pull request. */
export interface Comment {
  id: number;
  body: string;
  at: Date;
}

/** A pull request within one repository. */
export interface Pull {
  id: number;
  number: number;
  title: string;
  body: string | null;
  head: string;
  base: string;
  /** Where head and base were last seen: frozen once it is closed. */
  headOid: string;
  baseOid: string;
  state: 'open' | 'closed';
  mergedAt?: Date;
  mergeCommit?: string;
  draft: boolean;
  labels: string[];
  reviewers: string[];
  teams: string[];
  comments: Comment[];
  autoMerge?: string;
  /** GitHub computes it in the background: unknown when first asked for. */
  mergeableKnown: boolean;
  createdAt: Date;
  updatedAt: Date;
  closedAt?: Date;
}
