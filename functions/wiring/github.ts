import { type GitHub, type GitHubOptions, openGitHub } from '../../lib/adapters/github/client.ts';
import { gitHubAuthOf } from '../../lib/adapters/github/secret.ts';
import type { GitHubAuth } from '../../lib/adapters/github/tokens.ts';
import { type FunctionName, functionVariables, gitHubWriters } from '../../lib/config/function-env.ts';
import { UserError } from '../../lib/model/errors.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { Secrets } from './secrets.ts';

/** What a function is told of the config repo. */
export interface RepoSettings {
  repo: string;
  branch: string;
  githubUrl?: string | undefined;
  githubSecret: string;
}

/** The config repo's place on GitHub. */
export interface RepoPlace {
  client: GitHub;
  owner: string;
  repo: string;
  branch: string;
}

/** Milliseconds: no function waits for GitHub until its own time is over. */
const timeout = 10_000;

/**
 * GitHub, as who the secret says. The secret is read when the first request is made, and anew when GitHub refuses it: what is wrong with it is told as
 * trouble with GitHub is. An App's token for a function that only reads can do no more.
 */
export function openRepoPlace(
  { repo, branch, githubUrl, githubSecret }: RepoSettings,
  reader: FunctionName,
  secrets: Secrets,
  options: Pick<GitHubOptions, 'fetch'> = {},
): RepoPlace {
  const slash = repo.lastIndexOf('/');
  const named = gitHubWriters.includes(reader) ? 'the prop githubSecret' : 'the prop githubReadSecret, or githubSecret';
  const wanted = { name: githubSecret, reader, named, code: 'github-credentials' };
  const client = openGitHub({
    auth: async (fresh) => {
      const text = await secrets.read(wanted, { fresh });
      try {
        return forReader(reader, gitHubAuthOf(text, githubSecret));
      } catch (error) {
        // It may have been mended since it was kept.
        if (fresh || !(error instanceof UserError)) throw error;
        return forReader(reader, gitHubAuthOf(await secrets.read(wanted, { fresh: true }), githubSecret));
      }
    },
    ...(githubUrl !== undefined && { baseUrl: githubUrl, baseUrlName: functionVariables.githubUrl }),
    userAgent: `windlass/${packageJson.version}`,
    timeout,
    ...options,
  });
  return { client, owner: repo.slice(0, slash), repo: repo.slice(slash + 1), branch };
}

/** What the App may do is its owner's choice: who writes asks for all of it. */
function forReader(reader: FunctionName, auth: GitHubAuth): GitHubAuth {
  if (!('app' in auth) || gitHubWriters.includes(reader)) return auth;
  return { app: { ...auth.app, permissions: { contents: 'read' } } };
}
