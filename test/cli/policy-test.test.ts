import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { windlass } from '../helpers/io.ts';

const cwd = mkdtempSync(join(tmpdir(), 'windlass-policy-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const files: Record<string, string> = {
  'policy.yaml': 'image: acme/web\nsemver: ">=1.0.0 <2.0.0"\n',
  'flux.yaml': [
    'apiVersion: image.toolkit.fluxcd.io/v1',
    'kind: ImagePolicy',
    'metadata: { name: web, namespace: shop }',
    'spec:',
    '  filterTags: { pattern: "^main-[a-f0-9]+-(?P<ts>[0-9]+)$", extract: "$ts" }',
    '  policy: { numerical: { order: asc } }',
  ].join('\n'),
  'flux-pair.yaml': [
    'apiVersion: image.toolkit.fluxcd.io/v1',
    'kind: ImageRepository',
    'metadata: { name: web, namespace: shop }',
    'spec: { image: acme/web, exclusionList: ["-debug$"] }',
    '---',
    'apiVersion: image.toolkit.fluxcd.io/v1',
    'kind: ImagePolicy',
    'metadata: { name: web, namespace: shop }',
    'spec: { imageRepositoryRef: { name: web }, policy: { alphabetical: {} } }',
  ].join('\n'),
  'newest.yaml': 'image: acme/web\nnewest: true\nfilter: "^main-"\n',
  'digest.yaml': 'image: acme/web\ndigest: latest\n',
  'pushed.json': JSON.stringify([
    { tag: 'main-9', pushedAt: '2026-05-01T10:00:00Z' },
    { tag: 'main-1', pushedAt: '2026-05-02T10:00:00Z' },
    { tag: 'dev-2', pushedAt: '2026-05-03T10:00:00Z' },
    'main-7',
    { tag: 'latest', digest: `sha256:${'a'.repeat(64)}` },
  ]),
  'keys.json': '[{ "tag": "a", "pushed": "2026-05-01T10:00:00Z" }]',
  'tags.txt': '1.4.0\n1.10.0\n2.0.0\nlatest\n',
  'tags.json': '["main-ab-9", "main-cd-10", "dev-ef-11"]',
  'broken.yaml': 'image: [\n',
  'unknown.yaml': 'semvr: "*"\n',
  'range.yaml': 'semver: ">=1 &&"\n',
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);

const run = (args: string[], stdin?: string) => windlass(['policy', 'test', ...args], { cwd, stdin, env: {} });

describe('windlass policy test', () => {
  it('prints the choice and why each other tag was not chosen', async () => {
    const { code, stdout, stderr } = await run(['--policy', 'policy.yaml', '--tags', 'tags.txt', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      chosen: '1.10.0',
      tags: [
        { tag: '1.4.0', reason: 'is older than 1.10.0' },
        { tag: '1.10.0', reason: 'chosen: the newest tag that fits the policy semver >=1.0.0 <2.0.0' },
        { tag: '2.0.0', reason: 'is not in >=1.0.0 <2.0.0' },
        { tag: 'latest', reason: 'is no version (three numbers are needed, as in 1.4.0)' },
      ],
    });
  });

  it('says the same to people', async () => {
    const { stdout } = await run(['--policy', 'policy.yaml', '--tags', 'tags.txt']);
    expect(stdout).toContain('latest  is no version');
    expect(stdout).toContain('\n1.10.0: the newest tag that fits the policy semver >=1.0.0 <2.0.0\n');
  });

  it('reads a Flux ImagePolicy, and a JSON array of tags', async () => {
    const { stdout } = await run(['--policy', 'flux.yaml', '--tags', 'tags.json', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ chosen: 'main-cd-10' });
  });

  it('leaves out what the ImageRepository beside the ImagePolicy excludes', async () => {
    const { stdout } = await run(['--policy', 'flux-pair.yaml', '--tags', '-', '--json'], 'a\nb\nc-debug\n');
    expect(JSON.parse(stdout)).toMatchObject({ chosen: 'b', tags: [{}, {}, { reason: 'is excluded by -debug$' }] });
  });

  it('chooses by the push times of the list', async () => {
    const { stdout } = await run(['--policy', 'newest.yaml', '--tags', 'pushed.json', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      chosen: 'main-1',
      tags: [
        { tag: 'main-9', reason: 'is older than main-1' },
        { tag: 'main-1', reason: 'chosen: the newest tag that fits the policy newest pushed' },
        { tag: 'dev-2', reason: 'does not match the filter ^main-' },
        { tag: 'main-7', reason: 'the registry does not tell when it was pushed' },
        { tag: 'latest', reason: 'does not match the filter ^main-' },
      ],
    });
    const gone = await run(['--policy', 'newest.yaml', '--tags', 'pushed.json', '--current', 'main-0']);
    expect(gone.stdout).toContain('no tag is chosen: nothing tells when main-0 in Git was pushed');
  });

  it('follows a tag by its digest', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const { stdout } = await run(['--policy', 'digest.yaml', '--tags', 'pushed.json', '--current', 'latest', '--json']);
    const answer = JSON.parse(stdout);
    expect(answer.chosen).toBe(`latest@${digest}`);
    expect(answer.tags[0]).toEqual({ tag: 'main-9', reason: 'is not latest, the tag that is followed' });
    expect(answer.tags[4]).toEqual({ tag: 'latest', reason: 'chosen: what latest points at' });
    const text = await run(['--policy', 'digest.yaml', '--tags', 'pushed.json', '--current', 'latest']);
    expect(text.stdout).toContain(
      `latest@${digest}: what latest points at; latest does not say the digest of latest and is replaced`,
    );
    const pinned = await run(['--policy', 'digest.yaml', '--tags', 'pushed.json', '--current', `latest@${digest}`]);
    expect(pinned.stdout).not.toContain('is replaced');
    const none = await run(['--policy', 'digest.yaml', '--tags', 'tags.json']);
    expect(none.stdout).toContain('no tag is chosen: the registry has no tag latest of acme/web');
  });

  it('reads either of them from standard input', async () => {
    const tags = await run(['--policy', 'policy.yaml', '--tags', '-', '--json'], '1.2.3\n');
    expect(JSON.parse(tags.stdout).chosen).toBe('1.2.3');
    const policy = await run(['--policy', '-', '--tags', 'tags.txt', '--json'], '{"alphabetical": "asc"}');
    expect(JSON.parse(policy.stdout).chosen).toBe('latest');
  });

  it('chooses nothing older than the current tag', async () => {
    const { code, stdout } = await run([
      '--policy',
      'policy.yaml',
      '--tags',
      'tags.txt',
      '--current',
      '1.11.0',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).chosen).toBeNull();
    const adopted = await run(['--policy', 'policy.yaml', '--tags', 'tags.txt', '--current', 'latest']);
    expect(adopted.stdout).toContain("latest has no place in the policy's order and is replaced");
  });

  it('takes a whole reference for what Git has', async () => {
    const at = (current: string) => run(['--policy', 'policy.yaml', '--tags', 'tags.txt', '--current', current]);
    for (const current of ['ghcr.io/acme/web:1.11.0', `localhost:5000/web:1.11.0@sha256:${'a'.repeat(64)}`])
      expect((await at(current)).stdout).toContain('no tag is chosen: Git has 1.11.0, ');
    expect((await at('ghcr.io/acme/web')).stdout).toContain('ghcr.io/acme/web has no place');
  });

  it('reads what a registry answers, and refuses a time that is none', async () => {
    const list = '{"name":"acme/web","tags":["1.0.0","1.1.0"]}\n';
    const { stdout } = await run(['--policy', 'policy.yaml', '--tags', '-', '--json'], list);
    expect(JSON.parse(stdout)).toMatchObject({ chosen: '1.1.0' });
    const odd = '[{ "tag": "main-1", "pushedAt": "yesterday" }]';
    const refused = await run(['--policy', 'newest.yaml', '--tags', '-'], odd);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('says that main-1 was pushed at "yesterday"');
  });

  it('says that no tag fits, without an error', async () => {
    const { code, stdout } = await run(['--policy', 'policy.yaml', '--tags', '-', '--json'], 'latest\n');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      chosen: null,
      tags: [{ tag: 'latest', reason: 'is no version (three numbers are needed, as in 1.4.0)' }],
    });
    expect(JSON.parse((await run(['--policy', 'policy.yaml', '--tags', '-', '--json'], '')).stdout)).toEqual({
      chosen: null,
      tags: [],
    });
  });

  it.each([
    ['a broken policy', ['--policy', 'broken.yaml', '--tags', 'tags.txt'], 'broken.yaml:2:1'],
    ['a mistyped key', ['--policy', 'unknown.yaml', '--tags', 'tags.txt'], 'did you mean "semver"?'],
    ['a range that is none', ['--policy', 'range.yaml', '--tags', 'tags.txt'], 'is no version range'],
    [
      'a digest that is not told',
      ['--policy', 'digest.yaml', '--tags', 'tags.txt'],
      'does not tell the digest of latest',
    ],
    [
      'a key of a tag that is none',
      ['--policy', 'newest.yaml', '--tags', 'keys.json'],
      'objects { tag, digest, pushedAt }',
    ],
    ['a missing file', ['--policy', 'none.yaml', '--tags', 'tags.txt'], 'error: there is no file /'],
    ['a directory as the policy', ['--policy', '.', '--tags', 'tags.txt'], 'is a directory, a file is needed'],
    [
      'a whole windlass.yaml',
      ['--policy', join(import.meta.dirname, '../../examples/shop/windlass.yaml'), '--tags', 'tags.txt'],
      'is a whole windlass.yaml: give one entry of images (for example images.web), not the whole file',
    ],
    ['both from standard input', ['--policy', '-', '--tags', '-'], 'only one of'],
    ['no tags', ['--policy', 'policy.yaml'], '--tags'],
  ])('returns 2 for %s, without a stack', async (_name, args, message) => {
    const { code, stdout, stderr } = await run(args, '');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});
