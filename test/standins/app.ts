import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { notFound, Refused } from './refused.ts';
import { iso, nodeId, type Shapes } from './shapes.ts';
import type { Repository } from './state.ts';

/** Who may come in. Without any of it everybody may. */
export interface Access {
  /** Tokens of persons: never expire. */
  tokens?: readonly string[];
  /** One GitHub App, installed on the repository. `publicKey` as PEM. */
  app?: { id: number; publicKey: string; installationId?: number };
}

/** The guard of the API. */
export interface Guard {
  /** Who a request is by. Throws GitHub's 401. */
  admit(authorization: string | null): 'nobody' | 'app' | 'caller';
  /** Serves the routes of Apps; undefined for another. Throws 401 and 404. */
  serve(
    method: string,
    path: string,
    who: 'nobody' | 'app' | 'caller',
    body: Record<string, unknown>,
  ): AppAnswer | undefined;
  /** Takes back every installation token. */
  revoke(): void;
  /** Number of installation tokens that were given out. */
  readonly issued: number;
}

/** What an App's route answers. */
export interface AppAnswer {
  kind: string;
  status: number;
  json: unknown;
}

/** An installation token lives an hour. */
const tokenLife = 3600_000;

/** Checks tokens and JWTs as GitHub does: RS256 by the App's key, `iat` not in the future, `exp` at most 10 minutes ahead. */
export function createGuard(access: Access, repository: Repository, shapes: Shapes): Guard {
  const key = access.app === undefined ? undefined : createPublicKey(access.app.publicKey);
  const installation = access.app?.installationId ?? 42;
  const given = new Map<string, number>();
  let issued = 0;
  const open = access.app === undefined && access.tokens === undefined;

  const admit: Guard['admit'] = (authorization) => {
    if (open) return 'caller';
    if (authorization === null) return 'nobody';
    const credential = /^(?:bearer|token) (.+)$/i.exec(authorization)?.[1] ?? '';
    if (access.tokens?.includes(credential)) return 'caller';
    const expires = given.get(credential);
    if (expires !== undefined && expires > repository.now().getTime()) return 'caller';
    if (credential.split('.').length === 3 && key !== undefined) {
      checkJwt(credential, key, access.app!.id, repository.now());
      return 'app';
    }
    throw new Refused(401, 'Bad credentials');
  };

  const serve: Guard['serve'] = (method, path, who, body) => {
    const route = appRoutes.find((each) => each.method === method && each.pattern.test(path));
    if (route === undefined) return undefined;
    if (who !== 'app') throw new Refused(401, 'A JSON web token could not be decoded');
    const asked = route.pattern.exec(path)?.[1];
    if (route.kind.includes('{installation_id}') && Number(asked) !== installation) throw notFound();
    if (route.kind.includes('{owner}') && asked !== `${repository.owner}/${repository.name}`) throw notFound();
    if (route.kind === 'GET /app')
      return { kind: route.kind, status: 200, json: appShape(access.app!.id, repository, shapes) };
    if (method === 'GET')
      return {
        kind: route.kind,
        status: 200,
        json: installationShape(access.app!.id, installation, repository, shapes),
      };
    const token = `ghs_${String(++issued).padStart(4, '0')}${'x'.repeat(32)}`;
    const expires = repository.now().getTime() + tokenLife;
    given.set(token, expires);
    const permissions = { ...repository.settings.permissions, ...(body['permissions'] as object | undefined) };
    return {
      kind: route.kind,
      status: 201,
      json: { token, expires_at: iso(new Date(expires)), permissions, repository_selection: 'selected' },
    };
  };

  return {
    admit,
    serve,
    revoke: () => given.clear(),
    get issued() {
      return issued;
    },
  };
}

const appRoutes = [
  { method: 'GET', kind: 'GET /app', pattern: /^\/app$/ },
  { method: 'GET', kind: 'GET /repos/{owner}/{repo}/installation', pattern: /^\/repos\/([^/]+\/[^/]+)\/installation$/ },
  {
    method: 'POST',
    kind: 'POST /app/installations/{installation_id}/access_tokens',
    pattern: /^\/app\/installations\/(\d+)\/access_tokens$/,
  },
];

/** The name of an App's route; undefined for another. */
export function appKind(method: string, path: string): string | undefined {
  return appRoutes.find((each) => each.method === method && each.pattern.test(path))?.kind;
}

function checkJwt(jwt: string, key: KeyObject, appId: number, now: Date): void {
  const [head, payload, signature] = jwt.split('.') as [string, string, string];
  const bad = new Refused(401, 'A JSON web token could not be decoded');
  let claims: { iss?: unknown; iat?: unknown; exp?: unknown };
  try {
    if (JSON.parse(Buffer.from(head, 'base64url').toString()).alg !== 'RS256') throw bad;
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  } catch {
    throw bad;
  }
  if (!verify('sha256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url'))) throw bad;
  const [seconds, { iat, exp }] = [now.getTime() / 1000, claims];
  if (String(claims.iss) !== String(appId)) throw new Refused(401, 'Integration not found');
  if (typeof iat !== 'number' || typeof exp !== 'number') throw bad;
  if (exp < seconds)
    throw new Refused(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  if (exp - seconds > 600) throw new Refused(401, "'Expiration time' claim ('exp') is too far in the future");
  if (iat > seconds + 60)
    throw new Refused(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
}

function installationShape(appId: number, id: number, repository: Repository, shapes: Shapes): Record<string, unknown> {
  const url = `${shapes.api}/app/installations/${id}`;
  return {
    id,
    app_id: appId,
    app_slug: 'windlass',
    target_id: 3,
    target_type: 'Organization',
    single_file_name: null,
    repository_selection: 'selected',
    access_tokens_url: `${url}/access_tokens`,
    repositories_url: `${shapes.api}/installation/repositories`,
    html_url: url,
    events: [],
    account: shapes.user(repository.owner, 3),
    permissions: repository.settings.permissions,
    created_at: iso(repository.now()),
    updated_at: iso(repository.now()),
    suspended_by: null,
    suspended_at: null,
  };
}

function appShape(id: number, repository: Repository, shapes: Shapes): Record<string, unknown> {
  return {
    id,
    slug: 'windlass',
    node_id: nodeId('App', id),
    owner: shapes.user(repository.owner, 3),
    name: 'windlass',
    description: null,
    external_url: 'https://example.com',
    html_url: 'https://github.com/apps/windlass',
    created_at: iso(repository.now()),
    updated_at: iso(repository.now()),
    permissions: repository.settings.permissions,
    events: [],
  };
}
