import * as z from 'zod';
import { keysOfPath } from '../edit/key-path.ts';
import { treePath } from '../model/tree-path.ts';
import { pointer } from './scalars.ts';

/** What a target is told by, and the keys that may stand beside each. */
export const targetKinds = {
  kustomization: ['name'],
  helmValues: ['image', 'name', 'tag', 'digest'],
  file: ['path', 'part'],
} as const;

const repoPath = z.string().refine(isRepoPath, {
  error: 'must be a path from the root of the repo, with / between its parts and without ".."',
});
const keyPath = z.string().refine((text) => !text.startsWith('/') && !keysOfPath(text).includes(''), {
  error: 'must be keys with dots between them, like web.image.tag; a dot inside a key is written \\.',
});

/** An entry of `images.*.targets`, in one shape for the three kinds: which keys go together is checked in check-targets.ts. */
export const targetSchema = z.strictObject({
  kustomization: repoPath
    .optional()
    .describe('A kustomization, or its directory: newTag, newName and digest of one entry of its images.'),
  helmValues: repoPath.optional().describe('A file of Helm values.'),
  file: repoPath.optional().describe('Any YAML or JSON file: one scalar of it.'),
  name: z
    .string()
    .min(1)
    .optional()
    .describe('With kustomization: the name of the entry, the repository unless told. With helmValues: its key.'),
  image: keyPath.optional().describe('With helmValues: the key of the whole reference, repository:tag.'),
  tag: keyPath.optional().describe('With helmValues: the key of the tag; image.tag where no key is told.'),
  digest: keyPath.optional().describe('With helmValues: the key of the digest.'),
  path: pointer.optional().describe('With file: a JSON Pointer (RFC 6901) to the scalar.'),
  part: z
    .enum(['image', 'name', 'tag', 'digest'])
    .optional()
    .describe('With file: what the scalar holds; image, the whole reference, unless told.'),
});

/** A target as it is written. */
export type WrittenTarget = z.infer<typeof targetSchema>;

/** The same rules for the JSON Schema. */
export const targetAlternatives = Object.entries(targetKinds).map(([kind, keys]) => ({
  required: kind === 'file' ? [kind, 'path'] : [kind],
  propertyNames: { enum: [kind, ...keys] },
}));

function isRepoPath(text: string): boolean {
  return treePath(text) !== undefined && !text.split('/').includes('..');
}
