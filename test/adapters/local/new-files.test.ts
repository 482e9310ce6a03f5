import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFiles, lookAtPath } from '../../../lib/adapters/local/new-files.ts';
import { tempTree } from '../../helpers/temp-tree.ts';

const file = (path: string) => ({ path, after: new TextEncoder().encode('new\n') });

describe('what is at a path', () => {
  it('is nothing, with or without a directory to make it in, a directory, or something else', async () => {
    const root = await tempTree({ 'a.txt': 'a' });
    await mkdir(join(root, 'cloned/.git'), { recursive: true });
    expect(await lookAtPath(join(root, 'new'))).toEqual({ kind: 'nothing', hasParent: true });
    expect(await lookAtPath(join(root, 'new/new'))).toEqual({ kind: 'nothing', hasParent: false });
    expect(await lookAtPath(root)).toMatchObject({ kind: 'directory', isEmpty: false });
    expect(await lookAtPath(join(root, 'cloned'))).toMatchObject({ kind: 'directory', isEmpty: true });
    expect(await lookAtPath(join(root, 'a.txt'))).toEqual({ kind: 'other' });
  });
});

describe('new files', () => {
  it('are written with the directories above them', async () => {
    const root = await tempTree({});
    await createFiles(join(root, 'repo'), [file('a.yaml'), file('apps/web/b.yaml')]);
    expect(await readFile(join(root, 'repo/apps/web/b.yaml'), 'utf8')).toBe('new\n');
  });

  it('are all left out where one is there already, or behind a link', async () => {
    const root = await tempTree({ 'b.yaml': 'old\n', 'repo/there.yaml': 'old\n', 'repo/link': { link: '..' } });
    const repo = join(root, 'repo');
    await expect(createFiles(repo, [file('a.yaml'), file('there.yaml')])).rejects.toThrow(
      'there.yaml is there already',
    );
    await expect(createFiles(repo, [file('a.yaml'), file('link/b.yaml')])).rejects.toThrow('link is a link');
    await expect(readFile(join(repo, 'a.yaml'))).rejects.toThrow('ENOENT');
    expect(await readFile(join(repo, 'there.yaml'), 'utf8')).toBe('old\n');
    expect(await readFile(join(root, 'b.yaml'), 'utf8')).toBe('old\n');
  });

  it('never have a path that leads out', async () => {
    await expect(createFiles(await tempTree({}), [file('../a.yaml')])).rejects.toThrow(
      'is not a path inside a repository',
    );
  });
});
