import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isIgnored, parseIgnoreFile } from '../../lib/desired/ignore-file.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const paths = [
  'a.yaml',
  'b.yml',
  'tests/a.yaml',
  'apps/tests/deep/a.yaml',
  'apps/web/a.yaml',
  'apps/web/test.yaml',
  'apps/web/keep.yaml',
  'docs/x.json',
  'docs/keep/x.json',
  'apps/docs/x.json',
  '#odd.yaml',
  '!odd.yaml',
  'sp ace.yaml',
  'a1.yaml',
  'ab.yaml',
  'a-b.yaml',
  'apps/a.b/c.yaml',
];

describe('an ignore file', () => {
  it.each([
    ['*.yml'],
    ['tests/'],
    ['/tests'],
    ['tests/*'],
    ['docs'],
    ['/docs/*\n!/docs/keep'],
    ['apps/**/a.yaml'],
    ['**/web'],
    ['apps/**'],
    ['a?.yaml'],
    ['a[0-9].yaml'],
    ['a[!0-9].yaml'],
    ['# comment\n\n\\#odd.yaml'],
    ['\\!odd.yaml'],
    ['sp\\ ace.yaml'],
    ['*.yaml\n!keep.yaml'],
    ['apps/web/*.yaml  '],
    ['apps/a.b'],
    ['*\n!*/\n!*.json'],
    ['a*b.yaml'],
  ])('leaves out what git would leave out: %j', async (text) => {
    const root = await tempTree({ '.gitignore': text, ...Object.fromEntries(paths.map((path) => [path, ''])) });
    execFileSync('git', ['init', '-q', root]);
    const kept = execFileSync(
      'git',
      ['-C', root, 'ls-files', '-z', '--others', '--exclude-standard', '-x', '.gitignore'],
      { encoding: 'utf8' },
    );
    const patterns = parseIgnoreFile(text, '.');
    expect(paths.filter((path) => !isIgnored(path, patterns)).sort()).toEqual(
      kept
        .split('\0')
        .filter((path) => path !== '' && path !== '.gitignore')
        .sort(),
    );
  });

  it('counts for its directory only', () => {
    const patterns = parseIgnoreFile('/a.yaml', 'apps/web');
    expect(
      ['a.yaml', 'apps/a.yaml', 'apps/web/a.yaml', 'apps/web/b/a.yaml'].filter((path) => isIgnored(path, patterns)),
    ).toEqual(['apps/web/a.yaml']);
  });
});
