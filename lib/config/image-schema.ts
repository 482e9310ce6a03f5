import * as z from 'zod';
import { isTag, parseImageRef } from '../model/image-ref.ts';
import { severities } from '../policy/gates.ts';
import { allError, duration, name, notAll, rollbackMode } from './scalars.ts';
import { targetSchema } from './target-schema.ts';

/** What an image is chosen by; exactly one in each entry. */
export const policyKinds = ['semver', 'numerical', 'alphabetical', 'newest', 'digest'] as const;

/** The keys that a marker's last part is told from, and so no image can have. */
const markerParts = ['tag', 'name', 'digest'];

/** The key of an image: what markers name. */
export const imageName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?::[A-Za-z0-9][A-Za-z0-9._-]{0,99})?$/, {
    error: 'the name of an image has letters, digits, dots, dashes and underscores, and may have one colon inside',
  })
  .refine((key) => !markerParts.includes(key.slice(key.lastIndexOf(':') + 1)), {
    error: `no image can be named ${markerParts.join(', ')}: a marker's last part would be taken for it`,
  })
  .refine((key) => !/\.\.|\.$|\.lock$/.test(key), {
    error: 'the name of an image ends the name of a branch: no ".." in it, and no "." or ".lock" at its end',
  })
  .refine(notAll, allError);
const group = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
  error: 'must have up to 63 lower-case letters, digits and dashes, and begin and end with a letter or digit',
});
const order = z.enum(['asc', 'desc']);
const platform = z
  .string()
  .regex(/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9.]+)?$/, { error: 'must be a platform like linux/amd64 or linux/arm64/v8' })
  .refine((text) => !/\/(?:x86_64|aarch64)(?:\/|$)/.test(text), {
    error: 'has a name that images do not use: x86_64 is amd64, aarch64 is arm64',
  });

const filterSchema = z.strictObject({
  include: z.string().optional().describe('Only tags that this RE2 pattern is found in.'),
  exclude: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('Never a tag that this RE2 pattern, or one of these, is found in.'),
  extract: z
    .string()
    .optional()
    .describe('What is compared instead of the whole tag: a template over the groups of include, like $ts.'),
});

const gatesSchema = z.strictObject({
  scan: z
    .enum(severities)
    .optional()
    .describe('The least severity of a finding that keeps a tag from being taken. ECR only.'),
  minAge: duration.optional().describe('How long ago the image must have been pushed. ECR only.'),
});

/** An entry of `images`. */
export const imageSchema = z.strictObject({
  image: z
    .string()
    .refine(isRepository, { error: 'must be a repository without tag or digest, like ghcr.io/acme/web' })
    .describe('The repository, without tag or digest.'),
  semver: z.string().optional().describe('The greatest version in this range, like ">=1.4.0 <2.0.0".'),
  numerical: order.optional().describe('The greatest (asc) or smallest (desc) number.'),
  alphabetical: order.optional().describe('The last (asc) or first (desc) tag in the order of its characters.'),
  newest: z.literal(true).optional().describe('The tag of the image that was pushed last. ECR only.'),
  digest: z
    .string()
    .refine(isTag, { error: 'must be a tag, like latest' })
    .optional()
    .describe('A tag that moves, followed by its digest.'),
  filter: z
    .union([z.string(), filterSchema])
    .optional()
    .describe('Which tags are looked at: an RE2 pattern, or include, exclude and extract.'),
  gates: gatesSchema.optional().describe('What a tag must pass before it is taken.'),
  platforms: z
    .array(platform)
    .min(1)
    .optional()
    .describe('What an image must be built for to be taken, like linux/arm64.'),
  update: z.enum(['commit', 'pull-request']).optional().describe('How a new tag gets into the branch.'),
  group: group.optional().describe('The pull request that its changes share with those of others.'),
  targets: z.array(targetSchema).min(1).optional().describe('Places in files that are written without a marker.'),
  in: z.array(name).min(1).optional().describe('The environments that this image is promoted through.'),
  allowDowngrade: z
    .boolean()
    .optional()
    .describe('Takes the newest tag of the registry even when Git has a newer one.'),
  rollback: rollbackMode.optional().describe('What happens to a bump of it that does not become healthy.'),
});

function isRepository(text: string): boolean {
  const ref = parseImageRef(text);
  return ref !== undefined && ref.tag === undefined && ref.digest === undefined;
}
