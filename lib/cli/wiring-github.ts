// Puts GitHub's API behind the ports of the commands: who Windlass is there, by the environment.
import { join, resolve } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import type { GitHub } from '../adapters/github/client.ts';
import type { GitHubAuth } from '../adapters/github/tokens.ts';
import type { GitHistory } from '../audit/ports.ts';
import type { ConfigRepo } from '../bump/ports.ts';
import { UserError } from '../model/errors.ts';
import type { Source } from '../pull/ports.ts';
import type { RepoPast } from '../rollback/ports.ts';
import type { Io } from './command.ts';
import { localFiles } from './wiring.ts';

/** What `github:` is followed by. GitHub's own rules for names are narrower; what they refuse is not there. */
const form = /^github:([A-Za-z0-9][A-Za-z0-9-]*)\/([A-Za-z0-9._-]+?)(?:\.git)?$/;

/** True for `github:...`, which is no address that git knows. */
export function isOnGitHub(repo: string): boolean {
  return repo.startsWith('github:');
}

/** A branch on GitHub as a person means it. */
export interface BranchMeant {
  /** `github:OWNER/NAME` */
  repo: string;
  /** The repository's own unless given. */
  branch: string | undefined;
  /** Who asks; whoever the environment says unless given. */
  auth?: GitHubAuth | undefined;
}

/** The config repo `github:OWNER/NAME` by GitHub's API. Throws `UserError` for another form, and where nobody said who Windlass is there. */
export async function gitHubConfigRepo(io: Io, where: BranchMeant): Promise<ConfigRepo & RepoPast> {
  const { openGitHubConfigRepo } = await import('../adapters/github/config-repo.ts');
  const { openSurveyFiles } = await import('../adapters/local/survey-files.ts');
  const { cacheDir } = await import('../adapters/local/cache-dir.ts');
  return openGitHubConfigRepo({
    ...(await branchOnGitHub(io, where)),
    store: openSurveyFiles(join(cacheDir(io.env), 'surveys')),
    warn: (message) => io.stderr.write(`note: ${message}\n`),
  });
}

/** The history of a branch of `github:OWNER/NAME`, by the API. Throws as `gitHubConfigRepo`. */
export async function gitHubHistory(io: Io, where: { repo: string; branch: string | undefined }): Promise<GitHistory> {
  const { openGitHubHistory } = await import('../adapters/github/commits.ts');
  return openGitHubHistory(await branchOnGitHub(io, where));
}

/** Any revision of `github:OWNER/NAME` as a tree, by the API. Throws as `gitHubConfigRepo`. */
export async function gitHubSource(io: Io, where: { repo: string; branch: string | undefined }): Promise<Source> {
  const { openGitHubSource } = await import('../adapters/github/source.ts');
  return openGitHubSource(await branchOnGitHub(io, where));
}

/** Which branch is meant, and who asks for it. Throws as `gitHubConfigRepo`. */
export async function branchOnGitHub(
  io: Io,
  { repo: text, branch, auth }: BranchMeant,
): Promise<{ client: GitHub; owner: string; repo: string; branch: string }> {
  const [, owner, repo] = form.exec(text) ?? [];
  if (owner === undefined || repo === undefined || /^\.+$/.test(repo)) {
    throw new UserError(`${JSON.stringify(text)} is no repository on GitHub: github:OWNER/NAME`, { code: 'repo-url' });
  }
  const { defaultBranch } = await import('../adapters/github/default-branch.ts');
  const client = await gitHub(io, auth ?? (await gitHubAuth(io)));
  return { client, owner, repo, branch: branch ?? (await defaultBranch(client, owner, repo)) };
}

async function gitHub(io: Io, auth: GitHubAuth): Promise<GitHub> {
  const { openGitHub } = await import('../adapters/github/client.ts');
  const variable = 'WINDLASS_GITHUB_API_URL';
  const baseUrl = io.env[variable];
  return openGitHub({
    auth,
    ...(baseUrl ? { baseUrl, baseUrlName: variable } : {}),
    userAgent: `windlass/${packageJson.version}`,
    now: io.now,
  });
}

/** Who Windlass is on GitHub, by the environment: the App where one is named, else the token. Throws `UserError` where there is neither. */
export async function gitHubAuth(io: Io): Promise<GitHubAuth> {
  const { env } = io;
  const [id, keyFile] = [env['WINDLASS_GITHUB_APP_ID'], env['WINDLASS_GITHUB_APP_KEY_FILE']];
  if (id && keyFile) {
    const privateKey = (await localFiles()).readText(resolve(io.cwd, keyFile));
    return { app: { id, privateKey, installationId: installationOf(env['WINDLASS_GITHUB_INSTALLATION_ID']) } };
  }
  if (id || keyFile) {
    const [there, missing] = id ? ['_ID', '_KEY_FILE'] : ['_KEY_FILE', '_ID'];
    throw noAuth(`WINDLASS_GITHUB_APP${there} is set and WINDLASS_GITHUB_APP${missing} is not`);
  }
  const token = env['WINDLASS_GITHUB_TOKEN'] || env['GITHUB_TOKEN'];
  if (token) return { token };
  throw noAuth(
    'who is Windlass on GitHub? Set WINDLASS_GITHUB_TOKEN (or GITHUB_TOKEN), or WINDLASS_GITHUB_APP_ID and WINDLASS_GITHUB_APP_KEY_FILE',
  );
}

function installationOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw noAuth('WINDLASS_GITHUB_INSTALLATION_ID is no number');
}

function noAuth(message: string): UserError {
  return new UserError(message, { code: 'github-credentials' });
}
