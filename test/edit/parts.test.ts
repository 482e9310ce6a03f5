import { describe, expect, it } from 'vitest';
import { currentOf } from '../../lib/edit/current.ts';
import { findMarkers } from '../../lib/edit/find-markers.ts';
import { readAssignment, readLatest } from '../../lib/edit/latest.ts';
import { readBack } from '../../lib/edit/read-back.ts';
import { readYaml } from '../../lib/edit/read-yaml.ts';
import { readsAsString, writeScalar } from '../../lib/edit/scalar-text.ts';
import { applySplices, invertSplices } from '../../lib/edit/splice.ts';
import type { YamlText } from '../../lib/edit/yaml-text.ts';
import { UserError } from '../../lib/model/errors.ts';

describe('a text without quotes', () => {
  it.each([
    '1.4.0',
    'v1',
    'main-abc-1',
    'latest',
    'nginx:1.25',
    'a/b:1@sha256:ab',
    '1.2.3-4',
    'yes1',
    '1e',
    '0x',
    '2024-01',
    '_',
    'No1',
    '1.2.3e4',
  ])('%s is read as a string', (text) => expect(readsAsString(text)).toBe(true));

  it.each([
    '',
    '~',
    'null',
    'true',
    'No',
    'on',
    'y',
    '1',
    '1.10',
    '1.',
    '.5',
    '1e10',
    '0123',
    '08',
    '0x1F',
    '0o17',
    '0b1',
    '1_000',
    '12:30',
    '2024-01-01',
    '.inf',
    '<<',
    '=',
    'a: b',
    'a #b',
    '-a',
    'a:',
    '{a',
    '@a',
    '&a',
  ])('%j is not', (text) => expect(readsAsString(text)).toBe(false));

  it('keeps the quotes that were there', () => {
    expect(writeScalar('1', { style: 'single' })).toBe("'1'");
    expect(writeScalar('a', { style: 'double' })).toBe('"a"');
    expect(writeScalar('1', { style: 'plain' })).toBe('"1"');
    expect(writeScalar('1', { style: 'plain', tag: '!!str' })).toBe('1');
  });
});

describe('splices', () => {
  const splices = [
    { start: 4, before: 'b', after: '' },
    { start: 0, before: 'aa', after: 'xyz' },
  ];

  it('apply in any order, and their inverse gives the text from before', () => {
    expect(applySplices('aa, b!', splices)).toBe('xyz, !');
    expect(applySplices('xyz, !', invertSplices(splices))).toBe('aa, b!');
  });

  it('refuse a text that they were not made for, and each other', () => {
    expect(() => applySplices('aa, c!', splices)).toThrow('does not fit');
    expect(() =>
      applySplices('aaa', [
        { start: 0, before: 'aa', after: '' },
        { start: 1, before: 'aa', after: '' },
      ]),
    ).toThrow('does not fit');
  });
});

describe('an edit that is read back', () => {
  const yaml = readYaml('a: x\nb: y\n') as YamlText;
  const spot = yaml.spots[1]!;
  const check = (source: string, value: string) => {
    const splice = { start: spot.start, before: 'x', after: source };
    return readBack(yaml, applySplices(yaml.text, [splice]), [{ spot, value, splice }]);
  };

  it('passes when it says what was meant', () => {
    expect(check('z', 'z')).toBeUndefined();
    expect(check('"1"', '1')).toBeUndefined();
  });

  it.each([
    ['breaks the file', '"z', 'z', 'does not parse'],
    ['adds a key', 'z\nc: d', 'z', 'structure'],
    ['hides what follows', 'z #', 'z #', 'another value'],
    ['becomes a mapping', '{z: 1}', 'z', 'structure'],
    ['says something else', 'w', 'z', 'would not read back'],
    ['would be a number', '12', '12', 'would not read back'],
  ])('is refused when it %s', (_name, source, value, reason) => {
    expect(check(source, value)).toContain(reason);
  });
});

describe('what Git has now', () => {
  it('is read from the markers of the policy, each tag once', () => {
    const text = [
      'a: acme/web:1.4.0 # {"$imagepolicy": "web"}',
      'b: 1.5.0 # {"$imagepolicy": "web:tag"}',
      `c: 1.5.0@sha256:${'a'.repeat(64)} # {"$imagepolicy": "web:tag"}`,
      'd: acme/web # {"$imagepolicy": "web:name"}',
      'e: placeholder # {"$imagepolicy": "web"}',
      'f: "" # {"$imagepolicy": "web:tag"}',
      'g: acme/api:9.0.0 # {"$imagepolicy": "api"}',
    ].join('\n');
    const file = findMarkers({ path: 'a.yaml', bytes: new TextEncoder().encode(text) })!;
    expect(currentOf(file.markers, 'web')).toEqual({
      tags: ['1.4.0', '1.5.0'],
      untagged: ['placeholder', ''],
      digests: [{ tag: '1.4.0' }, { tag: '1.5.0', digest: `sha256:${'a'.repeat(64)}` }, {}],
    });
    expect(currentOf(file.markers, 'other')).toEqual({ tags: [], untagged: [], digests: [] });
  });
});

describe('the latest images', () => {
  it('come from JSON or from NAME=REF', () => {
    expect(readLatest('{"ns:web": "localhost:5000/web:1.0"}', 'f')).toEqual(
      new Map([['ns:web', { repository: 'localhost:5000/web', tag: '1.0' }]]),
    );
    expect(readAssignment('ns:web=acme/web:1')).toEqual(['ns:web', { repository: 'acme/web', tag: '1' }]);
  });

  it.each([
    '',
    '[]',
    'null',
    '{"web": 1}',
    '{"web": "acme/web"}',
    '{"web": "acme/web:"}',
    '{"web": "a b:1"}',
    '{"": "a:1"}',
    '{"web:tag": "a:1"}',
  ])('are refused as %s', (text) => expect(() => readLatest(text, 'f')).toThrow(UserError));

  it.each(['web', 'web=', '=a:1', 'web=acme/web', 'tag=a:1'])('are refused as %s', (text) => {
    expect(() => readAssignment(text)).toThrow(UserError);
  });
});
