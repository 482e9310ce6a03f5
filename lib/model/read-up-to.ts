/** Thrown by `readUpTo`: there was more than it may read. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';

  constructor(limit: number) {
    super(`more than ${limit} bytes`);
  }
}

/** All bytes of a stream of at most `limit` bytes; a longer one is cut off with `TooLargeError`, whatever it announced of itself. */
export async function readUpTo(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by a throw cancels the stream.
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > limit) throw new TooLargeError(limit);
    read.push(chunk);
  }
  return Buffer.concat(read, size);
}
