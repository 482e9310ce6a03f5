import { gzipSync } from 'node:zlib';
import type { Commit, Objects } from './objects.ts';

/**
 * The archive of a commit as GitHub makes it: one folder, the commit's id in a global pax header, modes and links kept, submodules as empty folders. Of the
 * attributes in its root those for archives are honoured where they name a whole path.
 */
export function tarball(objects: Objects, commit: Commit, folder: string): Uint8Array {
  const blocks: Uint8Array[] = [];
  const mtime = commit.committer.seconds;
  const add = (type: string, name: string, mode: number, content: Uint8Array, link = ''): void => {
    const tooLong = Buffer.byteLength(name) > 100 || Buffer.byteLength(link) > 100;
    if (tooLong)
      add('x', 'pax', 0o666, Buffer.from(paxRecord('path', name) + (link === '' ? '' : paxRecord('linkpath', link))));
    blocks.push(header({ type, name, mode, size: content.length, mtime, link }), content, padding(content.length));
  };

  add('g', 'pax_global_header', 0o666, Buffer.from(paxRecord('comment', commit.oid)));
  add('5', `${folder}/`, 0o775, new Uint8Array());
  const folders = new Set<string>();
  const attributes = attributesOf(objects, commit);
  for (const { path, mode, oid } of objects.walk(commit.tree)) {
    if (attributes.get(path)?.includes('export-ignore')) continue;
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const above = path.slice(0, at);
      if (folders.has(above)) continue;
      folders.add(above);
      add('5', `${folder}/${above}/`, 0o775, new Uint8Array());
    }
    let content = objects.blobs.get(oid) ?? new Uint8Array();
    if (attributes.get(path)?.includes('export-subst'))
      content = Buffer.from(Buffer.from(content).toString('utf8').replaceAll('$Format:%H$', commit.oid));
    const name = `${folder}/${path}`;
    if (mode === '160000') add('5', `${name}/`, 0o775, new Uint8Array());
    else if (mode === '120000') add('2', name, 0o777, new Uint8Array(), Buffer.from(content).toString());
    else add('0', name, mode === '100755' ? 0o775 : 0o664, content);
  }
  blocks.push(new Uint8Array(1024));
  return gzipSync(Buffer.concat(blocks), { level: 1 });
}

function attributesOf(objects: Objects, commit: Commit): Map<string, string[]> {
  const file = objects.lookUp(commit.tree, '.gitattributes');
  const text = Buffer.from(objects.blobs.get(file?.oid ?? '') ?? '').toString('utf8');
  return new Map(text.split('\n').map((line) => [line.split(' ')[0]!, line.split(' ').slice(1)]));
}

interface Entry {
  type: string;
  name: string;
  mode: number;
  size: number;
  mtime: number;
  link: string;
}

/** One ustar header (POSIX.1-1988). */
function header({ type, name, mode, size, mtime, link }: Entry): Uint8Array {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  Buffer.from(name).copy(block, 0, 0, 100);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  block.write(' '.repeat(8), 148, 'latin1');
  block.write(type, 156, 'latin1');
  Buffer.from(link).copy(block, 157, 0, 100);
  block.write('ustar\x0000', 257, 'latin1');
  block.write('root', 265, 'latin1');
  block.write('root', 297, 'latin1');
  octal(0, 329, 8);
  octal(0, 337, 8);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** `length key=value\n`, in which the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function padding(size: number): Uint8Array {
  return new Uint8Array((512 - (size % 512)) % 512);
}
