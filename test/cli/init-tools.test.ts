import { describe, expect, it } from 'vitest';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { type Repo, repoWith } from './init-repos.ts';

const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

const pod = (name: string, image = `${ecr}/shop/${name}:1.0.0`, namespace = 'shop') =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n  containers:\n    - name: ${name}\n      image: ${image}\n`;

/** A chart with one object. */
const chart = (directory: string) => ({
  [`${directory}/Chart.yaml`]: 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
  [`${directory}/values.yaml`]: `image: { repository: ${ecr}/shop/web,\n  tag: 1.0.0 }\n`,
  [`${directory}/templates/cm.yaml`]: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "{{ .Release.Name }}" }\n',
});

/** Runs init, checks that the result is valid, and gives it. */
async function initialised(repo: Repo) {
  const { code, stdout, stderr } = await repo.run('init', '--yes');
  expect([code, stderr]).toEqual([0, '']);
  const files = await repo.files();
  const text = files['windlass.yaml']!;
  const { config, problems } = readConfig(text);
  expect(problems).toEqual([]);
  expect((await repo.run('validate')).code).toBe(0);
  return { stdout, files, text, config: config! };
}

describe('what windlass init reads of Argo CD', () => {
  const application = (name: string, spec: string) =>
    `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: ${name}, namespace: argocd }\nspec:\n${spec}`;

  it('is an ApplicationSet of a list, in the clusters that it names', async () => {
    const repo = await repoWith({
      'argocd/set.yaml': `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: shop, namespace: argocd }
spec:
  goTemplate: true
  generators:
    - list:
        elements:
          - { env: staging, cluster: acme-dev }
          - { env: prod, cluster: acme-main }
  template:
    metadata: { name: 'shop-{{ .env }}' }
    spec:
      source: { repoURL: 'https://github.com/acme/gitops', path: 'shop/{{ .env }}' }
      destination: { name: '{{ .cluster }}', namespace: shop }
      syncPolicy: { automated: { prune: true, selfHeal: true } }
`,
      'shop/staging/web.yaml': pod('web'),
      'shop/prod/web.yaml': pod('web'),
    });
    const { config, text } = await initialised(repo);
    expect(config.environments).toMatchObject([
      { name: 'staging', cluster: 'acme-dev' },
      { name: 'prod', cluster: 'acme-main' },
    ]);
    expect(text).toContain('  shop: { in: [staging, prod], path: "shop/{env}" }\n');
  });

  it('is a chart in the repository with its files of values', async () => {
    const spec = (env: string) => `  sources:
    - repoURL: https://github.com/acme/gitops
      path: charts/web
      helm: { releaseName: web-${env}, valueFiles: [$values/env/${env}/web.yaml] }
    - { repoURL: 'https://github.com/acme/gitops', ref: values }
  destination: { server: 'https://kubernetes.default.svc', namespace: web-${env} }
  syncPolicy: { automated: { prune: true, selfHeal: true } }
`;
    const repo = await repoWith({
      ...chart('charts/web'),
      'argocd/web.yaml': [application('web-dev', spec('dev')), application('web-prod', spec('prod'))].join('---\n'),
      'env/dev/web.yaml': 'image: { tag: 1.0.0 }\n',
      'env/prod/web.yaml': 'image: { tag: 1.0.0 }\n',
    });
    const { config, files } = await initialised(repo);
    expect(config.syncs.map(({ name, helm }) => [name, helm?.release, helm?.namespace, helm?.values])).toEqual([
      ['web-dev', 'web-dev', 'web-dev', ['env/dev/web.yaml']],
      ['web-prod', 'web-prod', 'web-prod', ['env/prod/web.yaml']],
    ]);
    expect(files['charts/web/values.yaml']).not.toContain('$imagepolicy');
    expect(config.images['web']?.targets).toEqual([
      { kind: 'helm-values', path: 'charts/web/values.yaml', tag: 'image.tag' },
    ]);
  });

  it('is left as a comment where the Application says more than a sync can', async () => {
    const spec = `  source:
    repoURL: https://github.com/acme/gitops
    path: shop
    kustomize: { images: ['web=acme/web:2'] }
  destination: { server: 'https://kubernetes.default.svc', namespace: shop }
`;
    const repo = await repoWith({ 'argocd/shop.yaml': application('shop', spec), 'shop/web.yaml': pod('web') });
    const { config, stdout } = await initialised(repo);
    expect(config.syncs).toEqual([]);
    expect(stdout).toContain(
      'sync shop: it is not taken: the Application has kustomize.images: write it into shop/kustomization.yaml',
    );
  });

  it('is told when an Application takes its files from another repository', async () => {
    const spec = `  source: { repoURL: 'https://github.com/other/charts', path: web }\n  destination: { namespace: web }\n`;
    const repo = await repoWith(
      { 'argocd/web.yaml': application('web', spec), 'shop/web.yaml': pod('web') },
      'git@github.com:acme/gitops.git',
    );
    const { stdout } = await initialised(repo);
    expect(stdout).toContain('argocd/web.yaml:1: Application web: its path web is in other/charts, not in this one');
  });

  it('is told of a strategy of Image Updater that is not known', async () => {
    const annotated = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  namespace: argocd
  annotations:
    argocd-image-updater.argoproj.io/image-list: w=${ecr}/shop/web
    argocd-image-updater.argoproj.io/w.update-strategy: calver
spec:
  source: { repoURL: 'https://github.com/acme/gitops', path: shop }
  destination: { namespace: shop }
`;
    const repo = await repoWith({ 'argocd/shop.yaml': annotated, 'shop/web.yaml': pod('web') });
    expect((await initialised(repo)).stdout).toContain('its update strategy "calver" is not known');
  });
});

describe('what windlass init reads of Flux', () => {
  const kustomization = (name: string, spec: string) =>
    `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name}, namespace: flux-system }\nspec:\n${spec}`;
  const repository = (name: string, url: string) =>
    `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: { name: ${name}, namespace: flux-system }\nspec: { url: "${url}" }\n`;
  const bootstrap = {
    'clusters/main/flux-system/gotk-sync.yaml': `${repository('flux-system', 'ssh://git@github.com/acme/fleet')}---\n${kustomization('flux-system', '  path: ./clusters/main\n  prune: true\n')}`,
    'clusters/main/flux-system/kustomization.yaml': 'resources: [gotk-sync.yaml]\n',
  };

  it('is one cluster without environments, with variables', async () => {
    const repo = await repoWith({
      ...bootstrap,
      'clusters/main/apps.yaml': kustomization(
        'apps',
        '  path: ./apps\n  prune: true\n  postBuild: { substitute: { HOST: shop.example.com } }\n',
      ),
      'apps/web.yaml': `${pod('web')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: shop }\ndata: { host: "\${HOST}" }\n`,
    });
    const { config } = await initialised(repo);
    expect(config.environments).toEqual([]);
    expect(config.syncs).toMatchObject([
      { name: 'apps', cluster: 'main', path: 'apps', variables: { HOST: 'shop.example.com' } },
    ]);
  });

  it('is left as a comment where the Kustomization says more than a sync can', async () => {
    const repo = await repoWith({
      ...bootstrap,
      'clusters/main/apps.yaml': kustomization(
        'apps',
        '  path: ./apps\n  prune: true\n  patches: [{ patch: "{}" }]\n  postBuild: { substituteFrom: [{ kind: Secret, name: v }] }\n',
      ),
      'apps/web.yaml': pod('web'),
    });
    const { config, stdout } = await initialised(repo);
    expect(config.syncs).toEqual([]);
    expect(stdout).toContain(
      'sync apps: it is not taken: Flux adds patches: write them into its kustomization.yaml; Flux takes variables from the cluster',
    );
  });

  it('is told when a Kustomization takes its files from another repository', async () => {
    const repo = await repoWith({
      ...bootstrap,
      'clusters/main/apps.yaml': `${repository('apps', 'https://github.com/acme/apps')}---\n${kustomization('apps', '  path: ./deploy\n  sourceRef: { kind: GitRepository, name: apps }\n')}`,
      'deploy/web.yaml': pod('web'),
    });
    expect((await initialised(repo)).stdout).toContain(
      'Flux Kustomization flux-system/apps takes its files from the GitRepository apps',
    );
  });

  it('is a HelmRelease of a chart in the repository, as a comment', async () => {
    const release = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: shop }
spec:
  chart: { spec: { chart: ./charts/web, sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system } } }
  values: { image: { repository: ${ecr}/shop/web, tag: 1.0.0 } }
`;
    const repo = await repoWith({
      ...bootstrap,
      ...chart('charts/web'),
      'clusters/main/apps.yaml': kustomization('apps', '  path: ./apps\n  prune: true\n'),
      'apps/web.yaml': release,
    });
    const { config, text } = await initialised(repo);
    expect(config.syncs.map(({ name }) => name)).toEqual(['apps']);
    expect(text).toMatch(/# not taken: .*a file\n? .*with the values that the HelmRelease has/s);
    expect(text).toContain('  # web: { path: charts/web, helm: { namespace: shop, release: web } }');
    expect(config.images['web']?.targets).toContainEqual({
      ...{ kind: 'helm-values', path: 'apps/web.yaml', tag: 'spec.values.image.tag' },
    });
  });
});

describe('what windlass init finds without a tool', () => {
  it('is an image in JSON, which is told as a target', async () => {
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { containers: [{ name: 'web', image: `${ecr}/shop/web:1.0.0` }] },
    };
    const repo = await repoWith({ 'deploy/web.json': JSON.stringify(object, null, 2) });
    const { config } = await initialised(repo);
    expect(config.images['web']?.targets).toEqual([
      { kind: 'file', path: 'deploy/web.json', at: '/spec/containers/0/image', part: 'image' },
    ]);
  });

  it('is told of manifests beside a kustomization that is below them', async () => {
    const repo = await repoWith({
      'stray.yaml': pod('stray'),
      'apps/web/kustomization.yaml': 'resources: [web.yaml]\n',
      'apps/web/web.yaml': pod('web'),
    });
    const { config, stdout } = await initialised(repo);
    expect(config.syncs.map(({ name, path }) => [name, path])).toEqual([['web', 'apps/web']]);
    expect(stdout).toContain('these manifests are in no sync, as apps/web lies beside or below them');
  });

  it('takes the second of two syncs that declare one object for a comment', async () => {
    const repo = await repoWith({ 'a/web.yaml': pod('web'), 'b/web.yaml': pod('web') });
    const { config, stdout } = await initialised(repo);
    expect(config.syncs.map(({ name }) => name)).toEqual(['a']);
    expect(stdout).toContain('sync b: it is not taken: a declares Pod/shop/web as well');
  });

  it('names images of two repositories apart that end alike, and none by a word that markers use', async () => {
    const repo = await repoWith({
      'deploy/a.yaml': pod('a', `${ecr}/shop/web:1.0.0`),
      'deploy/b.yaml': pod('b', `${ecr}/blog/web:1.0.0`),
      'deploy/c.yaml': pod('c', `${ecr}/shop/tag:1.0.0`),
    });
    const { config } = await initialised(repo);
    expect(Object.keys(config.images).sort()).toEqual(['blog-web', 'shop-tag', 'shop-web']);
  });

  it('never shows what stands beside an image', async () => {
    const secret =
      'apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: shop }\nstringData:\n  password: hunter2-canary\n';
    const web = pod('web').replace('image:', 'env: [{ name: TOKEN, value: hunter2-canary }]\n      image:');
    const repo = await repoWith({
      'deploy/web.yaml': `${web}---\n${secret}`,
      'broken/s.yaml': `${secret}  x: [hunter2-canary\n`,
    });
    for (const argv of [
      ['init', '--print'],
      ['init', '--json'],
      ['init', '--yes'],
    ]) {
      const { stdout, stderr } = await repo.run(...argv);
      expect(stdout).toContain('$imagepolicy');
      expect(stdout + stderr).not.toContain('hunter2');
    }
  });
});
