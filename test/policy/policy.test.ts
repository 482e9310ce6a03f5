import { describe, expect, it } from 'vitest';
import { UserError } from '../../lib/model/errors.ts';
import { policyFromFlux } from '../../lib/policy/from-flux.ts';
import { compilePolicy } from '../../lib/policy/policy.ts';
import { readPolicy } from '../../lib/policy/read-policy.ts';
import { readTags } from '../../lib/policy/read-tags.ts';
import type { PolicySpec } from '../../lib/policy/spec.ts';

describe('a policy is refused', () => {
  it.each<[string, unknown, string]>([
    ['without a rule', {}, 'has none'],
    ['with two rules', { semver: '*', numerical: 'asc' }, 'has semver and numerical'],
    ['with newest that is not true', { newest: false }, 'newest is true'],
    ['with newest and an extract', { newest: true, filter: { include: '(.*)', extract: '$1' } }, 'leave out "extract"'],
    ['with newest and digest', { newest: true, digest: 'latest' }, 'has newest and digest'],
    ['with a digest that is no tag', { digest: 'sha256:abc' }, 'is the tag that is followed'],
    ['with a digest that is a number', { digest: 1.1 }, 'in quotes'],
    ['with a digest that is empty', { digest: '' }, 'is the tag that is followed'],
    ['with a digest and a filter', { digest: 'latest', filter: '^v' }, 'a filter has nothing to do'],
    ['with a range that is a number', { semver: 1.1 }, 'write it in quotes, semver: "1.10"'],
    ['with a range that is none', { semver: '>=1 &&' }, 'is no version range'],
    ['with an order that is none', { numerical: 'up' }, '"asc" or "desc"'],
    ['with an invalid pattern', { alphabetical: 'asc', filter: '(' }, 'RE2'],
  ])('%s', (_name, spec, message) => {
    const compile = () => compilePolicy({ image: 'x', ...(spec as object) } as PolicySpec);
    expect(compile).toThrow(UserError);
    expect(compile).toThrow(message);
  });
});

describe('a policy in words', () => {
  it.each<[Omit<PolicySpec, 'image'>, string]>([
    [{ semver: '^1.0' }, 'semver ^1.0'],
    [{ numerical: 'desc' }, 'numerical desc'],
    [{ alphabetical: 'asc' }, 'alphabetical asc'],
    [{ newest: true }, 'newest pushed'],
    [{ digest: 'latest' }, 'digest latest'],
  ])('%j is %s', (spec, rule) => expect(compilePolicy({ image: 'x', ...spec }).rule).toBe(rule));
});

const flux = (spec: object) => ({ apiVersion: 'image.toolkit.fluxcd.io/v1', kind: 'ImagePolicy', spec });

describe('a Flux ImagePolicy', () => {
  it('gives the same rule and filter', () => {
    expect(policyFromFlux(flux({ policy: { semver: { range: '^1.0' } } }), 'acme/web')).toEqual({
      image: 'acme/web',
      semver: '^1.0',
    });
    const filterTags = { pattern: '^main-(?P<ts>.*)$', extract: '$ts' };
    expect(policyFromFlux(flux({ filterTags, policy: { numerical: { order: 'desc' } } }))).toEqual({
      image: '',
      numerical: 'desc',
      filter: { include: '^main-(?P<ts>.*)$', extract: '$ts' },
    });
  });

  it('counts upwards where it names no order', () => {
    expect(policyFromFlux(flux({ policy: { alphabetical: {} } }))).toMatchObject({ alphabetical: 'asc' });
    expect(policyFromFlux(flux({ policy: { numerical: null } }))).toMatchObject({ numerical: 'asc' });
  });

  it.each([
    ['nothing', undefined],
    ['another kind', { apiVersion: 'image.toolkit.fluxcd.io/v1', kind: 'ImageRepository', spec: {} }],
    ['no policy', flux({})],
    ['two policies', flux({ policy: { semver: { range: '*' }, numerical: {} } })],
    ['a range that is a number', flux({ policy: { semver: { range: 1 } } })],
    ['a filter that is a text', flux({ policy: { numerical: {} }, filterTags: '^v' })],
  ])('with %s is refused', (_name, object) => {
    expect(() => policyFromFlux(object)).toThrow(UserError);
  });
});

describe('a policy in a file', () => {
  it('is one entry of images, with or without its name, in YAML or JSON', () => {
    const spec = { image: 'acme/web', semver: '>=1.0.0' };
    expect(readPolicy('image: acme/web\nsemver: ">=1.0.0"\n', 'p')).toEqual(spec);
    expect(readPolicy('web:\n  image: acme/web\n  semver: ">=1.0.0"\n', 'p')).toEqual(spec);
    expect(readPolicy(JSON.stringify(spec), 'p')).toEqual(spec);
  });

  it('may be a Flux ImagePolicy among other objects', () => {
    const text = [
      'apiVersion: image.toolkit.fluxcd.io/v1',
      'kind: ImageRepository',
      '---',
      'apiVersion: image.toolkit.fluxcd.io/v1',
      'kind: ImagePolicy',
      'spec: { policy: { semver: { range: 1.x } } }',
      '---',
    ].join('\n');
    expect(readPolicy(text, 'p')).toEqual({ image: '', semver: '1.x' });
  });

  it.each([
    ['empty', '', 'is empty'],
    ['only comments', '# nothing\n', 'is empty'],
    ['a list', '- a\n', 'holds no mapping'],
    ['a mistyped key', 'image: x\nsemvr: "*"\n', 'did you mean "semver"?'],
    ['a mistyped key of the filter', 'semver: "*"\nfilter: { includ: a }\n', 'did you mean "include"?'],
    ['a filter of numbers', 'semver: "*"\nfilter: { exclude: [1] }\n', '"filter.exclude" that is no text'],
    ['two documents', 'semver: "*"\n---\nsemver: "*"\n', 'several documents'],
    ['too large', `semver: "*"\n#${'x'.repeat(1024 * 1024)}`, 'is larger than 1 MB'],
  ])('is refused when it is %s', (_name, text, message) => {
    expect(() => readPolicy(text, 'policy.yaml')).toThrow(message);
  });

  it.each([
    ['broken', 'semver: [\n', 2],
    ['indented by tabs', 'a:\n\tsemver: "*"\n', 2],
    ['with a key twice', 'semver: "*"\nsemver: "*"\n', 2],
  ])('is refused with its place when it is %s', (_name, text, line) => {
    const read = () => readPolicy(text, 'policy.yaml');
    expect(read).toThrow(UserError);
    try {
      read();
    } catch (error) {
      expect((error as UserError).problems).toMatchObject([{ code: 'yaml-syntax', file: 'policy.yaml', line }]);
    }
  });

  it('is refused when its aliases multiply', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(20)}]`);
    expect(() => readPolicy(['a0: &a0 x', ...levels].join('\n'), 'p')).toThrow('no valid YAML');
  });
});

describe('a list of tags', () => {
  it('has one a line, or is a JSON array', () => {
    expect(readTags('1.0.0\r\n\n  1.1.0 \n', 't')).toEqual(['1.0.0', '1.1.0']);
    expect(readTags('["1.0.0", ""]', 't')).toEqual(['1.0.0', '']);
    expect(readTags('', 't')).toEqual([]);
  });

  it('may tell digest and push time', () => {
    const tag = { tag: '1.0.0', digest: 'sha256:abc', pushedAt: '2026-05-01T10:00:00Z' };
    expect(readTags(JSON.stringify(['1.1.0', tag, { tag: '' }]), 't')).toEqual(['1.1.0', tag, { tag: '' }]);
  });

  it.each(['[', '[1]', '["a"] x', '[{}]', '[{"tag":1}]', '[null]', '[{"tag":"a","pushed_at":"x"}]', '[["a"]]'])(
    'is refused as %s',
    (text) => {
      expect(() => readTags(text, 't')).toThrow(UserError);
    },
  );
});
