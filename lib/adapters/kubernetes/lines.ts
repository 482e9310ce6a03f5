import { LostError } from './trouble.ts';

/** No line of an API server is longer: etcd refuses objects of more than a few megabytes. In bytes. */
const longestLine = 64 * 1024 * 1024;

/**
 * The lines of a stream of bytes. Split at the byte of the newline, which no other character contains, so that a character may come in two
 * chunks. What stands after the last newline is no whole line and is left out. Throws `LostError` for a line without end.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, longest = longestLine): AsyncGenerator<string> {
  let begun: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, end)]).toString('utf8');
      begun = [];
      length = 0;
      from = end + 1;
    }
    if (from === chunk.length) continue;
    begun.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > longest) throw new LostError(`the server sent a line of more than ${longest} bytes`, true);
  }
}
