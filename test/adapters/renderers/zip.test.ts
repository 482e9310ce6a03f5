import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readFromZip } from '../../../lib/adapters/renderers/zip.ts';
import { tempTree } from '../../helpers/temp-tree.ts';

/** Writes an archive as zip programs do: `a/one.txt` deflated, `two.txt` stored, an extra field, and a comment at the end. */
async function archive(): Promise<string> {
  const root = await tempTree({ '.keep': '' });
  const path = join(root, 'x.zip');
  const files = [
    { name: 'a/one.txt', text: 'one '.repeat(5000), method: 8 },
    { name: 'two.txt', text: 'two', method: 0 },
  ];
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, text, method } of files) {
    const data = method === 8 ? deflateRawSync(text) : Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc32(text), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(text.length, 18);
    common.writeUInt16LE(name.length, 22);
    common.writeUInt16LE(4, 24);
    const extra = Buffer.from([0x01, 0xca, 0, 0]);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), common, Buffer.from(name), extra, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const made = Buffer.from([20, 0]);
    directory.push(Buffer.from('PK\u0001\u0002', 'latin1'), made, common, rest, Buffer.from(name), extra);
    bodies.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  const comment = 'a comment';
  end.writeUInt16LE(comment.length, 16);
  const tail = [Buffer.from('PK\u0005\u0006', 'latin1'), end, Buffer.from(comment)];
  await writeFile(path, Buffer.concat([...bodies, ...directory, ...tail]));
  return path;
}

describe('taking a file out of a zip archive', () => {
  it('reads deflated and stored files', async () => {
    const path = await archive();
    expect((await readFromZip(path, 'a/one.txt')).toString()).toBe('one '.repeat(5000));
    expect((await readFromZip(path, 'two.txt')).toString()).toBe('two');
  });

  it('throws for a file that is not in it, a damaged one, and one cut short', async () => {
    const path = await archive();
    await expect(readFromZip(path, 'three.txt')).rejects.toThrow('has no three.txt');
    const bytes = await readFile(path);
    const damaged = Buffer.from(bytes);
    const at = damaged.indexOf('two', damaged.indexOf('two.txt') + 7);
    damaged.write('TWO', at);
    await writeFile(path, damaged);
    await expect(readFromZip(path, 'two.txt')).rejects.toThrow('is damaged');
    await writeFile(path, bytes.subarray(0, bytes.length / 2));
    await expect(readFromZip(path, 'two.txt')).rejects.toThrow('cut short');
  });
});
