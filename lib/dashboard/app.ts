import { longestDays } from '../model/drift-figures.ts';
import { messageOf, UserError } from '../model/errors.ts';
import { pageState, stateStream } from './events.ts';
import { refusal } from './guard.ts';
import type { DashboardPorts } from './ports.ts';

/** Nothing from elsewhere, no inline script or style, no frame around the page. */
const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const types = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files of the page. Only these names are ever read: a path of a request chooses one, and is not a path of a file. */
const scripts = [
  'app',
  'commits',
  'dom',
  'entries',
  'images',
  'incidents',
  'metrics',
  'push',
  'syncs',
  'timeline',
  'verdict',
  'words',
];
const assets: Record<string, { file: string; type: string }> = {
  '/': { file: 'index.html', type: types.html },
  '/style.css': { file: 'style.css', type: types.css },
  '/icon.svg': { file: 'icon.svg', type: types.svg },
  ...Object.fromEntries(scripts.map((name) => [`/${name}.js`, { file: `${name}.js`, type: types.js }])),
};

/** The page as one function. `port` is the one that the server listens on; requests for another host or from another origin are refused. */
export function dashboard(ports: DashboardPorts, port: number): (request: Request) => Promise<Response> {
  return async (request) => {
    const refused = refusal(request, port);
    if (refused !== undefined) return text(403, refused);
    const { pathname } = new URL(request.url);
    const asset = Object.hasOwn(assets, pathname) ? assets[pathname] : undefined;
    if (asset !== undefined) return await onlyGet(request, async () => file(await ports.asset(asset.file), asset.type));
    if (pathname === '/api/state') return await onlyGet(request, async () => json(200, await pageState(ports)));
    if (pathname === '/api/metrics') return await onlyGet(request, () => metrics(ports, request));
    if (pathname === '/api/events') return await onlyGet(request, async () => events(ports, request.signal));
    if (pathname === '/api/push') return await push(ports, request);
    return text(404, 'there is no such page');
  };
}

async function onlyGet(request: Request, answer: () => Promise<Response>): Promise<Response> {
  return request.method === 'GET' ? await answer() : text(405, 'only GET');
}

function events(ports: DashboardPorts, signal: AbortSignal): Response {
  return new Response(stateStream(ports, signal), {
    headers: { ...securityHeaders, 'content-type': 'text/event-stream' },
  });
}

async function metrics(ports: DashboardPorts, request: Request): Promise<Response> {
  const text = new URL(request.url).searchParams.get('days') ?? '30';
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > longestDays) return json(400, { error: `days must be 1 to ${longestDays}` });
  return json(200, await ports.metrics(days));
}

async function push(ports: DashboardPorts, request: Request): Promise<Response> {
  if (request.method !== 'POST') return text(405, 'only POST');
  if (ports.push === undefined) return text(404, 'images are pushed to the registry, not here');
  const body: unknown = await request.json().catch(() => undefined);
  if (!isPush(body)) return json(400, { error: 'expected {"repository": "shop/web", "tag": "1.5.0"}' });
  try {
    await ports.push(body.repository, body.tag);
    return json(202, { accepted: `${body.repository}:${body.tag}` });
  } catch (error) {
    if (error instanceof UserError) return json(400, { error: messageOf(error) });
    throw error;
  }
}

function isPush(body: unknown): body is { repository: string; tag: string } {
  if (typeof body !== 'object' || body === null) return false;
  const { repository, tag } = body as Record<string, unknown>;
  return typeof repository === 'string' && typeof tag === 'string';
}

function file(bytes: Uint8Array, type: string): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { ...securityHeaders, 'content-type': type } });
}

function json(status: number, value: unknown): Response {
  const headers = { ...securityHeaders, 'content-type': 'application/json; charset=utf-8' };
  return new Response(JSON.stringify(value), { status, headers });
}

function text(status: number, message: string): Response {
  const headers = { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' };
  return new Response(`${message}\n`, { status, headers });
}
