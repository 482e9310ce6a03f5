import { gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import { type ArchiveLimits, bytesOf, filesOfArchive } from '../../../lib/adapters/github/archive.ts';
import { GitHubFailure } from '../../../lib/adapters/github/failure.ts';
import { UserError } from '../../../lib/model/errors.ts';
import { text } from './world.ts';

const file = (name: string, body: string): TarEntry => ({
  header: { name, size: Buffer.byteLength(body), type: 'file' },
  body,
});

async function archiveOf(...entries: TarEntry[]): Promise<Uint8Array> {
  return gzipSync(await packTar(entries));
}

/** In pieces, as a network brings it. */
function stream(bytes: Uint8Array, size = 1000): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

async function read(archive: Uint8Array, limits?: ArchiveLimits): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const each of filesOfArchive(stream(archive), limits)) found[each.path] = text(await bytesOf(each));
  return found;
}

async function thrown(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('an archive', () => {
  it('gives its files without the top folder, long paths and odd names too', async () => {
    const long = `${'directory/'.repeat(40)}ein "Name" mit Ümlaut.yaml`;
    const archive = await archiveOf(
      { header: { name: 'acme-config-1234567/', size: 0, type: 'directory' } },
      file('acme-config-1234567/a.yaml', 'a\n'),
      file(`acme-config-1234567/${long}`, 'b\n'),
      file('acme-config-1234567/empty', ''),
    );
    expect(await read(archive)).toEqual({ 'a.yaml': 'a\n', [long]: 'b\n', empty: '' });
  });

  it('never follows a link', async () => {
    const archive = await archiveOf(
      file('top/a.yaml', 'a\n'),
      { header: { name: 'top/link.yaml', size: 0, type: 'symlink', linkname: '/etc/passwd' } },
      { header: { name: 'top/hard.yaml', size: 0, type: 'link', linkname: 'top/a.yaml' } },
    );
    expect(await read(archive)).toEqual({ 'a.yaml': 'a\n' });
  });

  it.each([
    ['top/../../etc/passwd'],
    ['../etc/passwd'],
    ['/etc/passwd'],
    ['top//a'],
    ['top/./a'],
    [`top/${'x'.repeat(5000)}`],
  ])('is refused for the path %s', async (name) => {
    const error = await thrown(read(await archiveOf(file('top/a', 'a'), file(name, 'b'))));
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe('archive-path');
  });

  it('is refused when it has a path twice, or two top folders', async () => {
    const twice = await thrown(read(await archiveOf(file('top/a', 'a'), file('top/a', 'b'))));
    expect((twice as UserError).code).toBe('archive-path');
    const two = await thrown(read(await archiveOf(file('top/a', 'a'), file('other/b', 'b'))));
    expect((two as UserError).code).toBe('archive-path');
  });

  it('is refused when it unpacks to more than is read', async () => {
    const bomb = await archiveOf(file('top/zeros', '0'.repeat(5_000_000)));
    expect(bomb.length).toBeLessThan(20_000);
    const bytes = await thrown(read(bomb, { maxBytes: 1_000_000 }));
    expect((bytes as UserError).code).toBe('archive-too-large');
    const many = await archiveOf(...Array.from({ length: 11 }, (_, index) => file(`top/${index}`, '')));
    expect(((await thrown(read(many, { maxEntries: 10 }))) as UserError).code).toBe('archive-too-large');
    expect(Object.keys(await read(many, { maxEntries: 11 }))).toHaveLength(11);
  });

  it('that is cut short anywhere is an error, never fewer files', async () => {
    const entries = Array.from({ length: 5 }, (_, index) => file(`top/${index}.yaml`, `${index} ${'x'.repeat(700)}`));
    const tar = await packTar(entries);
    const whole = gzipSync(tar);
    for (let length = 0; length < whole.length; length += 7) {
      expect(await thrown(read(whole.slice(0, length))), `cut at ${length}`).toBeInstanceOf(GitHubFailure);
    }
    // Packed well, but made of a tar that ends too early, as when the host breaks off between two files.
    for (let blocks = 0; blocks * 512 < tar.length - 512; blocks++) {
      const error = await thrown(read(gzipSync(tar.slice(0, blocks * 512))));
      expect(error, `cut at block ${blocks}`).toBeInstanceOf(GitHubFailure);
    }
  });

  it('that is damaged is an error', async () => {
    const tar = await packTar([file('top/a.yaml', 'a\n')]);
    tar[0]! ^= 1;
    expect(await thrown(read(gzipSync(tar)))).toBeInstanceOf(GitHubFailure);
    expect(await thrown(read(Buffer.from('<html>no archive</html>')))).toBeInstanceOf(GitHubFailure);
  });
});
