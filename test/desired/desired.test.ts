import { describe, expect, it } from 'vitest';
import { openDirectoryTree } from '../../lib/adapters/local/directory-tree.ts';
import { openKustomizer } from '../../lib/adapters/renderers/kustomizer.ts';
import { type Desired, desired } from '../../lib/desired/desired.ts';
import { formatProblem } from '../../lib/model/errors.ts';
import { nameOf } from '../../lib/model/kube-object.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const kustomizer = openKustomizer({ env: process.env });
const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

async function desiredOf(files: Parameters<typeof tempTree>[0], path = 'app'): Promise<Desired> {
  return await desired({ tree: await openDirectoryTree(await tempTree(files)), path, kustomizer });
}

const names = (found: Desired) => found.objects.map(({ object }) => nameOf(object)).sort();
const problems = (found: Desired) => found.problems.map(formatProblem).join('\n');

describe('plain files', () => {
  it('reads YAML and JSON at any depth, each object with its origin', async () => {
    const found = await desiredOf({
      'app/a.yaml': configMap('a'),
      'app/deep/er/b.yml': configMap('b'),
      'app/c.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}',
      'app/README.md': '# not read',
      'other/d.yaml': configMap('d'),
    });
    expect(problems(found)).toBe('');
    expect(found.objects.map(({ object, origin, line }) => [nameOf(object), origin, line])).toEqual([
      ['ConfigMap/a', 'app/a.yaml', 1],
      ['ConfigMap/c', 'app/c.json', 1],
      ['ConfigMap/b', 'app/deep/er/b.yml', 1],
    ]);
  });

  it('leaves out hidden files, what ignore files name, and its own files at the root', async () => {
    const found = await desiredOf(
      {
        'a.yaml': configMap('a'),
        'windlass.yaml': 'windlass: 1\n',
        'holds/web.1.yaml': 'image: web\n',
        '.github/x.yaml': 'no: object\n',
        '.windlassignore': 'tests/\n',
        'tests/x.yaml': 'no: object\n',
        'sub/.windlassignore': '*.json\n!keep.json\n',
        'sub/x.json': '{}',
        'sub/keep.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept"}}',
      },
      '.',
    );
    expect(problems(found)).toBe('');
    expect(names(found)).toEqual(['ConfigMap/a', 'ConfigMap/kept']);
  });

  it('honours the ignore file of a directory above the path', async () => {
    const found = await desiredOf({
      '.windlassignore': 'app/draft.yaml\n',
      'app/a.yaml': configMap('a'),
      'app/draft.yaml': 'x',
    });
    expect(names(found)).toEqual(['ConfigMap/a']);
    expect(problems(found)).toBe('');
  });

  it('names all problems of all files at once', async () => {
    const found = await desiredOf({
      'app/a.yaml': configMap('same'),
      'app/b.yaml': 'kind: [\n',
      'app/c.yaml': configMap('same'),
      'app/d.yaml': new Uint8Array([0xff, 0xfe, 0x61, 0x00]),
      'app/chart/Chart.yaml': 'name: x\n',
      'app/chart/templates/a.yaml': '{{ broken }}\n',
      'app/link.yaml': { link: '/etc/hostname' },
      'app/gone.yaml': { link: 'nowhere.yaml' },
    });
    expect(problems(found)).toMatchInlineSnapshot(`
      "app/chart/Chart.yaml: a Helm chart is rendered only for a sync that says so
        = give it a sync with helm: { namespace: ... }, or leave the directory out with .windlassignore
      app/gone.yaml: this symbolic link leads to no file (nowhere.yaml)
      app/link.yaml: this symbolic link leads out of the repository (/etc/hostname)
      app/b.yaml:1:7: a [, { or quote before this is not closed, or this line is not indented enough
        | kind: [
        |       ^
      app/d.yaml: the file is not UTF-8
        = save it as UTF-8
      app/c.yaml:1:1: ConfigMap/same: this object is declared twice, here and at app/a.yaml:1"
    `);
  });

  it('refuses every link to a directory, and other links that lead to no file, whatever their names', async () => {
    const found = await desiredOf({
      'app/a.yaml': configMap('a'),
      'other/b.yaml': configMap('b'),
      'README.md': '',
      'app/linked': { link: '../other' },
      'app/deep/up': { link: '../..' },
      'app/dir.yaml': { link: '../other/' },
      'app/out': { link: '../../elsewhere' },
      'app/twice': { link: 'linked' },
      'app/README': { link: '../README.md' },
      'app/.hidden': { link: '../other' },
      'app/ignored': { link: '../other' },
      'app/.windlassignore': 'ignored\n',
    });
    const hint =
      '\n  = put the files here, give the directory a sync of its own, or leave the link out with .windlassignore';
    expect(problems(found)).toBe(
      [
        `app/deep/up: this symbolic link leads to a directory, which is not followed (../..)${hint}`,
        `app/dir.yaml: this symbolic link leads to a directory, which is not followed (../other/)${hint}`,
        `app/linked: this symbolic link leads to a directory, which is not followed (../other)${hint}`,
        'app/out: this symbolic link leads out of the repository (../../elsewhere)',
        'app/twice: this symbolic link leads to no file (linked)',
      ].join('\n'),
    );
  });

  it('says that the path of a sync passes through a link', async () => {
    const found = await desiredOf({ 'other/sub/b.yaml': configMap('b'), app: { link: 'other' } }, 'app/sub');
    expect(problems(found)).toBe(
      'app/sub: app is a symbolic link (other), and links to directories are not followed\n  = name the directory that it leads to',
    );
  });

  it('follows a link to a file of the tree, once', async () => {
    const found = await desiredOf({
      'base/a.yaml': configMap('a'),
      'app/a.yaml': { link: '../base/a.yaml' },
      'app/b.yaml': { link: '../base/a.yaml' },
    });
    expect(names(found)).toEqual(['ConfigMap/a']);
    expect(problems(found)).toBe('');
  });

  it('takes a missing, an empty and an outer path for a problem, never for no objects', async () => {
    expect(problems(await desiredOf({ 'other/a.yaml': configMap('a') }))).toBe(
      'app: there is no such directory, or nothing in it',
    );
    expect(problems(await desiredOf({ 'app/a.yaml': '# nothing\n' }))).toBe(
      'app: the path declares no object\n  = is it the right path?',
    );
    expect(problems(await desiredOf({ 'app/README.md': 'x' }))).toBe(
      'app: the path declares no object\n  = is it the right path?',
    );
    expect(problems(await desiredOf({ 'a.yaml': configMap('a') }, '../x'))).toBe(
      'the path "../x" leads out of the repository',
    );
  });
});

describe('limits', () => {
  it('refuses more objects than a record holds', async () => {
    const items = Array.from(
      { length: 20_001 },
      (_, index) => `{"apiVersion":"v1","kind":"X","metadata":{"name":"a${index}"}}`,
    );
    const found = await desiredOf({ 'app/a.json': `{"apiVersion":"v1","kind":"List","items":[${items.join(',\n')}]}` });
    expect(problems(found)).toBe('app: the path declares 20001 objects; up to 20000 are applied\n  = split the sync');
  });

  it('refuses a file that is too large', async () => {
    expect(problems(await desiredOf({ 'app/a.yaml': `# ${'x'.repeat(10_000_001)}` }))).toContain(
      'up to 10 MB are read',
    );
  });
});

describe('kustomizations', () => {
  const base = {
    'base/kustomization.yaml': 'resources: [a.yaml]\nconfigMapGenerator:\n  - name: gen\n    files: [settings.toml]\n',
    'base/a.yaml': `${configMap('a')}data: { x: "1" }\n`,
    'base/settings.toml': 'x = 1\n',
  };

  it('builds overlays on bases, with patches, components and generators', async () => {
    const found = await desiredOf({
      ...base,
      'component/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [b.yaml]\n',
      'component/b.yaml': configMap('b'),
      'app/kustomization.yaml':
        'namespace: prod\nresources: [../base]\ncomponents: [../component]\npatches:\n  - path: patch.yaml\n  - target: { kind: ConfigMap, name: b }\n    patch: |-\n      - { op: add, path: /data, value: { z: "0123" } }\n',
      'app/patch.yaml': `${configMap('a')}data: { x: "yes" }\n`,
    });
    expect(problems(found)).toBe('');
    expect(
      found.objects.map(({ object }) => [object.metadata.name, object.metadata.namespace, object['data']]),
    ).toEqual([
      ['a', 'prod', { x: 'yes' }],
      ['b', 'prod', { z: '0123' }],
      [expect.stringMatching(/^gen-/), 'prod', { 'settings.toml': 'x = 1\n' }],
    ]);
    expect(found.objects[0]?.origin).toBe('app');
  });

  it('builds a kustomization below a plain path as one, and reads the files beside it', async () => {
    const found = await desiredOf({
      'app/plain.yaml': configMap('plain'),
      'app/kustom/kustomization.yaml': 'namePrefix: k-\nresources: [a.yaml]\n',
      'app/kustom/a.yaml': configMap('a'),
      'app/kustom/not-listed.yaml': configMap('b'),
    });
    expect(problems(found)).toBe('');
    expect(names(found)).toEqual(['ConfigMap/k-a', 'ConfigMap/plain']);
  });

  it('names file and line of what is wrong in a resource, which kustomize does not always do', async () => {
    const found = await desiredOf({
      'app/kustomization.yaml': 'resources: [a.yaml, tabs.yaml]\n',
      'app/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  name: b\n',
      'app/tabs.yaml': 'apiVersion: v1\n\tkind: ConfigMap\n',
    });
    expect(found.objects).toEqual([]);
    expect(problems(found)).toContain('app/a.yaml:5:3: the key "name" is there twice in one mapping, first at line 4');
    expect(problems(found)).toContain('app/tabs.yaml:2:1: this line is indented with a tab');
  });

  it("gives kustomize's own message with paths of the repository", async () => {
    const found = await desiredOf({
      ...base,
      'app/kustomization.yaml':
        'resources: [../base]\npatches:\n  - target: { kind: ConfigMap, name: a }\n    patch: "nonsense"\n',
    });
    expect(found.objects).toEqual([]);
    expect(found.problems[0]?.code).toBe('kustomize');
    expect(problems(found)).not.toContain('/tmp/');
    expect(problems(found)).toMatch(/^app: .*patch/s);
  });

  it('refuses what is remote, before anything is run', async () => {
    const remote = [
      'https://example.com/x.yaml',
      'github.com/acme/base?ref=v1',
      'git@github.com:acme/base.git',
      'git::https://example.com/a',
      'acme/base',
    ];
    const found = await desiredOf({
      'app/kustomization.yaml': `resources: [${remote.map((one) => `"${one}"`).join(', ')}]\npatches: [{ path: "https://example.com/p.yaml" }]\nconfigMapGenerator: [{ name: a, files: ["k=http://169.254.169.254/x"] }]\n`,
    });
    expect(problems(found)).toMatchInlineSnapshot(`
      "app/kustomization.yaml:1:14: resources: "https://example.com/x.yaml" is remote
        | resources: ["https://example.com/x.yaml", "github.com/acme/base?ref=v1", "git@github.com:acme/base.git", "git::https://example.com/a", "acme/base"]
        |              ^
        = copy it into the config repo
      app/kustomization.yaml:1:44: resources: "github.com/acme/base?ref=v1" is remote
        | resources: ["https://example.com/x.yaml", "github.com/acme/base?ref=v1", "git@github.com:acme/base.git", "git::https://example.com/a", "acme/base"]
        |                                            ^
        = copy it into the config repo
      app/kustomization.yaml:1:75: resources: "git@github.com:acme/base.git" is remote
        | resources: ["https://example.com/x.yaml", "github.com/acme/base?ref=v1", "git@github.com:acme/base.git", "git::https://example.com/a", "acme/base"]
        |                                                                           ^
        = copy it into the config repo
      app/kustomization.yaml:1:107: resources: "git::https://example.com/a" is remote
        | resources: ["https://example.com/x.yaml", "github.com/acme/base?ref=v1", "git@github.com:acme/base.git", "git::https://example.com/a", "acme/base"]
        |                                                                                                           ^
        = copy it into the config repo
      app/kustomization.yaml:1:55: resources: "acme/base" is not there
        | resources: ["https://example.com/x.yaml", "github.com/acme/base?ref=v1", "git@github.com:acme/base.git", "git::https://example.com/a", "acme/base"]
        |                                                       ^
      app/kustomization.yaml:3:44: configMapGenerator: "http://169.254.169.254/x" is remote
        | configMapGenerator: [{ name: a, files: ["k=http://169.254.169.254/x"] }]
        |                                            ^
        = copy it into the config repo
      app/kustomization.yaml:2:20: patches: "https://example.com/p.yaml" is remote
        | patches: [{ path: "https://example.com/p.yaml" }]
        |                    ^
        = copy it into the config repo"
    `);
  });

  it('refuses plugins, charts, ways out of the repository, and links', async () => {
    const found = await desiredOf({
      'app/kustomization.yaml':
        'resources: [../../../etc, /etc, linked]\ngenerators: [plugin.yaml]\ntransformers:\n  - |\n    apiVersion: builtin\n    kind: PrefixTransformer\n    metadata: { name: p }\n    prefix: p-\nhelmCharts: [{ name: x }]\n',
      'app/plugin.yaml': 'apiVersion: someteam.example.com/v1\nkind: ChartInflator\nmetadata: { name: x }\n',
      'app/linked': { link: '../base' },
      'app/secret.yaml': { link: '../../../../etc/passwd' },
      ...base,
    });
    expect(problems(found)).toMatchInlineSnapshot(`
      "app/secret.yaml: this symbolic link leads out of the repository (../../../../etc/passwd)
      app/kustomization.yaml:9:1: helmCharts is not built by kustomize here
        | helmCharts: [{ name: x }]
        | ^
      app/kustomization.yaml:1:13: resources: "../../../etc" leads out of the repository
        | resources: [../../../etc, /etc, linked]
        |             ^
      app/kustomization.yaml:1:21: resources: "/etc" leads out of the repository
        | resources: [../../../etc, /etc, linked]
        |                     ^
      app/kustomization.yaml:1:33: resources: "linked" passes through a symbolic link
        | resources: [../../../etc, /etc, linked]
        |                                 ^
        = name the directory that it leads to
      app/kustomization.yaml:2:1: generators: only plugins with apiVersion "builtin" are run, and no charts
        | generators: [plugin.yaml]
        | ^"
    `);
  });

  it('takes a broken kustomization deep down for a problem with its place', async () => {
    const found = await desiredOf({
      'app/kustomization.yaml': 'resources: [../base]\n',
      'base/kustomization.yaml': 'resources:\n\t- a.yaml\n',
    });
    expect(problems(found)).toMatchInlineSnapshot(`
      "base/kustomization.yaml:2:1: this line is indented with a tab
        | 	- a.yaml
        | ^
        = indent with spaces"
    `);
  });
});
