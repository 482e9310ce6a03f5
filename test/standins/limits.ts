import { createHash } from 'node:crypto';
import { troubleAnswer } from './faults.ts';
import { Refused } from './refused.ts';
import type { Answer } from './route.ts';
import type { Repository } from './state.ts';

/** One request that was understood: its kind, and the work that it asks for. */
export interface Work {
  kind: string;
  graphql: boolean;
  run(): Promise<Answer>;
}

/** GitHub's hourly limit, and what of an answer depends on what the caller knows. */
export interface Limits {
  /** Seconds since 1970. */
  resetAt(): number;
  /** Does the work unless the limit is reached. */
  counted(work: Work, request: Request): Promise<Response>;
}

/** Answers, with ETags and the headers of the primary limit. */
export function createLimits({ repository, limit }: { repository: Repository; limit: number }): Limits {
  const hour = 3600;
  const used = { core: 0, graphql: 0 };
  let resetAt = Math.floor(repository.now().getTime() / 1000) + hour;

  const respond = async (work: Work, request: Request): Promise<Response> => {
    const answer = await work.run().catch(refusal);
    const headers = new Headers(answer.headers);
    let content: Uint8Array | undefined = answer.bytes?.content;
    if (answer.bytes !== undefined) headers.set('content-type', answer.bytes.type);
    if (answer.json !== undefined) {
      content = Buffer.from(JSON.stringify(answer.json));
      headers.set('content-type', 'application/json; charset=utf-8');
    }
    if (request.method === 'GET' && answer.status === 200 && content !== undefined) {
      const tag = `"${createHash('sha256').update(content).digest('hex')}"`;
      headers.set('etag', tag);
      const known = (request.headers.get('if-none-match') ?? '')
        .split(',')
        .map((each) => each.trim().replace(/^W\//, ''));
      if (known.includes(tag)) return new Response(null, { status: 304, headers: { etag: tag } });
    }
    if (content !== undefined) headers.set('content-length', String(content.length));
    return new Response(content === undefined ? null : new Uint8Array(content), { status: answer.status, headers });
  };

  return {
    resetAt: () => resetAt,
    counted: async (work: Work, request: Request): Promise<Response> => {
      const seconds = Math.floor(repository.now().getTime() / 1000);
      if (seconds >= resetAt) {
        Object.assign(used, { core: 0, graphql: 0 });
        resetAt = seconds + hour;
      }
      const bucket = work.graphql ? 'graphql' : 'core';
      const free = work.kind.startsWith('GET /codeload');
      const over = !free && used[bucket] >= limit;
      const response = over
        ? troubleAnswer({ trouble: 'rate-limited', when: 'before' }, work.graphql, resetAt)!
        : await respond(work, request);
      // A conditional request that finds nothing new is free.
      if (!over && !free && response.status !== 304) used[bucket]++;
      response.headers.set('x-ratelimit-limit', String(limit));
      response.headers.set('x-ratelimit-remaining', String(Math.max(0, limit - used[bucket])));
      response.headers.set('x-ratelimit-used', String(used[bucket]));
      response.headers.set('x-ratelimit-reset', String(resetAt));
      response.headers.set('x-ratelimit-resource', bucket);
      response.headers.set('x-github-request-id', `0000:${used.core}:${used.graphql}`);
      return response;
    },
  };
}

function refusal(error: unknown): Answer {
  if (!(error instanceof Refused)) throw error;
  return {
    status: error.status,
    json: {
      message: error.message,
      ...error.details,
      documentation_url: 'https://docs.github.com/rest',
      status: String(error.status),
    },
  };
}
