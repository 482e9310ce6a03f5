import { createHash } from 'node:crypto';
import * as z from 'zod';
import { messageOf, UserError } from './errors.ts';
import { isDigest } from './image-ref.ts';

/** The media types of what a tag may point at, as a client names them in `Accept`: indexes first, so that a registry that converts does not. */
export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

/** Documents of images are small: registries refuse larger manifests themselves (OCI distribution specification, "Pushing Manifests"). */
export const largestDocument = 4 * 1024 * 1024;

const configTypes = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

const annotations = z.record(z.string(), z.string()).nullish();
const platform = z.looseObject({ os: z.string(), architecture: z.string(), variant: z.string().nullish() });
const descriptor = z.looseObject({
  mediaType: z.string().optional(),
  digest: z.string().refine(isDigest, 'is no digest'),
  annotations,
});
const indexShape = z.looseObject({
  manifests: z.array(descriptor.extend({ platform: platform.nullish() })),
  annotations,
});
const imageShape = z.looseObject({ config: descriptor, annotations });
const configShape = z.looseObject({
  os: z.string().nullish(),
  architecture: z.string().nullish(),
  variant: z.string().nullish(),
  config: z.looseObject({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** A manifest that an index names. */
export interface Child {
  digest: string;
  /** `linux/arm64/v8`; undefined where the index does not say it. */
  platform: string | undefined;
}

/** What a tag or digest points at. */
export type Manifest =
  | { kind: 'index'; children: Child[]; annotations: Record<string, string> }
  | { kind: 'image'; config: string | undefined; annotations: Record<string, string> };

/**
 * Reads an OCI index or manifest, or Docker's (image manifest version 2, schema 2). Children that are no images (attestations) are left out.
 * Throws `UserError` `image-unreadable` for all else, and for one that is both: two clients would read it differently (CVE-2021-41190).
 */
export function readManifest(bytes: Uint8Array, name: string): Manifest {
  const value = parse(bytes, name);
  const isIndex = typeof value === 'object' && value !== null && 'manifests' in value;
  if (isIndex && ('config' in value || 'layers' in value))
    throw unreadable(name, 'it is an index and an image at once');
  if (isIndex) {
    const { manifests, annotations } = check(indexShape, value, name);
    return { kind: 'index', children: manifests.filter(isImage).map(childOf), annotations: annotations ?? {} };
  }
  const { config, annotations } = check(imageShape, value, name);
  // Charts and other artifacts have a config of their own.
  const isConfig = config.mediaType === undefined || configTypes.has(config.mediaType);
  return { kind: 'image', config: isConfig ? config.digest : undefined, annotations: annotations ?? {} };
}

/** Reads an image's config. Throws `UserError` `image-unreadable`. */
export function readImageConfig(
  bytes: Uint8Array,
  name: string,
): { platform: string | undefined; labels: Record<string, string> } {
  const { config, ...rest } = check(configShape, parse(bytes, name), name);
  const { os, architecture, variant } = rest;
  return {
    platform: os && architecture ? platformOf({ os, architecture, variant }) : undefined,
    labels: config?.Labels ?? {},
  };
}

/** The SHA-256 or SHA-512 of content, written as `like` is. Throws `UserError` for another algorithm: what cannot be verified is not used. */
export function digestOf(bytes: Uint8Array, like = 'sha256:'): string {
  const algorithm = like.slice(0, like.indexOf(':'));
  if (algorithm !== 'sha256' && algorithm !== 'sha512') {
    throw new UserError(`the digest ${like} is of a kind that cannot be verified: sha256 and sha512 can`, {
      code: 'digest-unknown',
      subject: like,
    });
  }
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Throws `UserError` `digest-wrong` unless content is what its digest says. */
export function verifyDigest(bytes: Uint8Array, digest: string, name: string): void {
  if (digestOf(bytes, digest) === digest) return;
  throw new UserError(
    `what the registry sent of ${name} is not what its digest ${digest} says: nothing of it is used`,
    {
      code: 'digest-wrong',
      subject: name,
    },
  );
}

type Descriptor = z.infer<typeof indexShape>['manifests'][number];

/** BuildKit marks what is no image twice: https://docs.docker.com/build/metadata/attestations/attestation-storage/ */
function isImage({ platform, annotations }: Descriptor): boolean {
  if (annotations?.['vnd.docker.reference.type'] !== undefined) return false;
  return platform?.os !== 'unknown' && platform?.architecture !== 'unknown';
}

function childOf({ digest, platform }: Descriptor): Child {
  return { digest, platform: platform ? platformOf(platform) : undefined };
}

function platformOf({ os, architecture, variant }: z.infer<typeof platform>): string {
  return [os, architecture, ...(variant ? [variant] : [])].join('/');
}

function parse(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw unreadable(name, messageOf(error));
  }
}

function check<T>(shape: z.ZodType<T>, value: unknown, name: string): T {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw unreadable(name, `${issue?.path.join('.') || 'the document'}: ${issue?.message}`);
}

function unreadable(name: string, why: string): UserError {
  return new UserError(`${name} is no image that Windlass can read (${why}): push it as an OCI or Docker v2 image`, {
    code: 'image-unreadable',
    subject: name,
  });
}
