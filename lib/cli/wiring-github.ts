// Puts GitHub's API behind the ports of the commands: who Windlass is there, by the environment.
import { join, resolve } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import type { GitHub } from '../adapters/github/client.ts';
import type { GitHubAuth } from '../adapters/github/tokens.ts';
import type { ConfigRepo } from '../bump/ports.ts';
import { UserError } from '../model/errors.ts';
import type { Io } from './command.ts';
import { localFiles } from './wiring.ts';

/** What `github:` is followed by. GitHub's own rules for names are narrower; what they refuse is not there. */
const form = /^github:([A-Za-z0-9][A-Za-z0-9-]*)\/([A-Za-z0-9._-]+?)(?:\.git)?$/;

/** True for `github:...`, which is no address that git knows. */
export function isOnGitHub(repo: string): boolean {
  return repo.startsWith('github:');
}

/** The config repo `github:OWNER/NAME` by GitHub's API. Throws `UserError` for another form, and where nobody said who Windlass is there. */
export async function gitHubConfigRepo(
  io: Io,
  { repo: text, branch }: { repo: string; branch: string | undefined },
): Promise<ConfigRepo> {
  const [, owner, repo] = form.exec(text) ?? [];
  if (owner === undefined || repo === undefined || /^\.+$/.test(repo)) {
    throw new UserError(`${JSON.stringify(text)} is no repository on GitHub: github:OWNER/NAME`, { code: 'repo-url' });
  }
  const { openGitHubConfigRepo } = await import('../adapters/github/config-repo.ts');
  const { defaultBranch } = await import('../adapters/github/default-branch.ts');
  const { openSurveyFiles } = await import('../adapters/local/survey-files.ts');
  const { cacheDir } = await import('../adapters/local/cache-dir.ts');
  const client = await gitHub(io);
  return openGitHubConfigRepo({
    client,
    owner,
    repo,
    branch: branch ?? (await defaultBranch(client, owner, repo)),
    store: openSurveyFiles(join(cacheDir(io.env), 'surveys')),
    warn: (message) => io.stderr.write(`note: ${message}\n`),
  });
}

async function gitHub(io: Io): Promise<GitHub> {
  const { openGitHub } = await import('../adapters/github/client.ts');
  const variable = 'WINDLASS_GITHUB_API_URL';
  const baseUrl = io.env[variable];
  return openGitHub({
    auth: await authOf(io),
    ...(baseUrl ? { baseUrl, baseUrlName: variable } : {}),
    userAgent: `windlass/${packageJson.version}`,
    now: io.now,
  });
}

/** The App where one is named, else the token. */
async function authOf(io: Io): Promise<GitHubAuth> {
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
