import { describe, expect, it } from 'vitest';
import { openDirectoryTree } from '../../lib/adapters/local/directory-tree.ts';
import { openHelm } from '../../lib/adapters/renderers/helm.ts';
import { openKustomizer } from '../../lib/adapters/renderers/kustomizer.ts';
import type { HelmSpec } from '../../lib/config/config.ts';
import { type Desired, type DesiredRequest, desired } from '../../lib/desired/desired.ts';
import type { ChartFile } from '../../lib/desired/ports.ts';
import { formatProblem, RetryableError } from '../../lib/model/errors.ts';
import { nameOf } from '../../lib/model/kube-object.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const kustomizer = openKustomizer({ env: process.env });
const helm = openHelm({ env: process.env });

const chartYaml = 'apiVersion: v2\nname: web\nversion: 1.2.3\n';
const configMap = (name: string, data = '{}', more = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}data: ${data}\n`;
const chart = {
  'charts/web/Chart.yaml': chartYaml,
  'charts/web/values.yaml': 'color: red\nsize: 1\n',
  'charts/web/templates/web.yaml': configMap('{{ .Release.Name }}-web', '{ color: {{ .Values.color }} }'),
};

interface Changes extends Partial<Omit<DesiredRequest, 'chart'>> {
  spec?: Partial<HelmSpec>;
}

async function rendered(
  files: Parameters<typeof tempTree>[0],
  { spec = {}, ...changes }: Changes = {},
): Promise<Desired> {
  const tree = await openDirectoryTree(await tempTree(files));
  const directory = { kind: 'directory' as const, path: 'charts/web' };
  const own: HelmSpec = { chart: directory, release: 'shop', namespace: 'prod', values: [], hooks: 'refuse', ...spec };
  return await desired({ tree, path: 'charts/web', kustomizer, helm, chart: own, ...changes });
}

const names = ({ objects }: Desired) => objects.map(({ object }) => nameOf(object));
const problems = ({ problems: found }: Desired) => found.map(formatProblem).join('\n');

describe('a chart in the repo', () => {
  it('is rendered with its release, values files in order, and the namespace where none is named', async () => {
    const found = await rendered(
      {
        ...chart,
        'charts/web/templates/size.yaml': configMap(
          'size',
          '{ size: "{{ .Values.size }} in {{ .Release.Namespace }}" }',
        ),
        'charts/web/templates/other.yaml': configMap('other', '{}', '  namespace: elsewhere\n'),
        'apps/a.yaml': 'color: green\nsize: 2\n',
        'apps/b.yaml': 'color: blue\n',
      },
      { spec: { values: ['apps/a.yaml', 'apps/b.yaml'] } },
    );
    expect(problems(found)).toBe('');
    expect(found.objects.map(({ object, origin }) => [nameOf(object), object['data'], origin])).toEqual([
      ['ConfigMap/elsewhere/other', {}, 'charts/web/templates/other.yaml'],
      ['ConfigMap/prod/size', { size: '2 in prod' }, 'charts/web/templates/size.yaml'],
      ['ConfigMap/prod/shop-web', { color: 'blue' }, 'charts/web/templates/web.yaml'],
    ]);
    expect(found.inputs).toEqual(['charts/web', 'apps/a.yaml', 'apps/b.yaml']);
  });

  it('gives CRDs too, and knows from them and from the cluster what is in no namespace', async () => {
    const files = {
      ...chart,
      'charts/web/crds/x.yaml':
        'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: gadgets.x.y }\nspec: { group: x.y, scope: Cluster, names: { kind: Gadget, plural: gadgets } }\n',
      'charts/web/templates/web.yaml': [
        'apiVersion: x.y/v1\nkind: Gadget\nmetadata: { name: g }\n',
        'apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: { name: i }\n',
        'apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: c }\n',
        'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: r }\n',
        'apiVersion: v1\nkind: Namespace\nmetadata: { name: own }\n',
      ].join('---\n'),
    };
    const kinds = [{ apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', namespaced: false }];
    const found = await rendered(files, { capabilities: async () => ({ version: 'v1.34.1-eks-abc', kinds }) });
    expect(problems(found)).toBe('');
    expect(names(found).sort()).toEqual([
      'Namespace/own',
      'apiextensions.k8s.io/CustomResourceDefinition/gadgets.x.y',
      'cert-manager.io/Certificate/prod/c',
      'cert-manager.io/ClusterIssuer/i',
      'rbac.authorization.k8s.io/ClusterRole/r',
      'x.y/Gadget/g',
    ]);
  });

  it("sees the cluster's version and API versions, and no cluster", async () => {
    const files = {
      ...chart,
      'charts/web/templates/web.yaml': configMap(
        'a',
        '{ v: "{{ .Capabilities.KubeVersion }}", has: "{{ .Capabilities.APIVersions.Has "x.y/v1/Z" }}{{ .Capabilities.APIVersions.Has "x.y/v1" }}{{ .Capabilities.APIVersions.Has "x.y/v2" }}", found: {{ lookup "v1" "Node" "" "" | toJson | quote }} }',
      ),
    };
    const kinds = [{ apiVersion: 'x.y/v1', kind: 'Z', namespaced: true }];
    const found = await rendered(files, { capabilities: async () => ({ version: 'v1.31.7-eks-1234', kinds }) });
    expect(problems(found)).toBe('');
    expect(found.objects[0]?.object['data']).toEqual({ v: 'v1.31.7', has: 'truetruefalse', found: '{}' });
  });

  it('drops tests and refuses other hooks, unless the object or the sync says what to do', async () => {
    const hook = (name: string, events: string, more = '') =>
      configMap(name, '{}', `  annotations: { helm.sh/hook: "${events}"${more} }\n`);
    const files = {
      ...chart,
      'charts/web/templates/hooks.yaml': [
        hook('tested', 'test'),
        hook('old-test', 'test-success, test-failure'),
        hook('migrate', 'pre-install,pre-upgrade'),
        hook('both', 'post-install,test'),
        hook('applied', 'post-install', ', windlass.dev/hook: apply'),
      ].join('---\n'),
    };
    const refused = await rendered(files);
    expect(
      problems(refused)
        .split('\n')
        .filter((line) => !line.startsWith('  ')),
    ).toEqual([
      'charts/web/templates/hooks.yaml: ConfigMap/migrate: this is a hook (helm.sh/hook: pre-install,pre-upgrade), and no hooks are run',
      'charts/web/templates/hooks.yaml: ConfigMap/both: this is a hook (helm.sh/hook: post-install,test), and no hooks are run',
    ]);
    expect(names(await rendered(files, { spec: { hooks: 'skip' } })).sort()).toEqual([
      'ConfigMap/prod/applied',
      'ConfigMap/prod/shop-web',
    ]);
    expect(names(await rendered(files, { spec: { hooks: 'apply' } })).sort()).toEqual([
      'ConfigMap/prod/applied',
      'ConfigMap/prod/both',
      'ConfigMap/prod/migrate',
      'ConfigMap/prod/shop-web',
    ]);
  });

  it('refuses what comes out differently each time, by object and field, and shows no value', async () => {
    const found = await rendered({
      ...chart,
      'charts/web/templates/secret.yaml':
        'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { user: me, password: "{{ randAlphaNum 32 }}" }\n',
      'charts/web/templates/named.yaml': configMap('n-{{ randAlphaNum 12 | lower }}'),
    });
    expect(problems(found)).toContain(
      'charts/web/templates/secret.yaml: Secret/s: rendering the chart twice gives two results: another value at /stringData/password',
    );
    expect(problems(found)).toMatch(
      /ConfigMap\/n-[a-z0-9]{12}: rendering the chart twice gives two results: this object is there only once/,
    );
    expect(found.problems.filter(({ object }) => object === 'Secret/s')).toHaveLength(1);
    const passwords = found.objects.flatMap(({ object }) =>
      object.kind === 'Secret' ? [(object['stringData'] as { password: string }).password] : [],
    );
    expect(passwords[0]).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(problems(found)).not.toContain(passwords[0]!);
  });

  it('lets a comment differ', async () => {
    const found = await rendered({
      ...chart,
      'charts/web/templates/web.yaml': `# {{ randAlphaNum 9 }}\n${configMap('a')}`,
    });
    expect(problems(found)).toBe('');
  });

  it('names what it depends on and has not got, and takes a vendored one', async () => {
    const depends = `${chartYaml}dependencies:\n  - { name: redis, version: 1.x, repository: "https://example.com" }\n  - { name: common, version: 1.x, repository: "https://example.com" }\n`;
    const missing = await rendered({ ...chart, 'charts/web/Chart.yaml': depends });
    expect(problems(missing)).toMatchInlineSnapshot(`
      "charts/web/Chart.yaml:4:1: charts that it depends on are not in charts/: redis, common
        | dependencies:
        | ^
        = run "helm dependency build charts/web" and commit charts/web/charts"
    `);
    const vendored = await rendered({
      ...chart,
      'charts/web/Chart.yaml': depends,
      'charts/web/charts/redis/Chart.yaml': 'apiVersion: v2\nname: redis\nversion: 1.0.0\n',
      'charts/web/charts/redis/templates/r.yaml': configMap('redis'),
      'charts/web/charts/other-name/Chart.yaml': 'apiVersion: v2\nname: common\nversion: 1.0.0\ntype: library\n',
    });
    expect(problems(vendored)).toBe('');
    expect(vendored.objects.map(({ origin }) => origin)).toContain('charts/web/charts/redis/templates/r.yaml');
  });

  it('refuses links and submodules in a chart, and values that are links, missing or encrypted', async () => {
    const linked = await rendered({ ...chart, 'charts/web/templates/x.yaml': { link: '/etc/passwd' } });
    expect(problems(linked)).toContain('charts/web/templates/x.yaml: a chart must not have a symbolic link in it');
    const values = await rendered(
      {
        ...chart,
        'v/link.yaml': { link: '/etc/passwd' },
        'v/sops.yaml':
          'password: ENC[AES256_GCM,data:aaaa,type:str]\nsops: { mac: "ENC[AES256_GCM,data:x]", version: 3.9.0 }\n',
        'v/broken.yaml': 'a: [\n',
      },
      { spec: { values: ['v/link.yaml', 'v/gone.yaml', 'v/sops.yaml', 'v/broken.yaml'] } },
    );
    expect(problems(values)).toMatchInlineSnapshot(`
      "v/link.yaml: a values file must be a file, not a symbolic link
      v/gone.yaml: there is no such values file
      v/sops.yaml: this values file is encrypted with SOPS: the chart would get it as it is
        = Windlass does not decrypt: keep secrets in a secret store
      v/broken.yaml:1:4: a [, { or quote before this is not closed, or this line is not indented enough
        | a: [
        |    ^"
    `);
  });

  it('tells what helm does not render, what is no chart, and what renders to nothing', async () => {
    const broken = await rendered({ ...chart, 'charts/web/templates/web.yaml': '{{ .Values.a.b.c }}\n' });
    expect(problems(broken)).toContain('charts/web: helm does not render the chart: web/templates/web.yaml:1:10');
    expect(problems(await rendered({ 'charts/web/README.md': 'x' }))).toContain(
      'there is no Helm chart in this directory',
    );
    const schema = { ...chart, 'charts/web/values.schema.json': '{ "$ref": "file:///etc/passwd" }' };
    expect(problems(await rendered(schema))).toBe(
      'charts/web/values.schema.json: the schema of the values refers to "file:///etc/passwd": only to itself (#/...) it may',
    );
    const library = await rendered({ ...chart, 'charts/web/Chart.yaml': `${chartYaml}type: library\n` });
    expect(problems(library)).toContain('a library chart has nothing to render');
    const empty = await rendered({ ...chart, 'charts/web/templates/web.yaml': '{{ if .Values.on }}x: 1{{ end }}\n' });
    expect(problems(empty)).toContain('the path declares no object');
    const odd = await rendered({
      ...chart,
      'charts/web/templates/web.yaml': 'kind: ConfigMap\nmetadata: { name: a }\n',
    });
    expect(problems(odd)).toContain('charts/web/templates/web.yaml: ConfigMap/a: the document has no apiVersion');
  });

  it('cannot read files outside of the chart, whatever the template asks for', async () => {
    const found = await rendered({
      ...chart,
      'secret.txt': 'hunter2',
      'charts/web/templates/web.yaml': configMap(
        'a',
        '{ up: "{{ .Files.Get "../../secret.txt" }}", abs: "{{ .Files.Get "/etc/hostname" }}", env: {{ "$HOME" | quote }} }',
      ),
    });
    expect(problems(found)).toBe('');
    expect(found.objects[0]?.object['data']).toEqual({ up: '', abs: '', env: '$HOME' });
  });

  it('throws what may pass, and does not take it for a problem of the chart', async () => {
    const slow = { ...helm, template: () => Promise.reject(new RetryableError('too slow', { code: 'timeout' })) };
    await expect(rendered(chart, { helm: slow })).rejects.toThrow(RetryableError);
  });
});

describe('a chart that is published elsewhere', () => {
  const published = {
    kind: 'oci' as const,
    repository: 'ghcr.io/acme/charts/web',
    version: '1.2.3',
    digest: 'sha256:1',
  };
  const source = (files: Record<string, string>) => ({
    files: async (): Promise<ChartFile[]> =>
      Object.entries(files).map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) })),
  });
  const files = { 'Chart.yaml': chartYaml, 'templates/a.yaml': configMap('a') };

  it('is rendered as one in the repo is', async () => {
    const found = await rendered(
      { 'v.yaml': 'a: 1\n' },
      { charts: source(files), spec: { chart: published, values: ['v.yaml'] } },
    );
    expect(problems(found)).toBe('');
    expect(found.objects[0]?.origin).toBe('oci://ghcr.io/acme/charts/web:1.2.3/templates/a.yaml');
  });

  it('must be the chart and version that are named', async () => {
    const found = await rendered({}, { charts: source(files), spec: { chart: { ...published, version: '1.2.4' } } });
    expect(problems(found)).toContain('the digest sha256:1 is that of web 1.2.3, not of web 1.2.4');
    const other = { ...published, repository: 'ghcr.io/acme/charts/api' };
    expect(problems(await rendered({}, { charts: source(files), spec: { chart: other } }))).toContain(
      'not of api 1.2.3',
    );
  });
});
