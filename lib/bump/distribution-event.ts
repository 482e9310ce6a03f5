import * as z from 'zod';
import { isDigest, isTag } from '../model/image-ref.ts';

/** A push that a registry's webhook tells of. What it says is not trusted: it is only looked there. */
export interface NotifiedPush {
  /** The event's own id. */
  id: string;
  /** ISO 8601, UTC, milliseconds: what the registry's clock said, but never later than now. */
  at: string;
  /** The registry as the one who pushed named it, where it tells: `127.0.0.1:5000`. */
  host?: string;
  /** The repository without its host: `shop/web`. */
  path: string;
  tag: string;
  digest?: string;
}

/** The most pushes that are taken from one envelope: the registry sends one at a time. */
const mostPushes = 100;

/** Manifests and indexes of both families; blobs, signatures of other kinds and charts' layers are none. */
const manifests = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

const envelope = z.object({ events: z.array(z.unknown()) });
const pushShape = z.object({
  id: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  timestamp: z.string().nullish(),
  action: z.literal('push'),
  target: z.object({
    mediaType: z.string().refine((type) => manifests.has(type)),
    repository: z
      .string()
      .regex(/^[a-z0-9]+(?:(?:[._-]+|\/)[a-z0-9]+)*$/)
      .max(255),
    tag: z.string().refine(isTag),
    digest: z.string().nullish(),
  }),
  request: z.object({ host: z.string().max(255).nullish() }).nullish(),
});

/**
 * Reads the body that the standard registry posts to its endpoints: the pushes of tags in it, oldest first. All else that it tells of (blobs,
 * pulls, deletions, manifests without a tag) is left out. Undefined for a body that is no such envelope.
 * https://distribution.github.io/distribution/about/notifications/
 */
export function readNotification(body: string, now: Date): NotifiedPush[] | undefined {
  const read = envelope.safeParse(parseJson(body));
  if (!read.success) return undefined;
  return read.data.events
    .flatMap((event) => {
      const push = pushShape.safeParse(event);
      return push.success ? [pushIn(push.data, now)] : [];
    })
    .slice(0, mostPushes);
}

function pushIn({ id, timestamp, target, request }: z.infer<typeof pushShape>, now: Date): NotifiedPush {
  const told = Date.parse(timestamp ?? '');
  const { digest } = target;
  return {
    id,
    at: (told <= now.getTime() ? new Date(told) : now).toISOString(),
    ...(request?.host ? { host: request.host.toLowerCase() } : {}),
    path: target.repository,
    tag: target.tag,
    ...(typeof digest === 'string' && isDigest(digest) ? { digest } : {}),
  };
}

/**
 * The image that a webhook is about, among those of windlass.yaml: of the host that it tells, else of any of the registries that send
 * webhooks, as one registry has several names (`localhost:5000`, `127.0.0.1:5000`). Undefined where windlass.yaml has none.
 */
export function imageNotified(
  { host, path }: Pick<NotifiedPush, 'host' | 'path'>,
  images: readonly string[],
  registries: readonly string[],
): string | undefined {
  const candidates = registries.map((registry) => `${registry}/${path}`).filter((name) => images.includes(name));
  return candidates.find((name) => name === `${host}/${path}`) ?? candidates[0];
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
