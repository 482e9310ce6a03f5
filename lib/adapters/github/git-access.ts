import { request as octokitRequest } from '@octokit/request';
import { RequestError } from '@octokit/request-error';
import * as z from 'zod';
import { RetryableError, UserError } from '../../model/errors.ts';
import { failureOf } from './failure.ts';
import { type GitHubAuth, type Tokens, tokensFor } from './tokens.ts';
import { told } from './trouble.ts';

/** A repository on GitHub, and where its API is. */
export interface GitHubRepository {
  owner: string;
  repo: string;
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  api: string;
}

/** What git needs of GitHub to read one branch. */
export interface GitHubGit {
  /** For git over https. With an App's key it reads the contents of this one repository, and lives an hour. */
  token(refused?: string): Promise<string>;
  /**
   * The commit at the branch's head. Asked again and again it costs nothing while the branch stays: GitHub answers 304, which it does not count.
   * Throws `UserError` and `RetryableError`.
   */
  head(): Promise<string>;
}

const refShape = z.object({ object: z.object({ sha: z.string() }) });

/**
 * The repository that an https URL of github.com names; with `elsewhere` that of any host is taken for one of GitHub Enterprise Server. Undefined for every
 * other URL.
 */
export function gitHubRepositoryOf(url: string, { elsewhere = false } = {}): GitHubRepository | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'https:') return undefined;
  const [, owner, repo] = /^\/([A-Za-z0-9][A-Za-z0-9-]*)\/([A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(parsed.pathname) ?? [];
  if (owner === undefined || repo === undefined || /^\.+$/.test(repo)) return undefined;
  if (parsed.host === 'github.com') return { owner, repo, api: 'https://api.github.com' };
  return elsewhere ? { owner, repo, api: `${parsed.origin}/api/v3` } : undefined;
}

/** Opens one branch of a repository on GitHub. Nothing is sent yet. An App's tokens are narrowed to reading this one repository. */
export function openGitHubGit(options: {
  repository: GitHubRepository;
  branch: string;
  /** Asked anew when GitHub refuses what it gave: keys are replaced. */
  auth(): Promise<GitHubAuth>;
  userAgent: string;
  fetch?: typeof fetch;
  now?: () => Date;
}): GitHubGit {
  const { repository, branch, auth, userAgent, now = () => new Date() } = options;
  const { owner, repo, api } = repository;
  const request = octokitRequest.defaults({
    baseUrl: api,
    headers: { 'user-agent': userAgent, 'x-github-api-version': '2022-11-28' },
    request: { fetch: options.fetch ?? fetch },
  });
  const name = `${owner}/${repo}`;
  let tokens: Promise<Tokens> | undefined;
  let known: { etag: string; revision: string } | undefined;

  const make = async (): Promise<Tokens> => {
    const who = await auth();
    const narrowed = 'app' in who ? { app: { ...who.app, permissions: { contents: 'read' } as const } } : who;
    return tokensFor(narrowed, { owner, repo }, request, now);
  };
  const token = async (refused?: string): Promise<string> => {
    if (tokens === undefined || refused !== undefined) tokens = make();
    const mine = tokens;
    try {
      const given = await (await mine).get();
      // The key is the same as before, and its token was thrown away a moment ago.
      if (given === refused && (await mine).renew()) return await (await mine).get();
      return given;
    } catch (error) {
      if (tokens === mine) tokens = undefined;
      throw error;
    }
  };

  const ask = async (authorization: string) => {
    const headers = { authorization, ...(known && { 'if-none-match': known.etag }) };
    const signal = AbortSignal.timeout(10_000);
    const route = 'GET /repos/{owner}/{repo}/git/ref/{ref}';
    return await request(route, { owner, repo, ref: `heads/${branch}`, headers, request: { signal } });
  };
  const look = async (): Promise<string> => {
    let given = await token();
    for (let renewed = false; ; renewed = true) {
      try {
        const { data, headers } = await ask(`token ${given}`);
        const read = refShape.safeParse(data);
        if (!read.success) throw new RetryableError('the answer cannot be read', { code: 'github-unreachable' });
        const revision = read.data.object.sha;
        known = headers.etag === undefined ? undefined : { etag: headers.etag, revision };
        return revision;
      } catch (error) {
        const status = error instanceof RequestError ? error.status : undefined;
        if (status === 304 && known !== undefined) return known.revision;
        if (status !== 401 || renewed) throw failureOf(error, now());
        given = await token(given);
      }
    }
  };
  return {
    token: (refused) =>
      told({ what: `get a token for ${name}`, subject: name, needs: 'Contents: read' }, () => token(refused)),
    head: () => told({ what: `read the head of ${branch} of ${name}`, subject: name, needs: 'Contents: read' }, look),
  };
}

/** Throws `UserError`: an App's key is of no use elsewhere. */
export function notOnGitHub(url: string): UserError {
  return new UserError(`${url} is no https address of a repository on GitHub, which the key of a GitHub App needs`, {
    code: 'git-key',
    subject: url,
  });
}
