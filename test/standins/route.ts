import type { Shapes } from './shapes.ts';
import type { Repository } from './state.ts';

/** One request as a route sees it. */
export interface Call {
  repository: Repository;
  shapes: Shapes;
  /** The parts of the path that the route's template names. */
  params: Record<string, string>;
  query: URLSearchParams;
  body: Record<string, unknown>;
  headers: Headers;
  /** Where the archives are served. */
  codeload: string;
}

/** What a route answers: JSON, or bytes with their type. */
export interface Answer {
  status: number;
  json?: unknown;
  bytes?: { type: string; content: Uint8Array };
  headers?: Record<string, string>;
}

/** One route of the REST API, named as in GitHub's own description of it. */
export interface Route {
  method: string;
  /** `{+name}` takes slashes too. */
  template: string;
  /** The right that an App needs: `contents: write`. */
  needs?: [permission: string, level: 'read' | 'write'];
  handle(call: Call): Answer;
}

/** The route that serves a request, and the values in its path. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  for (const route of routes) {
    if (route.method !== method) continue;
    const groups = patternOf(route.template).exec(path)?.groups;
    if (groups === undefined) continue;
    const params = Object.fromEntries(Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)]));
    return { route, params };
  }
  return undefined;
}

const patterns = new Map<string, RegExp>();

function patternOf(template: string): RegExp {
  let pattern = patterns.get(template);
  if (pattern === undefined) {
    const source = template
      .replace(/[.]/g, '\\.')
      .replace(/\{\+(\w+)\}/g, '(?<$1>.+)')
      .replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    pattern = new RegExp(`^${source}$`);
    patterns.set(template, pattern);
  }
  return pattern;
}

/** One page of a list, and the Link header that leads to the next. */
export function page<Item>(
  call: Call,
  path: string,
  items: readonly Item[],
): { items: Item[]; headers: Record<string, string> } {
  const size = Math.min(100, Math.max(1, Number(call.query.get('per_page') ?? 30) || 30));
  const at = Math.max(1, Number(call.query.get('page') ?? 1) || 1);
  const next = new URLSearchParams(call.query);
  next.set('page', String(at + 1));
  const more = items.length > at * size;
  return {
    items: items.slice((at - 1) * size, at * size),
    headers: more ? { link: `<${call.shapes.api}${path}?${next}>; rel="next"` } : {},
  };
}

/** A text of the body; undefined when it is absent. */
export function text(body: Record<string, unknown>, name: string): string | undefined {
  const value = body[name];
  return typeof value === 'string' ? value : undefined;
}

/** The texts of a list in the body. */
export function texts(body: Record<string, unknown>, name: string): string[] {
  const value = body[name];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
