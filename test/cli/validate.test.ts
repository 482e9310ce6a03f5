import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../lib/model/errors.ts';
import { windlass } from '../helpers/io.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: shop }\n`;
const file = (syncs: string) => `windlass: 1\nclusters: { main: {} }\nsyncs:\n${syncs}`;

describe('windlass validate', () => {
  it.each(['examples/shop', 'examples/minimal'])('finds nothing wrong in %s', async (repo) => {
    const { code, stdout, stderr } = await windlass(['validate', '--repo', repo]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/valid\n$/);
  });

  it('accepts a file that uses every section, and warns of what is not there yet', async () => {
    const { code, stdout, stderr } = await windlass(['validate', '--repo', 'test/fixtures/config/everything']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('docs is not bumped: promotion is not there yet');
    expect(stdout).toMatch(/\nvalid, 1 warning\n$/);
  });

  it('checks the other syncs where a chart cannot be had now, and says so with its exit code', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const repo = await tempTree({
      'windlass.yaml': file(
        `  a: { path: a, helm: { repo: "https://127.0.0.1:9", chart: web, version: 1.0.0, digest: "${digest}", namespace: n } }\n  b: { path: b }\n`,
      ),
      'b/b.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: b }\n',
    });
    const { code, stdout } = await windlass(['validate', '--repo', repo, '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ problems: [], unchecked: 1, syncs: [{ name: 'b', objects: 1 }] });
    expect(stdout).toContain(
      'sync a cannot be rendered now, and was not checked: https://127.0.0.1:9/index.yaml cannot be reached',
    );
  });

  it('finds values of ConfigMaps and Secrets that the API server would refuse, and shows none', async () => {
    const repo = await tempTree({
      'windlass.yaml': file('  shop: { path: shop }\n'),
      'shop/a.yaml': `${configMap('a')}data: { port: 8080, name: web }\n---\n${configMap('b')}binaryData: { logo: "aG k=" }\n`,
      'shop/s.yaml':
        'apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: shop }\ndata: { key: hunter2!, ok: aGk= }\n',
    });
    const { code, stdout } = await windlass(['validate', '--repo', repo, '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).problems).toEqual([
      {
        ...{ code: 'bad-data', message: 'data["port"] must be a text', object: 'ConfigMap/shop/a', hint: 'quote it' },
        ...{ file: 'shop/a.yaml', line: 1, column: 1 },
      },
      expect.objectContaining({ message: 'binaryData["logo"] is no base64', object: 'ConfigMap/shop/b', line: 6 }),
      expect.objectContaining({
        ...{ message: 'data["key"] is no base64', object: 'Secret/shop/s' },
        hint: 'encode it, or write it as it is in stringData',
      }),
    ]);
    expect(stdout).not.toContain('hunter2');
  });

  it('finds each target that is not there, with its place in windlass.yaml or in its file', async () => {
    const repo = await tempTree({
      'windlass.yaml': `windlass: 1
images:
  web:
    image: ghcr.io/acme/web
    semver: "1"
    targets:
      - { kustomization: apps/gone }
      - { kustomization: apps/prod }
      - { helmValues: values.yaml }
      - { helmValues: values.yaml, tag: web.tag }
      - { file: task.json, path: /image }
      - { file: gone.json, path: /image }
      - { file: marked.yaml, path: /image }
  api: { image: ghcr.io/acme/api, semver: "1" }
`,
      'apps/prod/kustomization.yaml': 'images: [{ name: other, newTag: "1" }]\n',
      'values.yaml': 'image: { tag: "1" }\n',
      'task.json': '{ "image": "ghcr.io/acme/web:1.0.0" }\n',
      'marked.yaml': 'image: ghcr.io/acme/api:1.0.0 # {"$imagepolicy": "api"}\n',
    });
    const { code, stdout } = await windlass(['validate'], { cwd: repo });
    expect(code).toBe(2);
    expect(stdout).toMatchInlineSnapshot(`
      "problem windlass.yaml:7:9: there is no kustomization at apps/gone
        |       - { kustomization: apps/gone }
        |         ^
      problem windlass.yaml:12:9: there is no file gone.json, or it is a link
        |       - { file: gone.json, path: /image }
        |         ^
      problem apps/prod/kustomization.yaml:1:1: the target "ghcr.io/acme/web" in images of "web": there is no such entry, there is other
      problem marked.yaml:1:1: the value is the image of "api" by a marker and the image of "web" by a target of windlass.yaml: one of them must go
      problem values.yaml:1:1: the target web.tag of "web": there is no key "web"
      5 problems
      "
    `);
  });

  it('warns of markers that no policy is for, of images without a place, and of stops that stop nothing', async () => {
    const repo = await tempTree({
      'windlass.yaml': `windlass: 1
clusters: { main: {} }
syncs: { shop: { path: shop } }
images:
  web: { image: ghcr.io/acme/web, semver: "1" }
  api: { image: ghcr.io/acme/api, semver: "1" }
`,
      'shop/a.yaml': configMap('a'),
      'marked.yaml': `a: ghcr.io/acme/web:1.0.0 # {"$imagepolicy": "wbe"}
b: ghcr.io/acme/web:1.0.0 # {"$imagepolicy": "web"
c: ghcr.io/acme/web:1.0.0 # {"$imagepolicy": "web"}
`,
      'holds/apo.1.yaml': 'image: apo\ntag: "1.0.0"\npast: "1.1.0"\nwho: ada\nwhy: x\n',
      'suspends/shpo.1.yaml': 'sync: shpo\nwho: ada\nwhy: x\n',
      'suspends/zzzzz.1.yaml': 'image: zzzzz\nwho: ada\nwhy: x\n',
      'suspends/shop.1.yaml': 'sync: shop\nwho: ada\nwhy: x\n',
      'suspends/all.1.yaml': 'all: true\nwho: ada\nwhy: x\n',
    });
    const { code, stdout } = await windlass(['validate'], { cwd: repo });
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "warning holds/apo.1.yaml: there is no image "apo" in windlass.yaml
        = it stops nothing: did you mean "api"?
      warning suspends/shpo.1.yaml: there is no sync "shpo" in windlass.yaml
        = it stops nothing: did you mean "shop"?
      warning suspends/zzzzz.1.yaml: there is no image "zzzzz" in windlass.yaml
        = it stops nothing
      warning marked.yaml:2:1: the comment is not a JSON object alone: write # {"$imagepolicy": "NAME"}
      warning marked.yaml:1:1: there is no policy "wbe": the marker is not applied
        = did you mean "web"?
      warning windlass.yaml:6:3: api is not bumped: no marker names it, and it has no targets
        |   api: { image: ghcr.io/acme/api, semver: "1" }
        |   ^
        = write # {"$imagepolicy": "api"} beside the image
      shop shop: 1 object
      valid, 6 warnings
      "
    `);
  });

  it('refuses a hold of a tag where a digest is followed', async () => {
    const repo = await tempTree({
      'windlass.yaml': 'windlass: 1\nimages: { web: { image: ghcr.io/acme/web, digest: stable } }\n',
      'a.yaml': 'a: ghcr.io/acme/web:stable # {"$imagepolicy": "web"}\n',
      'holds/web.1.yaml': 'image: web\ntag: "1.0.0"\npast: "1.1.0"\nwho: ada\nwhy: x\n',
    });
    const { code, stdout } = await windlass(['validate'], { cwd: repo });
    expect([code, stdout]).toEqual([
      2,
      'problem holds/web.1.yaml: web follows a digest, and tag and past of the hold are a tag\n' +
        '  = write it as sha256:..., or TAG@sha256:...\n1 problem\n',
    ]);
  });

  it('knows the policies of Flux, and says which of them cannot be used', async () => {
    const policy = (name: string, repository: string) => `apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: { name: ${name}, namespace: flux-system }
spec: { imageRepositoryRef: { name: ${repository} }, policy: { semver: { range: "1" } } }
---
`;
    const repo = await tempTree({
      'windlass.yaml': 'windlass: 1\n',
      'flux/images.yaml': `${policy('web', 'web')}${policy('lost', 'gone')}apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: { name: web, namespace: flux-system }
spec: { image: ghcr.io/acme/web }
`,
      'flux/broken.yaml': 'apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: [\n',
      'app.yaml': `a: ghcr.io/acme/web:1.0.0 # {"$imagepolicy": "flux-system:web"}
b: ghcr.io/acme/web:1.0.0 # {"$imagepolicy": "flux-system:lost"}
c: ghcr.io/acme/web:1.0.0 # {"$imagepolicy": "flux-system:wbe"}
`,
    });
    const { code, stdout } = await windlass(['validate', '--json'], { cwd: repo });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).warnings.map(({ file, line, message }: Problem) => [file, line, message])).toEqual([
      ['flux/broken.yaml', expect.any(Number), expect.any(String)],
      ['flux/images.yaml', undefined, expect.stringContaining('there is no ImageRepository flux-system/gone')],
      ['app.yaml', 3, 'there is no policy "flux-system:wbe": the marker is not applied'],
    ]);
  });

  it('warns of an object of a built-in kind that lacks its namespace, wherever it was built', async () => {
    const role = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: all }\nrules: []\n';
    const job = 'apiVersion: batch/v1\nkind: Job\nmetadata: { name: seed }\n';
    const repo = await tempTree({
      'windlass.yaml': file('  a: { path: a }\n  b: { path: b }\n'),
      'a/x.yaml': `${role}---\n${job}`,
      'a/crd.yaml': 'apiVersion: example.com/v1\nkind: Job\nmetadata: { name: custom }\n',
      'b/kustomization.yaml': 'namespace: shop\nresources: [job.yaml]\n',
      'b/job.yaml': job,
    });
    const { code, stdout } = await windlass(['validate', '--repo', repo, '--json']);
    expect([code, JSON.parse(stdout).warnings]).toEqual([
      0,
      [
        {
          code: 'no-namespace',
          message: 'Job needs a namespace, a pull refuses it',
          object: 'batch/Job/seed',
          ...{ file: 'a/x.yaml', line: expect.any(Number), column: 1 },
          hint: 'write metadata.namespace, or "namespace:" in its kustomization.yaml',
        },
      ],
    ]);
  });

  it('says as JSON what each sync declares', async () => {
    const { code, stdout } = await windlass(['validate', '--repo', 'examples/shop', '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ problems: [], warnings: [] });
    expect(report.syncs.map(({ name, path }: { name: string; path: string }) => [name, path])).toEqual([
      ['infra', 'clusters/main'],
      ['shop-staging', 'apps/shop/staging'],
      ['shop-prod', 'apps/shop/prod'],
    ]);
    for (const { objects } of report.syncs) expect(objects).toBeGreaterThan(0);
  });

  it('reports problems of windlass.yaml, holds and all manifests in one go, and exits with 2', async () => {
    const repo = await tempTree({
      'windlass.yaml': file(
        '  a: { path: a }\n  b: { path: b }\n  c: { path: gone }\nnotify: { routes: [{ on: [drift], sns: x }] }\n',
      ),
      'a/x.yaml': configMap('same'),
      'a/y.yaml': 'kind: ConfigMap\n',
      'b/x.yaml': configMap('same'),
      'holds/web.1.yaml': 'image: web\n',
    });
    const { code, stdout, stderr } = await windlass(['validate'], { cwd: repo });
    expect([code, stderr]).toEqual([2, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "problem holds/web.1.yaml:1:1: tag is missing
        | image: web
        | ^
      problem holds/web.1.yaml:1:1: past is missing
        | image: web
        | ^
      problem holds/web.1.yaml:1:1: who is missing
        | image: web
        | ^
      problem holds/web.1.yaml:1:1: why is missing
        | image: web
        | ^
      problem a/y.yaml:1:1: the document has no apiVersion
        | kind: ConfigMap
        | ^
      problem a/y.yaml:1:1: the document has no metadata with a name
        | kind: ConfigMap
        | ^
      problem gone: there is no such directory, or nothing in it
      problem b/x.yaml:1:1: ConfigMap/shop/same: this object is declared by two syncs of the cluster main: a and b
      a a: 1 object
      b b: 1 object
      c gone: 0 objects
      8 problems
      "
    `);
  });

  it('reports a broken windlass.yaml as JSON too', async () => {
    const repo = await tempTree({ 'windlass.yaml': 'windlass: 1\nimage: {}\n' });
    const { code, stdout } = await windlass(['validate', '--repo', repo, '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      problems: [
        {
          code: 'unknown-key',
          message: 'unknown key "image"',
          file: 'windlass.yaml',
          line: 2,
          column: 1,
          source: 'image: {}',
          hint: 'did you mean "images"?',
        },
      ],
      warnings: [],
      syncs: [],
      unchecked: 0,
    });
  });

  it('says when there is no windlass.yaml, or no directory', async () => {
    const without = await windlass(['validate', '--repo', await tempTree({ 'a.yaml': '' })]);
    expect(without.code).toBe(2);
    expect(without.stdout).toContain('windlass.yaml: there is no such file at the root of the repository');
    const nowhere = await windlass(['validate', '--repo', '/nonexistent']);
    expect(nowhere).toMatchObject({ code: 2, stdout: '', stderr: 'error: /nonexistent is no directory\n' });
  });
});

describe('windlass validate --github', () => {
  it('annotates each problem at its line from the root of the repository, and adds a summary to the page of the run', async () => {
    const root = await tempTree({
      'deploy/windlass.yaml': 'windlass: 1\nimage: {}\nclusters: { main: {} }\n',
      summary: '# of an earlier step\n',
    });
    const env = { ...process.env, GITHUB_WORKSPACE: root, GITHUB_STEP_SUMMARY: `${root}/summary` };
    const { code, stdout } = await windlass(['validate', '--github', '--repo', 'deploy'], { cwd: root, env });
    expect(code).toBe(2);
    const lines = stdout.trimEnd().split('\n');
    const token = /^::stop-commands::([0-9a-f-]{36})$/.exec(lines[0]!)?.[1];
    const end = lines.indexOf(`::${token}::`);
    expect(lines[end - 1]).toBe('1 problem');
    expect(lines.slice(end + 1)).toEqual([
      expect.stringMatching(/^::error file=deploy\/windlass\.yaml,line=2,col=1,title=windlass validate::.*"image"/),
    ]);
    const summary = await readFile(`${root}/summary`, 'utf8');
    expect(summary).toMatch(/^# of an earlier step\n### windlass validate: 1 problem\n/);
    expect(summary).toContain('windlass.yaml:2:1');
  });

  it('says valid without a word of command for GitHub but its guard', async () => {
    const { code, stdout } = await windlass(['validate', '--github', '--repo', 'examples/minimal'], {
      env: { ...process.env, GITHUB_STEP_SUMMARY: undefined },
    });
    expect(code).toBe(0);
    expect(stdout.match(/^::.*$/gm)).toHaveLength(2);
  });

  it('does not print JSON at once', async () => {
    const { code, stderr } = await windlass(['validate', '--github', '--json', '--repo', 'examples/minimal']);
    expect([code, stderr]).toEqual([2, 'error: --json and --github exclude each other\n']);
  });
});
