import { request as octokitRequest } from '@octokit/request';
import { RequestError } from '@octokit/request-error';
import * as z from 'zod';
import { isGitHubApi } from '../../config/github-api.ts';
import { UserError } from '../../model/errors.ts';
import { failureOf, graphqlFailure, isFailure, lost, said } from './failure.ts';
import { type GitHubAuth, type ReadAuth, type Tokens, tokensFor, tokensRead } from './tokens.ts';

/** How GitHub is reached. */
export interface GitHubOptions {
  /** Who Windlass is, or where that is read. */
  auth: GitHubAuth | ReadAuth;
  /** `https://api.github.com` unless told; `https://HOST/api/v3` for GitHub Enterprise Server. */
  baseUrl?: string;
  /** Where a person set it, for an error. */
  baseUrlName?: string;
  /** Of the platform unless told. */
  fetch?: typeof fetch;
  /** GitHub asks for one. */
  userAgent: string;
  now?: () => Date;
  /** Milliseconds for one request with its answer, 30,000 unless told; the download of an archive has ten times as long. */
  timeout?: number;
}

/** GitHub by its API. Keep one a process: it keeps the tokens. */
export interface GitHub {
  /** One repository; an App's token reaches no other. */
  repo(owner: string, name: string): GitHubRepo;
}

type Parameters = Record<string, unknown>;

/**
 * Requests about one repository. `{owner}` and `{repo}` in a route, `$owner` and `$repo` in a query are filled in. Every answer is checked
 * against a shape: one that is cut short or of another kind counts as lost. All throw `GitHubFailure` (`troubleOf` makes it fit for a flow),
 * and `UserError` where there is no token to be had. A request that only reads is sent once more when its answer got lost; one that writes never.
 */
export interface GitHubRepo {
  readonly owner: string;
  readonly repo: string;
  /** `owner/repo`. */
  readonly name: string;
  /** A route of the REST API: `GET /repos/{owner}/{repo}/git/blobs/{file_sha}`. */
  rest<T>(route: string, parameters: Parameters, shape: z.ZodType<T>): Promise<T>;
  /** The same, with the answer's ETag. Where `tag` is still the answer's, GitHub refuses with 304. */
  tagged<T>(
    route: string,
    parameters: Parameters,
    tag: string | undefined,
    shape: z.ZodType<T>,
  ): Promise<{ value: T; tag: string | undefined }>;
  /** A query of the GraphQL API. An answer with any error is none. */
  query<T>(query: string, variables: Parameters, shape: z.ZodType<T>): Promise<T>;
  /** A mutation. */
  mutate<T>(mutation: string, variables: Parameters, shape: z.ZodType<T>): Promise<T>;
  /** The bytes of an answer as they come; a redirect to another place is followed without the token. */
  stream(route: string, parameters: Parameters): Promise<ReadableStream<Uint8Array>>;
}

interface Answer {
  status: number;
  headers: Record<string, string | number | undefined>;
  body: ReadableStream<Uint8Array> | undefined;
}

/** The shape of an answer that says nothing. */
export const nothing = z.unknown();

const graphqlAnswer = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.looseObject({ message: z.string(), type: z.string().optional() })).optional(),
});

/** A download may take this many times as long as another request. */
const downloadFactor = 10;

/** Opens GitHub's API; nothing is sent yet. Throws `UserError` for a base URL that would send the token in the clear. */
export function openGitHub(options: GitHubOptions): GitHub {
  const baseUrl = checkUrl(options.baseUrl ?? 'https://api.github.com', options.baseUrlName ?? 'the base URL');
  const send = options.fetch ?? fetch;
  const request = octokitRequest.defaults({
    baseUrl,
    headers: { 'user-agent': options.userAgent, 'x-github-api-version': '2022-11-28' },
    request: { fetch: send },
  });
  const now = options.now ?? (() => new Date());
  const connection = { request, send, graphqlUrl: graphqlUrl(baseUrl), now, timeout: options.timeout ?? 30_000 };
  const repos = new Map<string, GitHubRepo>();
  return {
    repo: (owner, name) => {
      const key = `${owner}/${name}`;
      const known = repos.get(key);
      if (known !== undefined) return known;
      const { auth } = options;
      const at = { owner, repo: name };
      const tokens =
        typeof auth === 'function' ? tokensRead(auth, at, request, now) : tokensFor(auth, at, request, now);
      const made = openRepo(connection, owner, name, tokens);
      repos.set(key, made);
      return made;
    },
  };
}

interface Connection {
  request: typeof octokitRequest;
  send: typeof fetch;
  graphqlUrl: string;
  now: () => Date;
  timeout: number;
}

function openRepo(connection: Connection, owner: string, repo: string, tokens: Tokens): GitHubRepo {
  const { graphqlUrl, now, timeout } = connection;
  const ask = (route: string, parameters: Parameters, signal = AbortSignal.timeout(timeout)) =>
    send(connection, tokens, route, parameters, signal);
  const graphql = async <T>(query: string, variables: Parameters, shape: z.ZodType<T>) => {
    // As text: Octokit's own way with JSON is made for numbers of any length, and takes its time over large contents.
    const data = JSON.stringify({ query, variables: { owner, repo, ...variables } });
    const answer = await ask(`POST ${graphqlUrl}`, { data });
    const { data: found, errors } = checked(await readJson(answer), graphqlAnswer);
    if (errors !== undefined && errors.length > 0) throw graphqlFailure(errors, answer.headers, now());
    return checked(found, shape);
  };
  return {
    owner,
    repo,
    name: `${owner}/${repo}`,
    rest: (route, parameters, shape) => {
      const once = async () => checked(await readJson(await ask(route, { owner, repo, ...parameters })), shape);
      return route.startsWith('GET ') ? readTwice(once) : once();
    },
    tagged: (route, parameters, tag, shape) =>
      readTwice(async () => {
        const headers = tag === undefined ? {} : { 'if-none-match': tag };
        const answer = await ask(route, { owner, repo, ...parameters, headers });
        const { etag } = answer.headers;
        return { value: checked(await readJson(answer), shape), tag: etag === undefined ? undefined : String(etag) };
      }),
    query: (query, variables, shape) => readTwice(() => graphql(query, variables, shape)),
    mutate: graphql,
    stream: (route, parameters) => {
      return readTwice(async () => {
        const signal = AbortSignal.timeout(timeout * downloadFactor);
        const answer = await ask(route, { owner, repo, ...parameters });
        return (await followed(connection, answer, signal)).body ?? empty();
      });
    },
  };
}

/** One request; with a new token once more when GitHub refuses the one it has. */
async function send(
  { request, now }: Connection,
  tokens: Tokens,
  route: string,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<Answer> {
  for (let renewed = false; ; renewed = true) {
    const headers = { authorization: `token ${await tokens.get()}`, ...(parameters['headers'] as object | undefined) };
    try {
      const {
        status,
        headers: got,
        data,
      } = await request(route, {
        ...parameters,
        headers,
        request: { signal, parseSuccessResponseBody: false, redirect: 'manual' },
      });
      return { status, headers: got, body: data instanceof ReadableStream ? data : undefined };
    } catch (error) {
      if (!(error instanceof RequestError && error.status === 401 && !renewed && tokens.renew())) {
        throw failureOf(error, now());
      }
    }
  }
}

/** Where the answer is elsewhere: one step, over https, without the token. */
async function followed({ send, now }: Connection, answer: Answer, signal: AbortSignal): Promise<Answer> {
  if (answer.status < 300) return answer;
  const location = String(answer.headers['location'] ?? '');
  if (!URL.canParse(location)) throw lost('GitHub sent a redirect without a place');
  checkUrl(location);
  try {
    const response = await send(location, { signal, redirect: 'error' });
    // The address holds a key for some minutes: it is told to nobody.
    if (!response.ok) throw lost(`the download answered ${response.status}`);
    return { status: response.status, headers: {}, body: response.body ?? undefined };
  } catch (error) {
    throw failureOf(error, now());
  }
}

async function readJson(answer: Answer): Promise<unknown> {
  if (answer.status >= 300) {
    throw new UserError('GitHub answers with a redirect: the repository has another name now, use that', {
      code: 'repo-moved',
    });
  }
  try {
    const text = answer.body === undefined ? '' : await new Response(answer.body).text();
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    throw lost('the answer was cut short');
  }
}

function checked<T>(value: unknown, shape: z.ZodType<T>): T {
  const found = shape.safeParse(value);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw lost(`the answer is not what GitHub's documentation says: ${issue?.path.join('.')} ${issue?.message}`);
}

async function readTwice<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isFailure(error, 'lost')) throw error;
    return read();
  }
}

function graphqlUrl(baseUrl: string): string {
  return baseUrl.endsWith('/api/v3') ? baseUrl.replace(/\/v3$/, '/graphql') : `${baseUrl}/graphql`;
}

/** `name`: what a person set it by. Another address may hold a key, and is not told. */
function checkUrl(text: string, name?: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const local = url !== undefined && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' && name !== undefined && !isGitHubApi(text))
    throw new UserError(
      `${said(text)} is no URL of GitHub's API: give ${name} as https://HOST/api/v3 or https://api.NAME.ghe.com, and leave it out for github.com`,
      { code: 'github-url' },
    );
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && local)) return text.replace(/\/+$/, '');
  const remedy = name === undefined ? '' : ` (${said(text)}): give ${name} as https://HOST/api/v3`;
  throw new UserError(`GitHub's API is reached by https only${remedy}`, { code: 'github-url' });
}

function empty(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
