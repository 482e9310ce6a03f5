import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../../lib/adapters/kubernetes/lines.ts';

async function* chunked(bytes: Uint8Array, cuts: number[]): AsyncGenerator<Uint8Array> {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    yield bytes.subarray(from, end);
    from = end;
  }
}

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

describe('the lines of a stream', () => {
  it('are the same wherever the bytes are cut, also inside a character', async () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '').toWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (lines, cuts) => {
        const bytes = new TextEncoder().encode(lines.map((text) => `${text}\n`).join(''));
        expect(await all(linesOf(chunked(bytes, cuts)))).toEqual(lines);
      }),
    );
  });

  it('leave out what is cut off in the middle', async () => {
    expect(await all(linesOf(chunked(Buffer.from('one\ntw'), [2])))).toEqual(['one']);
  });

  it('may be megabytes long, and not without end', async () => {
    const long = 'é'.repeat(2_000_000);
    const cuts = Array.from({ length: 200 }, (_, index) => index * 20_001);
    expect(await all(linesOf(chunked(Buffer.from(`${long}\nend\n`), cuts)))).toEqual([long, 'end']);
    await expect(all(linesOf(chunked(Buffer.from(long), cuts), 1_000_000))).rejects.toThrow('a line of more than');
  });
});
