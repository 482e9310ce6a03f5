import { describe, expect, it } from 'vitest';
import { strayPath } from '../../lib/model/tree-path.ts';

describe('the paths of a tree', () => {
  it('are well in an honest one', () => {
    const paths = [
      'a.yaml',
      'a/b.yaml',
      '.github/x',
      '.gitignore',
      'a/.gitattributes',
      'a..b',
      '...',
      'git',
      'a/b.yaml.d/c',
    ];
    expect(strayPath(paths)).toBeUndefined();
    expect(strayPath([])).toBeUndefined();
  });

  it.each(['..', '../a', 'a/../b', 'a/..', '.', './a', '/a', 'a//b', 'a/', '.git', '.git/config', 'a/.Git/x', 'a\0b'])(
    'are refused with %j among them',
    (path) => {
      expect(strayPath(['ok.yaml', path])).toBe(path);
    },
  );

  it('are refused where one lies below another', () => {
    expect(strayPath(['a', 'b', 'a/b/c'])).toBe('a/b/c');
    expect(strayPath(['a/b', 'a/b/c/d'])).toBe('a/b/c/d');
    expect(strayPath(['a', 'ab/c'])).toBeUndefined();
  });
});
