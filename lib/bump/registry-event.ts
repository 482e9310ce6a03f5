import * as z from 'zod';
import { isDigest, isTag, parseImageRef } from '../model/image-ref.ts';
import { wrongIn } from './event-excerpt.ts';
import type { Push, Seen } from './push.ts';

/** `source` and `detail-type` of the events that Windlass makes of a registry's webhooks. */
export const registryPush = { source: 'windlass.registry', type: 'Registry Push' } as const;

const detailShape = z.object({
  repository: z.string().max(400),
  tag: z.string(),
  digest: z.string().optional(),
});

/** A push to a registry that is not ECR, in the shape in which ECR's pushes are on the queue. */
export function registryEvent({ id, at, repository, tag, digest }: Omit<Push, 'cause'>): Record<string, unknown> {
  return {
    version: '0',
    id,
    'detail-type': registryPush.type,
    source: registryPush.source,
    account: '',
    time: at,
    region: '',
    resources: [],
    detail: { repository, tag, ...(digest === undefined ? {} : { digest }) },
  };
}

/** Reads the detail of such an event: what it tells of, or the reason why there is nothing to look at. */
export function readRegistryPush({ detail }: { detail: Record<string, unknown> }): Seen | string {
  const read = detailShape.safeParse(detail);
  if (!read.success) return `is not a Registry Push: ${wrongIn(read.error)}`;
  const { repository, tag, digest } = read.data;
  if (parseImageRef(repository)?.repository !== repository) return 'does not name a repository';
  if (!isTag(tag)) return 'has a tag that no registry allows';
  return { cause: 'push', repository, tag, ...(digest !== undefined && isDigest(digest) ? { digest } : {}) };
}
