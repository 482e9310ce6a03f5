import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../lib/model/errors.ts';
import { compileFilter } from '../../lib/policy/filter.ts';

type Row = [pattern: string] | [pattern: string, template: string, tag: string, expanded: string | null];

/** Made by a program in Go: `regexp.FindStringSubmatchIndex` and `Regexp.ExpandString`. A pattern alone is one that Go refuses. */
const url = new URL('../fixtures/policy/go-regexp-expand.json', import.meta.url);
const rows = JSON.parse(readFileSync(url, 'utf8')) as Row[];
const refused = rows.filter((row) => row.length === 1);
const patterns = [...new Set(rows.filter((row) => row.length === 4).map(([pattern]) => pattern))];

describe('a filter, against what Go does', () => {
  it.each(refused)('%s is refused', (pattern) => {
    expect(() => compileFilter(pattern)).toThrow(UserError);
  });

  it.each(patterns)('%s finds and extracts the same', (pattern) => {
    for (const row of rows) {
      if (row.length !== 4 || row[0] !== pattern) continue;
      const [, template, tag, expanded] = row;
      const filtered = compileFilter({ include: pattern, extract: template })(tag);
      const context = `${pattern} with ${template} on ${tag}`;
      if (expanded === null)
        expect(filtered, context).toMatchObject({ misfit: expect.stringContaining('does not match') });
      else if (expanded === '')
        expect(filtered, context).toMatchObject({ misfit: expect.stringContaining('gives nothing') });
      else expect(filtered, context).toEqual({ text: expanded });
    }
  });
});

describe('a filter', () => {
  it('takes $1x for a group named "1x", as Go does, and says that nothing was extracted', () => {
    expect(compileFilter({ include: '^v(\\d+)x$', extract: '$1x' })('v12x')).toEqual({
      misfit: 'the extract $1x gives nothing',
    });
  });

  it('searches anywhere in the tag, unless the pattern is anchored', () => {
    expect(compileFilter('release')('my-release-1')).toEqual({ text: 'my-release-1' });
    expect(compileFilter('^release')('my-release-1')).toHaveProperty('misfit');
  });

  it('excludes by any of several patterns, and says by which', () => {
    const filter = compileFilter({ exclude: ['\\.sig$', '^pr-'] });
    expect(filter('1.0.0')).toEqual({ text: '1.0.0' });
    expect(filter('1.0.0.sig')).toEqual({ text: '1.0.0.sig', excluded: 'is excluded by \\.sig$' });
    expect(filter('pr-7')).toMatchObject({ excluded: 'is excluded by ^pr-' });
  });

  it('refuses an invalid pattern instead of matching all', () => {
    expect(() => compileFilter({ exclude: '(' })).toThrow('not valid in RE2 syntax');
    expect(() => compileFilter({ include: 'a', exclude: ['b', '['] })).toThrow(UserError);
  });

  it('refuses two groups of one name, where Go would take the first that took part', () => {
    expect(() => compileFilter('(?P<n>a)|(?P<n>b)')).toThrow('duplicate');
  });

  it('refuses an extract that has no pattern to take apart', () => {
    expect(() => compileFilter({ extract: '$1' })).toThrow('needs "include"');
  });

  it('stays linear on patterns that make back-tracking engines hang', () => {
    const filter = compileFilter('^(a+)+$');
    expect(filter(`${'a'.repeat(100)}!`)).toHaveProperty('misfit');
  });
});
