import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SourceTree } from '../../lib/desired/ports.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import type { Source } from '../../lib/pull/ports.ts';

/** What a file has: text, bytes, or where a symbolic link points. */
export type SourceContent = string | Uint8Array | { link: string } | undefined;

/** A source, and a person's hands on the repository. */
export interface SourceUnderTest {
  /** Opens it as a new process with an empty disk does. */
  open(options?: { maxFiles?: number; maxBytes?: number; branch?: string }): Source;
  /** Where trees are written. */
  treesDir: string;
  /** Commits on the branch; answers the commit. */
  push(files: Record<string, SourceContent>): string;
  /** Puts a submodule into the tree. */
  pushSubmodule(path: string, commit: string): string;
  /** Gives the branch a commit without parents and with the files that it has. */
  rewrite(): string;
}

export type MakeSource = (files: Record<string, SourceContent>) => SourceUnderTest | Promise<SourceUnderTest>;

const text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

async function failure(work: Promise<unknown>): Promise<UserError | RetryableError> {
  const thrown = await work.catch((error: unknown) => error);
  if (thrown instanceof UserError || thrown instanceof RetryableError) return thrown;
  throw thrown;
}

/** Where a revision is as files, for renderers. */
async function checkedOut({ directory, checkOut }: SourceTree): Promise<string> {
  return directory ?? (await checkOut!());
}

/** What every source of a config repo does. */
export function sourceSuite(name: string, make: MakeSource): void {
  describe(`${name} as a source`, () => {
    it('tells the head, and follows it', async () => {
      const at = await make({ 'a.yaml': '1\n' });
      const source = at.open();
      const first = await source.head();
      expect(first).toMatch(/^[0-9a-f]{40}$/);
      expect(await source.head()).toBe(first);
      const second = at.push({ 'a.yaml': '2\n' });
      expect(await source.head()).toBe(second);
      expect(await source.head()).toBe(second);
    });

    it('opens one revision, whatever the branch does meanwhile, and takes it away on close', async () => {
      const at = await make({ 'apps/web.yaml': 'kind: A\n', 'apps/b/c.yaml': 'kind: C\n', 'other.yaml': 'x\n' });
      const source = at.open();
      const head = await source.head();
      at.push({ 'apps/web.yaml': 'kind: B\n' });
      const tree = await source.open(head);
      expect(tree.revision).toBe(head);
      expect((await tree.files('apps')).map(({ path }) => path)).toEqual(['apps/b/c.yaml', 'apps/web.yaml']);
      expect(await tree.files('app')).toEqual([]);
      expect((await tree.files('.')).length).toBe(3);
      expect(text(await tree.read('apps/web.yaml'))).toBe('kind: A\n');
      const directory = await checkedOut(tree);
      expect(readFileSync(join(directory, 'apps/web.yaml'), 'utf8')).toBe('kind: A\n');
      for (const path of ['apps/none.yaml', '../tree/other.yaml', 'apps', '/etc/passwd'])
        expect((await failure(tree.read(path))).code).toBe('file-missing');
      await tree.close();
      expect(existsSync(directory)).toBe(false);
      expect(readdirSync(at.treesDir)).toEqual([]);
    });

    it('keeps bytes, links, sizes and ids as they are in Git, whatever attributes say', async () => {
      const at = await make({
        '.gitattributes':
          'attributes.yaml text eol=crlf ident\nhidden.yaml export-ignore\nsubst.yaml export-subst\nlink export-ignore\n',
        'attributes.yaml': '# $Id$\nunix\n',
        'hidden.yaml': 'here\n',
        'subst.yaml': 'revision: $Format:%H$\n',
        'binary.bin': Uint8Array.from([0, 255, 13, 10, 0xef, 0xbb, 0xbf]),
        'bom.yaml': '\ufeffkind: A\n',
        empty: '',
        'ein "Name" mit Ümlaut.yaml': 'a: 1\n',
        link: { link: '../../../etc/passwd' },
        'a/inside': { link: '../hidden.yaml' },
      });
      const source = at.open();
      const tree = await source.open(await source.head());
      const directory = await checkedOut(tree);
      const on = (path: string) => readFileSync(join(directory, path));
      expect(on('attributes.yaml').toString()).toBe('# $Id$\nunix\n');
      expect(on('hidden.yaml').toString()).toBe('here\n');
      expect(on('subst.yaml').toString()).toBe('revision: $Format:%H$\n');
      expect([...on('binary.bin')]).toEqual([0, 255, 13, 10, 0xef, 0xbb, 0xbf]);
      expect(text(await tree.read('bom.yaml'))).toBe('\ufeffkind: A\n');
      expect(on('empty').length).toBe(0);
      expect(text(await tree.read('ein "Name" mit Ümlaut.yaml'))).toBe('a: 1\n');
      expect(lstatSync(join(directory, 'link')).isSymbolicLink()).toBe(true);
      expect(readlinkSync(join(directory, 'link'))).toBe('../../../etc/passwd');
      expect(readlinkSync(join(directory, 'a/inside'))).toBe('../hidden.yaml');
      const files = new Map((await tree.files('.')).map((file) => [file.path, file]));
      expect(files.get('link')).toMatchObject({ kind: 'symlink', target: '../../../etc/passwd', size: 19 });
      expect(files.get('hidden.yaml')).toEqual({
        path: 'hidden.yaml',
        kind: 'file',
        size: 5,
        id: '012ea92e81171f5ef7486696878656c5263cf722',
      });
      // The id of an empty blob is the same everywhere.
      expect(files.get('empty')?.id).toBe('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391');
      expect([...files.keys()]).toEqual([...files.keys()].sort());
      expect((await failure(tree.read('link'))).code).toBe('file-missing');
      await tree.close();
    });

    it('lists a submodule, and has nothing of it', async () => {
      const at = await make({ 'a.yaml': '1\n' });
      at.pushSubmodule('vendor', '1'.repeat(40));
      const source = at.open();
      const tree = await source.open(await source.head());
      expect(await tree.files('.')).toContainEqual({ path: 'vendor', size: 0, kind: 'submodule', id: '1'.repeat(40) });
      expect(existsSync(join(await checkedOut(tree), 'vendor', '.git'))).toBe(false);
      await tree.close();
    });

    it('refuses a tree with too many files or bytes, and leaves nothing behind', async () => {
      const at = await make({ 'a.yaml': 'x'.repeat(100), 'b.yaml': 'y' });
      const head = await at.open().head();
      const files = await failure(at.open({ maxFiles: 1 }).open(head));
      expect([files.code, files.message]).toEqual(['repo-too-large', expect.stringContaining('has 2 files')]);
      const bytes = await failure(at.open({ maxBytes: 100 }).open(head));
      expect([bytes.code, bytes.message]).toEqual(['repo-too-large', expect.stringContaining('101 bytes')]);
      expect(existsSync(at.treesDir) ? readdirSync(at.treesDir) : []).toEqual([]);
    });

    it('knows whether a commit is part of the history', async () => {
      const at = await make({ 'a.yaml': '1\n' });
      const source = at.open();
      const first = await source.head();
      const second = at.push({ 'a.yaml': '2\n' });
      const third = at.push({ 'a.yaml': '3\n' });
      expect(await source.isAncestor(first, third)).toBe(true);
      expect(await source.isAncestor(second, third)).toBe(true);
      expect(await source.isAncestor(third, third)).toBe(true);
      expect(await source.isAncestor(third, first)).toBe(false);
      const rewritten = at.rewrite();
      expect(await source.head()).toBe(rewritten);
      expect(await source.isAncestor(third, rewritten)).toBe(false);
      expect(await source.isAncestor('f'.repeat(40), rewritten)).toBe(false);
      expect(await at.open().isAncestor(third, rewritten)).toBe(false);
    });

    it('says which branch is missing', async () => {
      const at = await make({ 'a.yaml': '1\n' });
      const error = await failure(at.open({ branch: 'none' }).head());
      expect(error).toBeInstanceOf(UserError);
      expect(error.code).toBe('branch-missing');
      expect(error.message).toContain('no branch none');
    });

    it('says that a revision is not there', async () => {
      const at = await make({ 'a.yaml': '1\n' });
      const error = await failure(at.open().open('f'.repeat(40)));
      expect(error).toBeInstanceOf(UserError);
      expect(error.code).toBe('revision-missing');
    });

    it('reads an empty tree', async () => {
      const at = await make({ 'a.yaml': '1\n' });
      at.push({ 'a.yaml': undefined });
      const source = at.open();
      const tree = await source.open(await source.head());
      expect(await tree.files('.')).toEqual([]);
      expect(readdirSync(await checkedOut(tree))).toEqual([]);
      await tree.close();
    });
  });
}
