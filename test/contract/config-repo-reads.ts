import { expect, it } from 'vitest';
import { UserError } from '../../lib/model/errors.ts';
import { type Make, start, text } from './config-repo-under-test.ts';

/** The head as one snapshot, files at a revision, and when they were changed. */
export function reads(make: Make): void {
  it('tells the head with windlass.yaml and the files directly in holds and suspends', async () => {
    const { repo, push } = await make(start);
    const first = await repo.head();
    expect(text(first.windlassFile)).toBe('windlass: 1\n');
    expect(first.holds.map((file) => [file.path, text(file.bytes)])).toEqual([['holds/web.1.yaml', 'image: web\n']]);
    expect(first.suspends).toEqual([]);
    expect(first.proposals).toEqual([]);
    const pushed = await push({
      'windlass.yaml': '\ufeffwindlass: 1\r\n# changed',
      'holds/web.1.yaml': undefined,
      'suspends/all.1.yaml': 'all: true\n',
      'suspends/b.1.yaml': 'image: b\n',
      'suspended/c.yaml': 'image: c\n',
    });
    const second = await repo.head();
    expect(second.revision).toBe(pushed);
    expect(text(second.windlassFile)).toBe('\ufeffwindlass: 1\r\n# changed');
    expect(second.holds).toEqual([]);
    expect(second.suspends.map(({ path }) => path).sort()).toEqual(['suspends/all.1.yaml', 'suspends/b.1.yaml']);
  });

  it('knows that a head has no windlass.yaml', async () => {
    const { repo } = await make({ 'apps/plain.yaml': 'a: 1\n' });
    expect((await repo.head()).windlassFile).toBeUndefined();
  });

  it('tells the last twenty commits, newest first, with what they say', async () => {
    const { repo, push, commit } = await make(start);
    const pushed: string[] = [];
    for (let index = 0; index < 21; index++) pushed.unshift(await push({ 'apps/plain.yaml': `a: ${index}\n` }));
    const { recent, revision } = await repo.head();
    expect(revision).toBe(pushed[0]);
    expect(recent.map((each) => each.revision)).toEqual(pushed.slice(0, 20));
    expect(recent[0]).toMatchObject({ subject: 'Change by hand', author: 'Ada', trailers: [] });
    expect(new Date(recent[0]!.at)).toEqual(new Date((await commit(pushed[0]!)).at));
  });

  it('reads files at a revision, byte by byte, in the order asked for', async () => {
    const odd = new Uint8Array([0x6b, 0x3a, 0x20, 0xfc, 0xff, 0x0d, 0x0a, 0x00, 0x01]);
    const latin = new Uint8Array([0x6b, 0x3a, 0x20, 0xe4, 0x0a]);
    const { repo, push } = await make({ ...start, 'apps/odd.yaml': odd, 'apps/latin.yaml': latin, 'apps/none': '' });
    const first = (await repo.head()).revision;
    await push({ 'apps/web.yaml': 'changed\n' });
    const paths = ['apps/web.yaml', 'apps/latin.yaml', 'apps/odd.yaml', 'apps/none', 'apps/run.sh', 'windlass.yaml'];
    const files = await repo.read(first, paths);
    expect(files.map(({ path }) => path)).toEqual(paths);
    expect(text(files[0]!.bytes)).toBe(start['apps/web.yaml']);
    expect([...files[1]!.bytes]).toEqual([...latin]);
    expect([...files[2]!.bytes]).toEqual([...odd]);
    expect(files[3]!.bytes).toHaveLength(0);
    expect(text(files[4]!.bytes)).toBe('#!/bin/sh\n');
    expect(text((await repo.read((await repo.head()).revision, ['apps/web.yaml']))[0]!.bytes)).toBe('changed\n');
    expect(await repo.read(first, [])).toEqual([]);
  });

  it('refuses to read what is missing, a link, a directory, or too large', async () => {
    const { repo } = await make({ ...start, 'apps/large.yaml': 'x'.repeat(2000) }, { maxFileBytes: 1000 });
    const { revision } = await repo.head();
    const why = (path: string) =>
      repo.read(revision, ['apps/web.yaml', path]).then(
        () => 'read',
        (error: unknown) => (error instanceof UserError ? [error.code, error.subject] : error),
      );
    expect(await why('apps/no.yaml')).toEqual(['file-missing', 'apps/no.yaml']);
    expect(await why('apps/web.yaml/deeper.yaml')).toEqual(['file-missing', 'apps/web.yaml/deeper.yaml']);
    expect(await why('apps/latest.yaml')).toEqual(['not-a-file', 'apps/latest.yaml']);
    expect(await why('apps/large.yaml')).toEqual(['file-too-large', 'apps/large.yaml']);
    expect(await why('apps/shop')).not.toBe('read');
  });

  it('reads a file whose name is not plain ASCII', async () => {
    const name = 'apps/ein "Name" mit Ümlaut & \'Zeichen\' #1?.yaml';
    const { repo } = await make({ ...start, [name]: 'a: 1\n' });
    const [file] = await repo.read((await repo.head()).revision, [name]);
    expect(text(file?.bytes)).toBe('a: 1\n');
  });

  it('reads a file of a megabyte', async () => {
    const large = Array.from({ length: 40_000 }, (_, line) => `key${line}: "some value ü"\n`).join('');
    const { repo } = await make({ ...start, 'apps/large.yaml': large });
    const [file] = await repo.read((await repo.head()).revision, ['apps/large.yaml']);
    expect(text(file?.bytes) === large).toBe(true);
  });

  it('knows when files were changed last', async () => {
    const { repo, push, commit } = await make(start);
    const begin = (await repo.head()).revision;
    const web = await push({ 'apps/web.yaml': 'changed\n' });
    const last = await push({ 'apps/plain.yaml': 'changed\n' });
    const at = async (revision: string) => new Date((await commit(revision)).at);
    expect(await repo.changedAt(last, ['apps/web.yaml'])).toEqual(await at(web));
    expect(await repo.changedAt(last, ['apps/shop/api.yaml'])).toEqual(await at(begin));
    expect(await repo.changedAt(last, ['apps/shop/api.yaml', 'apps/web.yaml'])).toEqual(await at(web));
    expect(await repo.changedAt(begin, ['apps/plain.yaml'])).toEqual(await at(begin));
    expect(await repo.changedAt(last, ['apps/never.yaml'])).toBeUndefined();
  });
}
