import { createHash, timingSafeEqual } from 'node:crypto';
import { type NotifiedPush, readNotification } from '../../bump/distribution-event.ts';
import { foreignness } from '../../dashboard/guard.ts';

/** Where registries post to. */
export const hookPath = '/hooks/registry';
/** The most that one post may bring, in bytes. */
export const hookBodyLimit = 1024 * 1024;

/** The standard registry says v1 until its version 2, and v2 since its version 3; the envelope is the same. */
const contentType = /^application\/vnd\.docker\.distribution\.events\.v[12]\+json\s*(;|$)/i;

/** What a hook needs. */
export interface HookOptions {
  /** What `Authorization: Bearer` must bring. */
  token: string;
  /** The one that the server listens on. */
  port: number;
  now: () => Date;
  /** Takes one push to look at. Answers as soon as it is queued. */
  notified(push: NotifiedPush): Promise<void>;
}

/**
 * Takes the webhooks of a standard registry (Docker Distribution). A webhook says where to look and no more: nothing is done because of what
 * it claims. Answers 202 as soon as its pushes are queued; the registry sends again what is answered otherwise.
 */
export function registryHook({ token, port, now, notified }: HookOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const foreign = foreignness(request, port);
    if (foreign !== undefined) return text(403, foreign);
    if (request.method !== 'POST') return text(405, 'only POST', { allow: 'POST' });
    if (!isBearer(request.headers.get('authorization'), token)) {
      return text(401, 'Authorization: Bearer TOKEN is missing or wrong', { 'www-authenticate': 'Bearer' });
    }
    if (!contentType.test(request.headers.get('content-type') ?? '')) {
      return text(415, 'the body must be application/vnd.docker.distribution.events.v1+json (or v2)');
    }
    const pushes = readNotification(await request.text(), now());
    if (pushes === undefined) return text(400, 'expected {"events": [...]}');
    for (const push of pushes) await notified(push);
    return text(202, `${pushes.length} to look at`);
  };
}

/** Compares in a time that does not depend on how much of the token is right. */
function isBearer(header: string | null, token: string): boolean {
  const given = /^bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(digestOf(given), digestOf(token));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function text(status: number, message: string, headers: Record<string, string> = {}): Response {
  const fixed = {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
  return new Response(`${message}\n`, { status, headers: { ...fixed, ...headers } });
}
