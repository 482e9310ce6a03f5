import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRepoRoot, openDirectoryTree } from '../../../lib/adapters/local/directory-tree.ts';
import { UserError } from '../../../lib/model/errors.ts';
import { tempTree } from '../../helpers/temp-tree.ts';

describe('a directory as a tree', () => {
  it('lists files and links below a directory, sorted, without what is not the repository', async () => {
    const root = await tempTree({
      'b.yaml': 'b',
      'a/x.yaml': 'abc',
      'a/link': { link: '../b.yaml' },
      'ab/x': '',
      '.git/config': '',
      'a/node_modules/m/x.yaml': '',
      '.windlass/x': '',
    });
    const tree = await openDirectoryTree(root);
    expect((await tree.files('.')).map((file) => file.path)).toEqual(['a/link', 'a/x.yaml', 'ab/x', 'b.yaml']);
    expect(await tree.files('a')).toEqual([
      { path: 'a/link', kind: 'symlink', size: 9, target: '../b.yaml' },
      { path: 'a/x.yaml', kind: 'file', size: 3 },
    ]);
    expect(await tree.files('none')).toEqual([]);
    expect(new TextDecoder().decode(await tree.read('a/x.yaml'))).toBe('abc');
  });

  it('reads nothing through a link or out of the directory', async () => {
    const root = await tempTree({ file: { link: '/etc/hostname' }, dir: { link: '/etc' } });
    const tree = await openDirectoryTree(root);
    await expect(tree.read('file')).rejects.toThrow('symbolic link');
    await expect(tree.read('dir/hostname')).rejects.toThrow('symbolic link');
    await expect(tree.read('../x')).rejects.toThrow('leads out');
    await expect(tree.read('none')).rejects.toThrow('ENOENT');
  });

  it('says when there is no such directory', async () => {
    await expect(openDirectoryTree('/nonexistent')).rejects.toThrow(UserError);
    await expect(findRepoRoot('/nonexistent')).rejects.toThrow(UserError);
  });

  it('finds the repository around a directory', async () => {
    const root = await tempTree({ 'windlass.yaml': '', 'apps/web/a.yaml': '', 'apps/.git/HEAD': '' });
    const found = await findRepoRoot(join(root, 'apps/web'));
    expect(found.inside).toBe('web');
    expect(found.root.endsWith('/apps')).toBe(true);
    expect((await findRepoRoot(root)).inside).toBe('.');
  });
});
