import { createAppAuth } from '@octokit/auth-app';
import type { request } from '@octokit/request';
import * as z from 'zod';
import { UserError } from '../../model/errors.ts';
import { failureOf, isFailure, lost } from './failure.ts';

/** How Windlass is known to GitHub: as an App, or by a token of a person or machine user. */
export type GitHubAuth =
  | { token: string }
  | {
      app: {
        id: number | string;
        /** Asked of GitHub (one request more) where it is not told. */
        installationId?: number;
        /** PEM. */
        privateKey: string;
        /** What its tokens may do, of what the App may: `{ contents: 'read' }`; all of it unless told. */
        permissions?: Readonly<Record<string, 'read' | 'write'>>;
      };
    };

/** Reads who Windlass is. `fresh`: GitHub refuses what was read before, it may have been replaced since. */
export type ReadAuth = (fresh: boolean) => Promise<GitHubAuth>;

/** The token that requests carry. */
export interface Tokens {
  /** Throws `UserError` when the App is not installed or its key is wrong, `GitHubFailure` when GitHub does not answer. */
  get(): Promise<string>;
  /** Throws the token away that GitHub refused. False when there is no other. */
  renew(): boolean;
}

type Request = typeof request;
/** For one repository. */
interface Repository {
  owner: string;
  repo: string;
}

const installation = z.object({ id: z.number() });

/** Tokens for one repository: that of an App reaches no other. */
export function tokensFor(auth: GitHubAuth, at: Repository, request: Request, now: () => Date): Tokens {
  if ('token' in auth) return { get: async () => auth.token, renew: () => false };
  return appTokens(auth.app, at, request, now);
}

/**
 * The same where who Windlass is is read from a place in which keys are replaced: asked before each token, and once more, anew, where GitHub takes neither
 * the token nor the key.
 */
export function tokensRead(read: ReadAuth, at: Repository, request: Request, now: () => Date): Tokens {
  let known: { auth: string; tokens: Tokens } | undefined;
  let refused = false;
  const tokensBy = async (fresh: boolean): Promise<Tokens> => {
    const auth = await read(fresh);
    const text = JSON.stringify(auth);
    if (known?.auth !== text) known = { auth: text, tokens: tokensFor(auth, at, request, now) };
    return known.tokens;
  };
  return {
    get: async () => {
      const fresh = refused;
      const tokens = await tokensBy(fresh);
      refused = false;
      try {
        return await tokens.get();
      } catch (error) {
        if (fresh || !(error instanceof UserError && error.code === 'github-credentials')) throw error;
        const renewed = await tokensBy(true);
        if (renewed === tokens) throw error;
        return await renewed.get();
      }
    },
    renew: () => {
      known?.tokens.renew();
      refused = true;
      return true;
    },
  };
}

function appTokens(
  app: Exclude<GitHubAuth, { token: string }>['app'],
  at: Repository,
  request: Request,
  now: () => Date,
): Tokens {
  const auth = createAppAuth({ appId: app.id, privateKey: app.privateKey, request });
  let installationId = app.installationId;
  let refresh = false;
  let keyIsGood = false;
  const asApp = async () => {
    try {
      return `bearer ${(await auth({ type: 'app' })).token}`;
    } catch {
      // Without its cause: what reads the key may quote it.
      throw new UserError(`the private key of the GitHub App ${app.id} is no RSA key in PEM format`, {
        code: 'github-credentials',
        subject: String(app.id),
      });
    }
  };
  const find = async () => {
    const headers = { authorization: await asApp() };
    const { data } = await request('GET /repos/{owner}/{repo}/installation', { ...at, headers });
    const found = installation.safeParse(data);
    if (!found.success) throw lost('the answer cannot be read');
    return found.data.id;
  };
  return {
    get: async () => {
      // A key that is none is told apart from what GitHub answers.
      if (!keyIsGood) await asApp();
      keyIsGood = true;
      try {
        installationId ??= await find();
        const scope = { repositoryNames: [at.repo], ...(app.permissions && { permissions: app.permissions }) };
        const { token } = await auth({ type: 'installation', installationId, ...scope, refresh });
        refresh = typeof token !== 'string' || token === '' || token === 'undefined';
        if (refresh) throw lost('the answer cannot be read');
        return token;
      } catch (error) {
        throw notInstalled(failureOf(error, now()), app.id, at);
      }
    },
    renew: () => {
      refresh = true;
      return true;
    },
  };
}

function notInstalled(error: unknown, id: number | string, { owner, repo }: Repository): unknown {
  if (!isFailure(error, 'refused')) return error;
  const [code, todo] =
    error.status === 401
      ? ['github-credentials', 'check that the id and the private key are those of the same App']
      : ['github-app-not-installed', `install the App on ${owner}/${repo}, or check the id of the installation`];
  return new UserError(`the GitHub App ${id} gets no token for ${owner}/${repo}: ${error.message}\n${todo}`, {
    code,
    subject: `${owner}/${repo}`,
  });
}
