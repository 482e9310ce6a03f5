import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { unifiedDiff } from '../../../lib/cli/output/unified-diff.ts';

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`);

describe('a unified diff', () => {
  it('shows each change with three lines around it, and near ones together', () => {
    const before = lines(20);
    const after = before.with(1, 'two\n').with(2, 'three\n').with(17, 'eighteen\n');
    expect(unifiedDiff('a.yaml', before.join(''), after.join(''))).toBe(
      [
        '--- a/a.yaml',
        '+++ b/a.yaml',
        '@@ -1,6 +1,6 @@',
        ' line 1',
        '-line 2',
        '-line 3',
        '+two',
        '+three',
        ' line 4',
        ' line 5',
        ' line 6',
        '@@ -15,6 +15,6 @@',
        ' line 15',
        ' line 16',
        ' line 17',
        '-line 18',
        '+eighteen',
        ' line 19',
        ' line 20',
        '',
      ].join('\n'),
    );
  });

  it('keeps what stays between two changes apart, also where lines came or went', () => {
    const before = lines(60);
    const after = ['new\n', ...before.slice(0, 58), 'last\n'];
    const diff = unifiedDiff('a.yaml', before.join(''), after.join(''), 1).split('\n');
    expect(diff.filter((line) => line.startsWith('@@'))).toEqual(['@@ -1 +1,2 @@', '@@ -58,3 +59,2 @@']);
    expect(diff).toHaveLength(11);
  });

  it('is whole for texts that are too large to be held against each other', () => {
    const rows = (name: string) => Array.from({ length: 2100 }, (_, index) => `${name} ${index}\n`);
    const [before, after] = [rows('a').with(1000, 'same\n'), rows('b').with(1000, 'same\n')];
    const diff = unifiedDiff('a', before.join(''), after.join('')).split('\n');
    expect(diff.filter((line) => line === ' same')).toHaveLength(1);
    expect(diff.filter((line) => line.startsWith('-'))).toHaveLength(2100);
    expect(unifiedDiff('a', before.join(''), [...after, 'x\n'].join('')).split('\n')).not.toContain(' same');
  });

  it('says when the last line has no end, and is empty for what is equal', () => {
    expect(unifiedDiff('a', 'x', 'y')).toBe(
      '--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file\n',
    );
    expect(unifiedDiff('a', 'x', 'x')).toBe('');
    expect(unifiedDiff('a', undefined, 'x\n')).toBe('--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n');
    expect(unifiedDiff('a', 'x\n', undefined)).toBe('--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n');
  });

  it('is what git applies, whatever the two texts are', () => {
    const directory = mkdtempSync(join(tmpdir(), 'windlass-test-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const text = fc
      .tuple(fc.array(fc.constantFrom('a', 'b', 'c', '', 'd\r'), { maxLength: 25 }), fc.constantFrom('', '\n'))
      .map(([rows, end]) => (rows.length === 0 ? 'x' : rows.join('\n')) + end);
    const check = (before: string, after: string) => {
      fc.pre(before !== after);
      const file = join(directory, 'file');
      writeFileSync(file, before);
      const options = { cwd: directory, input: unifiedDiff('file', before, after), stdio: 'pipe' as const };
      execFileSync('git', ['apply', '--whitespace=nowarn', '-'], options);
      expect(readFileSync(file, 'utf8')).toBe(after);
    };
    fc.assert(fc.property(text, text, check), { numRuns: 150 });
    // Of one length, as an edit of values leaves it.
    const pair = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('a', 'b')), {
      minLength: 1,
      maxLength: 40,
    });
    const joined = (rows: readonly string[]) => `${rows.join('\n')}\n`;
    fc.assert(
      fc.property(pair, (rows) => check(joined(rows.map(([one]) => one)), joined(rows.map(([, other]) => other)))),
      { numRuns: 150 },
    );
  });
});
