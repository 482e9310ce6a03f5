import { open } from 'node:fs/promises';
import { crc32, inflateRawSync } from 'node:zlib';

/**
 * Takes one file out of a zip archive and checks it against the archive's CRC-32. Throws when the archive does not have it, is cut short,
 * or uses what ordinary archives do not (zip64, encryption). Format: PKWARE APPNOTE.TXT 4.3.
 */
export async function readFromZip(archive: string, name: string): Promise<Buffer> {
  const file = await open(archive, 'r');
  try {
    const { size } = await file.stat();
    const read = async (position: number, length: number) => {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, position);
      if (bytesRead !== length) throw new Error(`${archive} is cut short`);
      return buffer;
    };
    const entry = findEntry(await directoryOf(read, size, archive), name);
    if (entry === undefined) throw new Error(`${archive} has no ${name}`);
    const header = await read(entry.offset, 30);
    const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    const data = await read(start, entry.compressedSize);
    const content = entry.method === 0 ? data : inflateRawSync(data, { maxOutputLength: entry.size });
    if (content.length !== entry.size || crc32(content) !== entry.crc)
      throw new Error(`${name} in ${archive} is damaged`);
    return content;
  } finally {
    await file.close();
  }
}

interface Entry {
  method: number;
  crc: number;
  compressedSize: number;
  size: number;
  offset: number;
}

const endSize = 22;
const longestComment = 65_535;

async function directoryOf(
  read: (position: number, length: number) => Promise<Buffer>,
  size: number,
  archive: string,
): Promise<Buffer> {
  const length = Math.min(size, endSize + longestComment);
  const tail = await read(size - length, length);
  const end = tail.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'));
  if (end < 0) throw new Error(`${archive} is no zip archive, or cut short`);
  return await read(tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
}

function findEntry(directory: Buffer, name: string): Entry | undefined {
  let at = 0;
  while (at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50) {
    const nameLength = directory.readUInt16LE(at + 28);
    if (directory.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      return {
        method: directory.readUInt16LE(at + 10),
        crc: directory.readUInt32LE(at + 16),
        compressedSize: directory.readUInt32LE(at + 20),
        size: directory.readUInt32LE(at + 24),
        offset: directory.readUInt32LE(at + 42),
      };
    }
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return undefined;
}
