import * as z from 'zod';
import { isDigest } from '../model/image-ref.ts';
import { name } from './scalars.ts';

/** The name of a variable, as shells have it. */
export const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
  error: 'the name of a variable has letters, digits and _, and does not begin with a digit',
});

/** A name that may have placeholders, which are filled in before it is checked. */
const filledName = z.string().regex(/^(?:[a-z0-9-]|\{env\}|\{cluster\})+$/, {
  error: 'must be a name of small letters, digits and dashes, where {env} and {cluster} are filled in',
});

/** The Helm chart of a sync, as it is written. */
export const helmSchema = z.strictObject({
  chart: z
    .string()
    .min(1)
    .optional()
    .describe(
      "A directory from the root of the repo (the sync's path unless told), oci://HOST/PATH, or with repo a name.",
    ),
  repo: z
    .string()
    .refine(isRepoAddress, {
      error: 'must be the https:// address of a chart repository, without a user or a query in it',
    })
    .optional()
    .describe('A chart repository: the address that index.yaml is below.'),
  version: z.string().min(1).optional().describe('The exact version of a chart that is not in the repo.'),
  digest: z
    .string()
    .refine((text) => isDigest(text) && text.startsWith('sha256:'), {
      error: 'must be a digest: sha256: and 64 hexadecimal digits',
    })
    .optional()
    .describe("Pins a chart that is not in the repo: its manifest's digest for oci://, else that of its archive."),
  namespace: filledName.describe('The namespace of the release, and of its objects that name none.'),
  release: filledName.optional().describe("The release's name; the name of the sync's entry unless told."),
  values: z
    .array(z.string().min(1))
    .optional()
    .describe('Values files from the root of the repo; a later one wins; {env} and {cluster} are filled in.'),
  hooks: z
    .enum(['refuse', 'skip', 'apply'])
    .optional()
    .describe("What becomes of Helm's hooks: an error (refuse, unless told), left out, or applied like all objects."),
});

/** What `helm` may be in a sync. */
export type WrittenHelm = z.infer<typeof helmSchema>;

/** The name of an environment's release or namespace, when its placeholders are filled in. */
export function isName(text: string, longest: number): boolean {
  return text.length <= longest && name.safeParse(text).success;
}

function isRepoAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  const loopback = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  const bare = username === '' && password === '' && search === '' && hash === '';
  return bare && (protocol === 'https:' || (protocol === 'http:' && loopback));
}
