import { type Listening, listen } from './listen.ts';
import { HungUp } from './server.ts';
import { messageError } from './slack-rules.ts';

/** A message in a channel of the stand-in. */
export interface SlackPost {
  channel: string;
  ts: string;
  thread?: string;
  body: Record<string, unknown>;
  edited: boolean;
}

/** What the stand-in does instead of answering the next request of a path. */
export type SlackFault =
  | { error: string }
  | { retryAfter: number | undefined }
  | { status: number }
  /** `after`: it is done, and the answer gets lost. */
  | { hangUp: 'before' | 'after' };

/** A Slack on this machine: the Web API's chat.postMessage and chat.update for bots, and incoming webhooks, by the documented rules. */
export interface SlackStandIn extends Listening {
  /** Of the Web API. */
  api: string;
  /** The host of incoming webhooks. */
  host: string;
  token: string;
  webhook: string;
  posts: SlackPost[];
  requests: string[];
  channels: Map<string, { id: string; archived?: boolean; member?: boolean }>;
  faults: SlackFault[];
}

/** Arguments by https://docs.slack.dev/reference/methods/chat.postMessage and chat.update. */
const known: Record<string, string[]> = {
  'auth.test': [],
  'chat.postMessage': [
    'channel',
    'text',
    'blocks',
    'thread_ts',
    'mrkdwn',
    'parse',
    'link_names',
    'unfurl_links',
    'unfurl_media',
  ],
  'chat.update': ['channel', 'ts', 'text', 'blocks', 'parse', 'link_names'],
  webhook: ['text', 'blocks', 'mrkdwn', 'parse', 'link_names', 'unfurl_links', 'unfurl_media'],
};

/** Starts it on a free port of 127.0.0.1, with the channels #oncall and #shop. */
export async function startSlack(): Promise<SlackStandIn> {
  const token = 'xoxb-1-canaryTokenOfSlack';
  const path = '/services/T0/B0/canaryOfTheWebhook';
  const state = {
    token,
    posts: [] as SlackPost[],
    requests: [] as string[],
    channels: new Map([
      ['#oncall', { id: 'C0ONCALL', member: true }],
      ['#shop', { id: 'C0SHOP', member: true }],
    ]) as SlackStandIn['channels'],
    faults: [] as SlackFault[],
  };
  const listening = await listen({ answer: (request) => answer(request, state, path) });
  const { host } = new URL(listening.url);
  return Object.assign(state, listening, { api: `${listening.url}/api/`, host, webhook: `${listening.url}${path}` });
}

type State = Pick<SlackStandIn, 'token' | 'posts' | 'requests' | 'channels' | 'faults'>;

async function answer(request: Request, state: State, webhook: string): Promise<Response> {
  const { pathname } = new URL(request.url);
  const method = pathname === webhook ? 'webhook' : pathname.replace(/^\/api\//, '');
  state.requests.push(method);
  const body = (await request.json()) as Record<string, unknown>;
  const fault = state.faults.shift();
  if (fault !== undefined && 'hangUp' in fault && fault.hangUp === 'before') throw new HungUp('as asked');
  if (fault !== undefined && 'status' in fault) return new Response('no', { status: fault.status });
  if (fault !== undefined && 'retryAfter' in fault) {
    const headers = fault.retryAfter === undefined ? undefined : { 'retry-after': String(fault.retryAfter) };
    return new Response('{"ok":false,"error":"ratelimited"}', { status: 429, headers });
  }
  const error = fault !== undefined && 'error' in fault ? fault.error : errorOf(method, request, body, state);
  if (method === 'webhook' || pathname.startsWith('/services/')) {
    if (error !== undefined) return new Response(error, { status: error === 'no_service' ? 404 : 400 });
    state.posts.push({ channel: 'webhook', ts: tsOf(state), body, edited: false });
    return new Response('ok');
  }
  const done = error === undefined ? carryOut(method, body, state) : { ok: false, error };
  if (fault !== undefined && 'hangUp' in fault) throw new HungUp('as asked');
  return Response.json(done);
}

function errorOf(method: string, request: Request, body: Record<string, unknown>, state: State): string | undefined {
  if (known[method] === undefined) return method.startsWith('/services/') ? 'no_service' : 'unknown_method';
  if (!/^application\/json; *charset=utf-8$/i.test(request.headers.get('content-type') ?? ''))
    return 'invalid_post_type';
  if (Object.keys(body).some((key) => !known[method]!.includes(key))) return 'invalid_arguments';
  if (method === 'webhook') return messageError(body);
  const authorization = request.headers.get('authorization');
  if (authorization === null) return 'not_authed';
  if (authorization !== `Bearer ${state.token}`) return 'invalid_auth';
  if (method === 'auth.test') return undefined;
  const channel = [...state.channels].find(([name, { id }]) => body['channel'] === name || body['channel'] === id)?.[1];
  if (channel === undefined) return 'channel_not_found';
  if (channel.archived) return 'is_archived';
  if (channel.member === false) return 'not_in_channel';
  const at = method === 'chat.update' ? body['ts'] : body['thread_ts'];
  // chat.update takes an id alone.
  if (method === 'chat.update' && body['channel'] !== channel.id) return 'channel_not_found';
  if (at !== undefined && !state.posts.some((post) => post.channel === channel.id && post.ts === at)) {
    return method === 'chat.update' ? 'message_not_found' : 'thread_not_found';
  }
  return messageError(body);
}

function carryOut(method: string, body: Record<string, unknown>, state: State): object {
  // https://docs.slack.dev/reference/methods/auth.test
  if (method === 'auth.test')
    return { ok: true, team: 'Acme', user: 'windlass', team_id: 'T1', user_id: 'U1', bot_id: 'B1' };
  const channel = [...state.channels].find(([name, { id }]) => body['channel'] === name || body['channel'] === id)![1]
    .id;
  if (method === 'chat.update') {
    const post = state.posts.find((one) => one.channel === channel && one.ts === body['ts'])!;
    Object.assign(post, { body, edited: true });
    return { ok: true, channel, ts: post.ts };
  }
  const ts = tsOf(state);
  const thread = body['thread_ts'] === undefined ? {} : { thread: String(body['thread_ts']) };
  state.posts.push({ channel, ts, ...thread, body, edited: false });
  return { ok: true, channel, ts };
}

function tsOf({ posts }: State): string {
  return `1700000000.${String(posts.length + 1).padStart(6, '0')}`;
}
