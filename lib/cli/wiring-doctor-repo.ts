// Puts a config repo behind `windlass doctor`: read as the functions would, and asked whether it would take a commit.
import { join } from 'node:path';
import type { GitHubAuth } from '../adapters/github/tokens.ts';
import type { BrokenHead, Look } from '../bump/look.ts';
import type { ConfigRepo } from '../bump/ports.ts';
import { UserError } from '../model/errors.ts';
import type { Source } from '../pull/ports.ts';
import type { Io } from './command.ts';
import { notAllowedCode } from './doctor/finding.ts';
import { once } from './doctor/once.ts';
import type { RepoDeps } from './doctor/repo.ts';
import { configSource, urlOf } from './wiring.ts';
import { writableRepo } from './wiring-bump.ts';
import { branchOnGitHub, gitHubAuth, gitHubConfigRepo, isOnGitHub } from './wiring-github.ts';

/** A config repo that is looked at. */
export interface OpenedRepo extends RepoDeps {
  /** As somebody named it. */
  name: string;
  look(): Promise<Look | BrokenHead>;
  /** For what only reads: nothing that is written here reaches the repository. */
  repo(): Promise<ConfigRepo>;
  /** Its trees, for rendering. */
  source(): Promise<Source>;
  /** True for GitHub asked as an App. */
  asApp: boolean;
}

/** Which config repo is meant, and whom GitHub is asked as; whoever the environment says unless told. */
export interface RepoMeant {
  repo: string;
  branch: string | undefined;
  auth?: (() => Promise<GitHubAuth>) | undefined;
}

/** Opens a config repo; `github:OWNER/NAME` by GitHub's API, everything else by git. Throws `UserError` where nobody said who asks GitHub. */
export async function openRepo(io: Io, meant: RepoMeant): Promise<OpenedRepo> {
  return isOnGitHub(meant.repo) ? await onGitHub(io, meant) : await byGit(io, meant);
}

async function onGitHub(io: Io, { repo: name, branch, auth: told }: RepoMeant): Promise<OpenedRepo> {
  const auth = await (told ?? (() => authHere(io)))();
  const at = once(() => branchOnGitHub(io, { repo: name, branch, auth }));
  const repo = once(async () => await gitHubConfigRepo(io, { repo: name, branch: (await at()).branch, auth }));
  return {
    ...{ name, repo, shown: name.replace(/^github:/, ''), now: io.now },
    branch: async () => (await at()).branch,
    who: 'app' in auth ? `GitHub App ${auth.app.id}` : 'a token',
    asApp: 'app' in auth,
    look: once(async () => await lookAt(await repo())),
    rules: async () => {
      const { readBranchRules } = await import('../adapters/github/branch-rules.ts');
      return await readBranchRules(await at());
    },
    source: async () => {
      const { openGitHubSource } = await import('../adapters/github/source.ts');
      return openGitHubSource(await at());
    },
  };
}

/** Throws `UserError` with the code of what one may not see: nobody said who asks, and that is no fault of the repo. */
async function authHere(io: Io): Promise<GitHubAuth> {
  const { env } = io;
  if (env['WINDLASS_GITHUB_APP_ID'] || env['WINDLASS_GITHUB_TOKEN'] || env['GITHUB_TOKEN']) return await gitHubAuth(io);
  throw new UserError(
    'nobody said who asks GitHub\nset WINDLASS_GITHUB_TOKEN (or GITHUB_TOKEN), or ask with the secret of the stack: --secrets',
    { code: notAllowedCode },
  );
}

async function byGit(io: Io, { repo: name, branch }: RepoMeant): Promise<OpenedRepo> {
  const { parseRemote } = await import('../adapters/git/remote.ts');
  // An address may hold a password.
  const { shown } = parseRemote(urlOf(io, name));
  const opened = once(() => writableRepo(io, { repo: name, branch }));
  const repo = async () => (await opened()).repo;
  return {
    ...{ name, repo, shown, who: 'git', asApp: false, now: io.now },
    branch: async () => (await repo()).branch,
    look: once(async () => await lookAt(await repo())),
    tryPush: async () => {
      const { tryPush } = await import('../adapters/git/try-push.ts');
      const { cacheDir } = await import('../adapters/local/cache-dir.ts');
      await tryPush({ url: urlOf(io, name), branch: (await repo()).branch, cacheDir: join(cacheDir(io.env), 'repos') });
    },
    source: () => configSource(io, { repo: name, branch }),
  };
}

async function lookAt(repo: ConfigRepo): Promise<Look | BrokenHead> {
  const { lookAtHead } = await import('../bump/look.ts');
  return await lookAtHead(repo);
}

/** The version of the git program. Throws `UserError` where there is none. */
export async function gitVersion(): Promise<string> {
  const { gitVersion: read } = await import('../adapters/git/version.ts');
  return await read();
}
