import { createHash, type Hash } from 'node:crypto';
import * as z from 'zod';
import type { GitHubRepo } from './client.ts';
import { lost } from './failure.ts';

/** The fields of a blob in a query. */
export const blobFields = '... on Blob { byteSize isTruncated text }';

/** A blob as a query answers it; of a tree or submodule nothing is set. */
export const blobShape = z.object({
  byteSize: z.number().optional(),
  isTruncated: z.boolean().optional(),
  text: z.string().nullish(),
});

/** The id that git gives to a blob of so many bytes: feed the bytes to it, then take the hex digest. */
export function blobHash(size: number): Hash {
  return createHash('sha1').update(`blob ${size}\0`);
}

/** The id that git gives to a blob. */
export function blobOid(bytes: Uint8Array): string {
  return blobHash(bytes.length).update(bytes).digest('hex');
}

const blobAnswer = z.object({ content: z.string(), encoding: z.literal('base64') });

/**
 * The bytes of a blob. GraphQL tells text only, and not always as it is (a BOM, other encodings, long files): its text is taken where it has
 * the blob's id, else the bytes are asked for. Throws `GitHubFailure`.
 */
export async function blobBytes(
  repo: GitHubRepo,
  oid: string,
  told: z.infer<typeof blobShape> | null | undefined,
): Promise<Uint8Array> {
  if (typeof told?.text === 'string' && told.isTruncated !== true) {
    for (const text of [told.text, `\ufeff${told.text}`]) {
      const bytes = new TextEncoder().encode(text);
      if (blobOid(bytes) === oid) return bytes;
    }
  }
  const { content } = await repo.rest('GET /repos/{owner}/{repo}/git/blobs/{file_sha}', { file_sha: oid }, blobAnswer);
  const bytes = new Uint8Array(Buffer.from(content, 'base64'));
  if (blobOid(bytes) !== oid) throw lost(`the bytes of ${oid} do not have its hash`);
  return bytes;
}

/** True when one of the texts is among the bytes that a stream brings; it need not fit into memory. */
export async function streamHolds(stream: AsyncIterable<Uint8Array>, texts: readonly string[]): Promise<boolean> {
  const search = searchFor(texts);
  let found = false;
  for await (const chunk of stream) found ||= search(chunk);
  return found;
}

/** A function that is fed with chunks and answers whether one of the texts has come up to now in one of them, or across two. */
export function searchFor(texts: readonly string[]): (chunk: Uint8Array) => boolean {
  const longest = Math.max(1, ...texts.map((text) => Buffer.byteLength(text)));
  let end = Buffer.alloc(0);
  let found = texts.includes('');
  return (chunk) => {
    if (found) return true;
    const view = Buffer.concat([end, chunk]);
    found = texts.some((text) => view.includes(text));
    end = view.subarray(Math.max(0, view.length - longest + 1));
    return found;
  };
}
