import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readObjects } from '../../lib/desired/yaml.ts';
import { windlass } from '../helpers/io.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const tree = {
  'base/kustomization.yaml': 'resources: [all.yaml]\n',
  'base/all.yaml': [
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 1 }\n',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { a: "yes", b: "0123", c: "1e3" }\n',
    'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n',
  ].join('---\n'),
  'overlay/kustomization.yaml': 'resources: [../base]\n',
};

describe('windlass render', () => {
  it('prints objects in apply order, as YAML that reads as it was', async () => {
    const dir = await tempTree(tree);
    const { code, stdout } = await windlass(['render', '--dir', dir, '--path', 'base']);
    expect(code).toBe(0);
    const { objects, problems } = readObjects(stdout, 'out.yaml');
    expect(problems).toEqual([]);
    expect(objects.map(({ object }) => object.kind)).toEqual(['Namespace', 'ConfigMap', 'Deployment']);
    expect(objects[1]?.object['data']).toEqual({ a: 'yes', b: '0123', c: '1e3' });
  });

  it('prints the same as a JSON list', async () => {
    const dir = await tempTree(tree);
    const { stdout } = await windlass(['render', '--dir', dir, '--path', 'overlay', '--json']);
    expect(JSON.parse(stdout).map(({ kind }: { kind: string }) => kind)).toEqual([
      'Namespace',
      'ConfigMap',
      'Deployment',
    ]);
  });

  it('finds what an overlay builds on in the repository around it', async () => {
    const dir = await tempTree({ ...tree, 'windlass.yaml': 'windlass: 1\n' });
    const { code, stdout } = await windlass(['render', '--dir', 'overlay', '--json'], { cwd: dir });
    expect([code, JSON.parse(stdout).length]).toEqual([0, 3]);
    const alone = await windlass(['render', '--dir', join(await tempTree(tree), 'overlay')]);
    expect(alone).toMatchObject({ code: 2, stdout: '' });
    expect(alone.stderr).toContain('"../base" leads out of the repository');
  });

  it('renders what windlass.yaml says of a sync: its chart, its values, its variables', async () => {
    const dir = await tempTree({
      'windlass.yaml':
        'windlass: 1\nclusters: { main: {} }\nsyncs:\n  shop: { path: web, helm: { namespace: prod, values: [v.yaml] }, variables: { HOST: x.io } }\n',
      'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'web/templates/a.yaml':
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Windlass, not of JavaScript
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "{{ .Release.Name }}" }\ndata: { a: "{{ .Values.a }} ${HOST} {{ .Capabilities.KubeVersion }}" }\n',
      'v.yaml': 'a: 7\n',
    });
    const args = ['render', '--dir', dir, '--sync', 'shop', '--json'];
    const { code, stdout, stderr } = await windlass([...args, '--kube-version', '1.31.4']);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual([
      {
        ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shop', namespace: 'prod' } },
        data: { a: '7 x.io v1.31.4' },
      },
    ]);
    expect((await windlass([...args, '--kube-version', 'latest'])).stderr).toContain('is no version of Kubernetes');
    expect((await windlass(['render', '--dir', dir, '--sync', 'shpo'])).stderr).toContain('did you mean "shop"');
    const chart = await windlass(['render', '--dir', dir, '--path', 'web']);
    expect(chart.stderr).toContain('write helm: { namespace: ... } in the sync');
    expect((await windlass(['validate', '--repo', dir])).stdout).toContain('shop web: 1 object');
  });

  it('prints every problem and no object, and exits with 2', async () => {
    const dir = await tempTree({
      'a.yaml': 'kind: [\n',
      'b.yaml': 'apiVersion: v1\nkind: ConfigMap\n',
      'c.yaml': tree['base/all.yaml'],
    });
    const { code, stdout, stderr } = await windlass(['render', '--dir', dir, '--json']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.replaceAll(dir, 'DIR')).toMatchInlineSnapshot(`
      "error: DIR has 2 problems
      a.yaml:1:7: a [, { or quote before this is not closed, or this line is not indented enough
        | kind: [
        |       ^
      b.yaml:1:1: the document has no metadata with a name
        | apiVersion: v1
        | ^
      "
    `);
  });
});
