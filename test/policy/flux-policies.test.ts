import { describe, expect, it } from 'vitest';
import { choose } from '../../lib/policy/choose.ts';
import { type FluxObject, readFluxObjects } from '../../lib/policy/flux-objects.ts';
import { type FluxPolicies, fluxPolicyFor, policiesOfFlux } from '../../lib/policy/flux-policies.ts';
import { compilePolicy } from '../../lib/policy/policy.ts';

const group = 'image.toolkit.fluxcd.io';

/** A file with one object; `name` is `ns/name` or a name alone. */
function yaml(kind: string, name: string, spec: string, version = 'v1'): string {
  const [namespace, own] = name.includes('/') ? name.split('/') : [undefined, name];
  return [
    `apiVersion: ${group}/${version}`,
    `kind: ${kind}`,
    `metadata: { name: ${own}${namespace === undefined ? '' : `, namespace: ${namespace}`} }`,
    `spec: ${spec}`,
  ].join('\n');
}

const repository = (name: string, more = '') =>
  yaml('ImageRepository', name, `{ image: ghcr.io/acme/${name.split('/').pop()}, interval: 5m${more} }`);
const policy = (name: string, more = '', ref = `{ name: ${name.split('/').pop()} }`) =>
  yaml('ImagePolicy', name, `{ imageRepositoryRef: ${ref}, policy: { semver: { range: ">=1.0.0" } }${more} }`);

/** Files by path; several documents of one file are a list. */
function read(files: Record<string, string | string[]>, own: string[] = []): FluxPolicies {
  const found = Object.entries(files).flatMap(([file, text]) => {
    const { objects, problems } = readFluxObjects([text].flat().join('\n---\n'), file);
    expect(problems).toEqual([]);
    // They are kept as JSON between two runs.
    return (JSON.parse(JSON.stringify(objects)) as FluxObject[]).map((object) => ({ file, object }));
  });
  return policiesOfFlux(found, own);
}

const codes = (found: FluxPolicies) => found.problems.map(({ code }) => code);

describe('the image objects of Flux', () => {
  it('are a policy together', () => {
    const found = read({
      'flux/repo.yaml': repository('flux-system/web'),
      'flux/policy.yaml': policy('flux-system/web', ', filterTags: { pattern: "^v(.+)$", extract: "$1" }'),
    });
    expect(found).toEqual({
      policies: [
        {
          name: 'flux-system:web',
          spec: {
            image: 'ghcr.io/acme/web',
            semver: '>=1.0.0',
            filter: { include: '^v(.+)$', extract: '$1', exclude: ['^.*\\.sig$'] },
          },
          digest: 'Never',
          file: 'flux/policy.yaml',
        },
      ],
      refused: [],
      problems: [],
      warnings: [],
    });
  });

  it.each(['v1', 'v1beta2', 'v1beta1'])('are read in version %s', (version) => {
    const spec = '{ imageRepositoryRef: { name: web }, policy: { numerical: { order: desc } } }';
    const found = read({
      'a.yaml': [
        yaml('ImageRepository', 'apps/web', '{ image: acme/web }', version),
        yaml('ImagePolicy', 'apps/web', spec, version),
      ],
    });
    expect(found.policies).toMatchObject([{ name: 'apps:web', spec: { image: 'acme/web', numerical: 'desc' } }]);
  });

  it('of another version are refused', () => {
    const found = read({ 'a.yaml': [repository('apps/web'), policy('apps/web').replace('/v1', '/v2')] });
    expect(found).toMatchObject({ policies: [], refused: ['apps:web'] });
    expect(found.problems[0]!.message).toContain('is of version v2, which is not read');
  });

  it('leave out signatures, or what the exclusionList says instead', () => {
    const excludes = (more: string) =>
      read({ 'a.yaml': [repository('a/web', more), policy('a/web')] }).policies.map(({ spec }) => {
        const tags = ['1.0.0', 'sha256-1.1.0.sig', '1.2.0-x', '1.1.0'];
        const compiled = compilePolicy({ ...spec, semver: undefined, alphabetical: 'desc' });
        return choose({ policy: compiled, tags, now: new Date(0) }).tags.flatMap(({ tag, reason }) =>
          reason.includes('excluded') ? [tag] : [],
        );
      });
    expect(excludes('')).toEqual([['sha256-1.1.0.sig']]);
    expect(excludes(', exclusionList: []')).toEqual([['sha256-1.1.0.sig']]);
    expect(excludes(', exclusionList: ["-x$", "^1\\\\.1"]')).toEqual([['1.2.0-x', '1.1.0']]);
  });

  it.each(['Never', 'IfNotPresent', 'Always'])('say by %s whether a digest is written', (word) => {
    const found = read({ 'a.yaml': [repository('a/web'), policy('a/web', `, digestReflectionPolicy: ${word}`)] });
    expect(found.policies).toMatchObject([{ digest: word }]);
  });

  it('may be suspended, the policy or its repository', () => {
    const suspended = (repo: string, own: string) =>
      read({ 'a.yaml': [repository('a/web', repo), policy('a/web', own)] }).policies[0]!.suspended;
    expect(suspended('', '')).toBeUndefined();
    expect(suspended(', suspend: false', ', suspend: false')).toBeUndefined();
    expect(suspended('', ', suspend: true')).toBe('the ImagePolicy of Flux has suspend: true');
    expect(suspended(', suspend: true', '')).toBe('the ImageRepository of Flux has suspend: true');
    expect(suspended('', ', suspend: "yes"')).toBeDefined();
  });

  it.each([
    ['no ImageRepository', [policy('a/web')], 'there is no ImageRepository a/web'],
    ['one in another namespace', [repository('b/web'), policy('a/web')], 'there is no ImageRepository a/web'],
    [
      'a repository with a tag',
      [repository('a/web').replace('acme/web', 'acme/web:1.0.0'), policy('a/web')],
      'is no repository',
    ],
    [
      'a repository with a scheme',
      [repository('a/web').replace('ghcr.io', 'https://ghcr.io'), policy('a/web')],
      'is no repository',
    ],
    [
      'a variable that only Flux fills in',
      [repository('a/web').replace('ghcr.io', '"\u0024{REGISTRY}').replace('/web,', '/web",'), policy('a/web')],
      'is no repository',
    ],
    [
      'a repository without an image',
      [yaml('ImageRepository', 'a/web', '{}'), policy('a/web')],
      'needs a text "image"',
    ],
    [
      'a range that is none',
      [repository('a/web'), policy('a/web').replace('>=1.0.0', '>=1 &&')],
      'is no version range',
    ],
    ['a pattern that is none', [repository('a/web'), policy('a/web', ', filterTags: { pattern: "(" }')], 'RE2'],
    ['an exclusion that is none', [repository('a/web', ', exclusionList: ["("]'), policy('a/web')], 'RE2'],
    ['exclusions that are a text', [repository('a/web', ', exclusionList: ".sig"'), policy('a/web')], 'exclusionList'],
    [
      'a digest policy that is none',
      [repository('a/web'), policy('a/web', ', digestReflectionPolicy: Ever')],
      '"Ever"',
    ],
    [
      'no policy',
      [repository('a/web'), yaml('ImagePolicy', 'a/web', '{ imageRepositoryRef: { name: web } }')],
      'mapping "policy"',
    ],
    ['no reference', [yaml('ImagePolicy', 'a/web', '{ policy: { numerical: {} } }')], 'mapping "imageRepositoryRef"'],
    ['nothing in it', [yaml('ImagePolicy', 'a/web', '')], 'mapping "imageRepositoryRef"'],
  ])('with %s are a problem, and nothing is bumped by them', (_name, documents, message) => {
    const found = read({ 'a.yaml': documents as string[], 'b.yaml': [repository('c/app'), policy('c/app')] });
    expect(found.policies.map(({ name }) => name)).toEqual(['c:app']);
    expect(found.refused).toEqual(['a:web']);
    expect(found.problems).toMatchObject([{ file: 'a.yaml', object: `${group}/ImagePolicy/a/web` }]);
    expect(found.problems[0]!.message).toContain(message);
  });

  it('refer to an ImageRepository of another namespace by name', () => {
    const ref = '{ name: shared, namespace: flux-system }';
    const found = read({ 'a.yaml': [repository('flux-system/shared'), policy('shop/web', '', ref)] });
    expect(found.policies).toMatchObject([{ name: 'shop:web', spec: { image: 'ghcr.io/acme/shared' } }]);
  });
});

describe('a name that is there twice', () => {
  const files = (other: string) => ({
    'clusters/dev/web.yaml': [repository('flux-system/web'), policy('flux-system/web')],
    'clusters/prod/web.yaml': [repository('flux-system/web'), other],
  });

  it('is one policy when both say the same', () => {
    const found = read(files(policy('flux-system/web')));
    expect(found.policies).toHaveLength(1);
    expect(codes(found)).toEqual([]);
  });

  it.each([
    ['range', policy('flux-system/web').replace('>=1.0.0', '>=2.0.0')],
    ['digest', policy('flux-system/web', ', digestReflectionPolicy: IfNotPresent')],
    ['suspend', policy('flux-system/web', ', suspend: true')],
  ])('is refused when they differ by their %s, with both files', (_name, other) => {
    const found = read(files(other));
    expect(found).toMatchObject({ policies: [], refused: ['flux-system:web'] });
    expect(found.problems).toMatchObject([{ code: 'flux-policy-twice', file: 'clusters/dev/web.yaml' }]);
    expect(found.problems[0]!.message).toContain('clusters/dev/web.yaml, clusters/prod/web.yaml');
    expect(fluxPolicyFor('flux-system:web', found)).toBeUndefined();
  });

  it('is refused when one of them is broken', () => {
    const found = read(files(policy('flux-system/web').replace('>=1.0.0', 'x &&')));
    expect(found).toMatchObject({ policies: [], refused: ['flux-system:web'] });
  });

  it('is refused when it is the ImageRepository, and they differ', () => {
    const found = read({
      'dev.yaml': [repository('a/web'), policy('a/web')],
      'prod.yaml': repository('a/web').replace('ghcr.io', 'quay.io'),
    });
    expect(found.refused).toEqual(['a:web']);
    expect(found.problems[0]!.message).toContain(
      'more than one ImageRepository a/web, and they differ: dev.yaml, prod.yaml',
    );
  });

  it('is no trouble when windlass.yaml has it: that wins, with a warning for each', () => {
    const found = read(files(policy('flux-system/web').replace('>=1.0.0', 'x &&')), ['flux-system:web']);
    expect(found).toMatchObject({ policies: [], refused: [], problems: [] });
    expect(found.warnings.map(({ file, code }) => [file, code])).toEqual([
      ['clusters/dev/web.yaml', 'flux-policy-replaced'],
      ['clusters/prod/web.yaml', 'flux-policy-replaced'],
    ]);
  });
});

describe('a marker', () => {
  const named = read({ 'a.yaml': [repository('flux-system/web'), policy('flux-system/web')] });
  const base = read({ 'base/web.yaml': [repository('web'), policy('web')] });

  it('means the policy of its namespace and name', () => {
    expect(fluxPolicyFor('flux-system:web', named)?.name).toBe('flux-system:web');
    for (const marker of ['prod:web', 'flux-system:app', 'web', ':web']) {
      expect(fluxPolicyFor(marker, named), marker).toBeUndefined();
    }
  });

  it('of any namespace means the only policy of its name, when that has no namespace', () => {
    expect(base.policies).toMatchObject([{ name: 'web', spec: { image: 'ghcr.io/acme/web' } }]);
    expect(fluxPolicyFor('dev:web', base)?.file).toBe('base/web.yaml');
    expect(fluxPolicyFor('prod:web', base)?.file).toBe('base/web.yaml');
    expect(fluxPolicyFor('dev:app', base)).toBeUndefined();
    expect(fluxPolicyFor('web', base)).toBeUndefined();
  });

  it('means none where another policy of that name has a namespace', () => {
    const both = read({
      'base/web.yaml': [repository('web'), policy('web')],
      'prod/web.yaml': [repository('prod/web'), policy('prod/web')],
    });
    expect(fluxPolicyFor('prod:web', both)?.file).toBe('prod/web.yaml');
    expect(fluxPolicyFor('dev:web', both)).toBeUndefined();
  });

  it('means none where two without a namespace differ', () => {
    const both = read({
      'a/web.yaml': [repository('web'), policy('web')],
      'b/web.yaml': policy('web').replace('>=1.0.0', '>=2.0.0'),
    });
    expect(both.refused).toEqual(['web']);
    expect(fluxPolicyFor('dev:web', both)).toBeUndefined();
  });

  it('takes an ImageRepository without a namespace, when it is the only one of its name', () => {
    const found = read({ 'a.yaml': [repository('web'), policy('shop/web')] });
    expect(found.policies).toMatchObject([{ name: 'shop:web', spec: { image: 'ghcr.io/acme/web' } }]);
    const two = read({ 'a.yaml': [repository('web'), repository('other/web'), policy('shop/web')] });
    expect(two.refused).toEqual(['shop:web']);
  });
});

describe('a file', () => {
  it('is read for its image objects alone, reduced to what counts', () => {
    const text = [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }',
      'apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: { name: web }',
      repository('a/web', ', secretRef: { name: pull }').replace('{ name:', '{ labels: { x: y }, name:'),
    ].join('\n---\n');
    expect(readFluxObjects(text, 'a.yaml')).toEqual({
      objects: [
        {
          apiVersion: `${group}/v1`,
          kind: 'ImageRepository',
          metadata: { name: 'web', namespace: 'a' },
          spec: { image: 'ghcr.io/acme/web' },
        },
      ],
      problems: [],
    });
  });

  it('may be JSON, or hold a List', () => {
    const object = { apiVersion: `${group}/v1`, kind: 'ImagePolicy', metadata: { name: 'web' }, spec: { policy: {} } };
    const list = { apiVersion: 'v1', kind: 'List', items: [object, { kind: 'Pod' }, null] };
    expect(readFluxObjects(JSON.stringify(object), 'a.json').objects).toEqual([object]);
    expect(readFluxObjects(JSON.stringify(list), 'a.json').objects).toEqual([object]);
  });

  it('without their words is not even parsed', () => {
    expect(readFluxObjects('a: [', 'a.yaml')).toEqual({ objects: [], problems: [] });
    expect(readFluxObjects(`a: [ # ${group}/v1`, 'a.yaml')).toEqual({ objects: [], problems: [] });
  });

  it.each([
    ['does not parse', `${policy('a/web')}\n  x: [`, { code: 'yaml-syntax', line: 5 }],
    ['is a template', `{{ if .x }}\n${policy('a/web')}\n{{ end }}`, { code: 'yaml-syntax', line: 2 }],
    ['has an object without a name', policy('a/web').replace('name: web,', ''), { code: 'flux-object' }],
    ['is too large', `${policy('a/web')}\n#${'x'.repeat(5 * 1024 * 1024)}`, { code: 'file-too-large' }],
    [
      'grows by aliases',
      `x0: &x0 [a,a,a,a,a]\n${[1, 2, 3, 4, 5, 6].map((i) => `x${i}: &x${i} [*x${i - 1},*x${i - 1},*x${i - 1},*x${i - 1},*x${i - 1}]`).join('\n')}\n${yaml('ImagePolicy', 'a/web', '{ policy: *x6 }')}`,
      { code: 'flux-object' },
    ],
    ['turns in a circle', yaml('ImagePolicy', 'a/web', '\n  policy: &p { semver: *p }'), { code: 'flux-object' }],
  ])('that %s is a problem, never an error', (_name, text, problem) => {
    const { objects, problems } = readFluxObjects(text, 'a.yaml');
    expect(objects).toEqual([]);
    expect(problems).toMatchObject([{ file: 'a.yaml', ...problem }]);
  });
});
