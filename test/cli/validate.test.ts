import { describe, expect, it } from 'vitest';
import { windlass } from '../helpers/io.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const limit = 120_000;
const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: shop }\n`;
const file = (syncs: string) => `windlass: 1\nclusters: { main: {} }\nsyncs:\n${syncs}`;

describe('windlass validate', { timeout: limit }, () => {
  it.each(['examples/shop', 'examples/minimal'])('finds nothing wrong in %s', async (repo) => {
    const { code, stdout, stderr } = await windlass(['validate', '--repo', repo]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/valid\n$/);
  });

  it('accepts a file with things that are not there yet, and warns of each', async () => {
    const { code, stdout, stderr } = await windlass(['validate', '--repo', 'test/fixtures/config/everything']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('web is not bumped: gates are not there yet');
    expect(stdout).toContain('infra is not pulled: service accounts are not there yet');
    expect(stdout).toMatch(/\nvalid, 6 warnings\n$/);
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
      "warning windlass.yaml:7:11: notices are not sent yet: the page and the audit records have them
        | notify: { routes: [{ on: [drift], sns: x }] }
        |           ^
      problem holds/web.1.yaml:1:1: tag is missing
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
      8 problems, 1 warning
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
