import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { gitIn } from '../adapters/git/repos.ts';
import { windlass } from '../helpers/io.ts';
import { tempTree } from '../helpers/temp-tree.ts';
import { filesIn, fixtureRepo, fixtures, repoWith } from './init-repos.ts';

const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const marker = / # \{"\$imagepolicy": "[^"]*"\}/g;

/** What the windlass.yaml of a repository says. */
function configIn(files: Record<string, string>) {
  const { config, problems } = readConfig(files['windlass.yaml'] ?? '');
  expect(problems).toEqual([]);
  return config!;
}

describe('windlass init, in a repository with manifests', () => {
  it.each(fixtures)(
    'makes a windlass.yaml of %s that is valid, and changes nothing of a manifest but markers',
    async (name) => {
      const repo = await fixtureRepo(name);
      const before = await repo.files();
      const { code, stdout, stderr } = await repo.run('init', '--yes');
      expect([code, stderr]).toEqual([0, '']);
      const after = await repo.files();
      for (const [path, text] of Object.entries(before))
        expect(after[path]?.replaceAll(marker, '')).toBe(text.replaceAll(marker, ''));
      expect(Object.values(after).join('')).toMatch(marker);
      const checked = await repo.run('validate');
      expect([checked.code, checked.stdout]).toEqual([0, expect.stringMatching(/\nvalid(?:, 1 warning)?\n$/)]);
      expect(configIn(after).syncs.length).toBeGreaterThan(0);
      expect(stdout + after['windlass.yaml']).not.toContain('hunter2');
    },
  );

  it.each(fixtures)('says of %s a second time that all is there, and writes nothing', async (name) => {
    const repo = await fixtureRepo(name);
    await repo.run('init', '--yes');
    const before = await repo.files();
    const { code, stdout } = await repo.run('init', '--yes');
    expect([code, stdout]).toEqual([0, expect.stringContaining('windlass.yaml is there and right: nothing to do')]);
    expect(await repo.files()).toEqual(before);
  });

  it('takes Flux’s Kustomizations as syncs, in the clusters that they were bootstrapped in', async () => {
    const repo = await fixtureRepo('flux');
    const { stdout } = await repo.run('init', '--yes');
    const { syncs, environments, images } = configIn(await repo.files());
    expect(environments).toMatchObject([
      { name: 'staging', cluster: 'staging', update: 'commit' },
      { name: 'production', cluster: 'production', update: 'pull-request' },
    ]);
    expect(syncs.map(({ name, path, dependsOn, prune }) => [name, path, dependsOn, prune])).toEqual([
      ['infra-controllers-staging', 'infrastructure/controllers', [], true],
      ['infra-controllers-production', 'infrastructure/controllers', [], true],
      ['infra-configs-staging', 'infrastructure/configs', ['infra-controllers-staging'], false],
      ['infra-configs-production', 'infrastructure/configs', ['infra-controllers-production'], false],
      ['apps-staging', 'apps/staging', ['infra-configs-staging'], true],
      ['apps-production', 'apps/production', ['infra-configs-production'], true],
    ]);
    expect(Object.keys(images)).toEqual(['worker']);
    expect(stdout).toContain('flux suspend kustomization --all');
    expect(stdout).toContain('flux suspend image update flux-system');
    expect(stdout).toContain(
      'sync cert-manager: it is not taken: to have Windlass render it instead of Flux: it needs its digest',
    );
  });

  it('leaves a tag alone that follows a policy of Flux already', async () => {
    const repo = await fixtureRepo('flux');
    const before = await repo.files();
    await repo.run('init', '--yes');
    const file = 'apps/base/podinfo/deployment.yaml';
    const after = await repo.files();
    expect(after[file]).toBe(before[file]);
    expect(after['windlass.yaml']).toContain(
      "# Flux's policies that markers name are followed as they are: flux-system:podinfo",
    );
  });

  it('takes Argo CD’s Applications as syncs, and the policies of Image Updater where it updates', async () => {
    const repo = await fixtureRepo('argo', 'https://github.com/acme/gitops.git');
    const { stdout } = await repo.run('init', '--yes');
    const files = await repo.files();
    const { syncs, images } = configIn(files);
    expect(syncs.map(({ name, path, prune, selfHeal }) => [name, path, prune, selfHeal])).toEqual([
      ['echo', 'tools/echo', false, false],
      ['shop-staging', 'apps/shop/overlays/staging', true, true],
      ['shop-prod', 'apps/shop/overlays/prod', true, true],
    ]);
    expect(images['web']).toMatchObject({ image: `${ecr}/shop/web`, semver: '~1.4' });
    expect(images['api']).toMatchObject({ newest: true, filter: { include: '^main-' } });
    expect(files['apps/shop/overlays/staging/kustomization.yaml']).toContain(
      'newTag: "1.4.2" # {"$imagepolicy": "web:tag"}',
    );
    expect(files['apps/shop/overlays/prod/kustomization.yaml']).not.toContain('$imagepolicy');
    expect(stdout).toContain('ApplicationSet everywhere has generators that are not read (clusters)');
    expect(stdout).toContain('write "namespace: echo" in the kustomization.yaml');
    expect(files['windlass.yaml']).toContain('# ingress-nginx:');
  });

  it('tells by the objects that two environments have clusters of their own', async () => {
    const repo = await fixtureRepo('kustomize');
    const { stdout } = await repo.run('init', '--yes');
    const files = await repo.files();
    const { environments, images } = configIn(files);
    expect(environments).toMatchObject([
      { name: 'dev', cluster: 'dev' },
      { name: 'prod', cluster: 'prod', update: 'pull-request' },
    ]);
    expect(images['web-dev']).toMatchObject({ semver: '>=1.5.0-0 <2.0.0-0' });
    expect(images['web-prod']).toMatchObject({ semver: '>=1.4.2 <2.0.0' });
    expect(files['overlays/prod/kustomization.yaml']).toContain(`a # {"$imagepolicy": "web-prod:digest"}`);
    expect(images['report']?.targets).toHaveLength(1);
    expect(stdout).toContain(`base/cron.yaml:15: ${ecr}/shop/mail: the tag "latest" moves`);
  });

  it('writes as a comment what does not render, with the reason', async () => {
    const repo = await fixtureRepo('charts');
    const { stdout } = await repo.run('init', '--yes');
    const { 'windlass.yaml': text = '' } = await repo.files();
    expect(text).toContain('  # broken: { path: charts/broken, helm: { namespace: broken } }\n');
    expect(stdout).toMatch(/sync broken: it is not taken: it does not render: .*postgresql/);
    expect(text).toContain('values: ["charts/web/values-{env}.yaml"]');
  });

  it('names a file that it cannot read, and goes on with the rest of a monorepo', async () => {
    const repo = await fixtureRepo('monorepo', 'git@github.com:acme/shop.git');
    const { stdout } = await repo.run('init', '--yes');
    expect(stdout).toContain('unreadable   services/jobs/deploy/job.yaml:8:3: ');
    const files = await repo.files();
    expect(configIn(files).syncs.map(({ path }) => path)).toEqual(['services/api/deploy', 'services/web/deploy']);
    expect(files['services/api/deploy/deployment.yaml']).not.toContain('$imagepolicy');
    expect(files).not.toHaveProperty(['.github/workflows/windlass.yaml']);
    expect(stdout).toContain(
      'pull requests: nothing checks them yet: --workflow OWNER/windlass@COMMIT writes a workflow',
    );
  });

  it('writes a workflow that runs the action of the repository that it is told, at a commit', async () => {
    const action = `acme/windlass@${'4f2a9c1d'.repeat(5)}`;
    for (const repo of [await fixtureRepo('monorepo', 'git@github.com:acme/shop.git'), await repoWith({})]) {
      const { code, stdout } = await repo.run('init', '--yes', '--workflow', action);
      expect([code, stdout]).toEqual([0, expect.not.stringContaining('nothing checks them yet')]);
      expect((await repo.files())['.github/workflows/windlass.yaml']).toContain(`- uses: ${action}\n`);
    }
    const { code, stderr } = await (await repoWith({})).run('init', '--yes', '--workflow', 'windlass');
    expect([code, stderr]).toEqual([2, expect.stringContaining('--workflow takes OWNER/NAME@COMMIT')]);
  });

  it.each(['main', 'v1.0.0', '4f2a9c1', `${'4f2a9c1d'.repeat(5)}0`])(
    'runs no action that can become another: @%s',
    async (at) => {
      const repo = await repoWith({});
      const { code, stderr } = await repo.run('init', '--yes', '--workflow', `globex/windlass@${at}`);
      expect([code, stderr]).toEqual([2, expect.stringContaining(`"${at}" is no commit's 40 hex digits`)]);
      expect(stderr).toContain('git rev-parse HEAD');
      expect(await repo.files()).toEqual({});
    },
  );

  it('says of the repositories of Flux’s policies, too, that the stack must be told of them', async () => {
    const flux = (kind: string, spec: object) =>
      JSON.stringify({
        apiVersion: 'image.toolkit.fluxcd.io/v1',
        kind,
        metadata: { name: 'cron', namespace: 'flux-system' },
        spec,
      });
    const repo = await repoWith({
      'deploy/pod.yaml': `apiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: shop }\nspec:\n  containers:\n    - name: web\n      image: ${ecr}/globex/web:1.0.0\n    - name: cron\n      image: ${ecr}/globex/cron:1.0.0 # {"$imagepolicy": "flux-system:cron"}\n`,
      'flux/repository.yaml': flux('ImageRepository', { image: `${ecr}/globex/cron` }),
      'flux/policy.yaml': flux('ImagePolicy', {
        imageRepositoryRef: { name: 'cron' },
        policy: { semver: { range: '1.x' } },
      }),
    });
    const { stdout } = await repo.run('init', '--print', '--json');
    const { ecr: found, fluxPolicies } = JSON.parse(stdout) as { ecr: { names: string[] }[]; fluxPolicies: string[] };
    expect([found.map(({ names }) => names), fluxPolicies]).toEqual([
      [['globex/cron', 'globex/web']],
      ['flux-system:cron'],
    ]);
    expect((await repo.run('init', '--yes')).stdout).toContain('globex/cron, globex/web');
  });

  it('says to push where there is a remote, and elsewhere how one is added', async () => {
    const [alone, cloned] = [
      await fixtureRepo('kustomize'),
      await fixtureRepo('kustomize', 'git@github.com:acme/shop.git'),
    ];
    expect((await alone.run('init', '--yes')).stdout).toMatch(
      /follow images"\n {2}git remote add origin URL && git push /,
    );
    const { stdout } = await cloned.run('init', '--yes');
    expect([stdout.includes('git remote add'), /follow images" && git push\n/.test(stdout)]).toEqual([false, true]);
  });

  it('puts clusters in where they are told, by the name that they have there', async () => {
    const repo = await fixtureRepo('flux');
    const clusters = ['--clusters', 'stage=acme-stage:eu-west-1,prod=acme-prod:eu-central-1'];
    expect((await repo.run('init', '--yes', ...clusters)).code).toBe(0);
    const { clusters: found, environments } = configIn(await repo.files());
    expect(Object.values(found)).toMatchObject([
      { name: 'stage', eks: 'acme-stage', region: 'eu-west-1' },
      { name: 'prod', eks: 'acme-prod', region: 'eu-central-1' },
    ]);
    expect(environments.map(({ cluster }) => cluster)).toEqual(['stage', 'prod']);
  });

  it('does not put two environments into one cluster where they would fight', async () => {
    const repo = await fixtureRepo('kustomize');
    const { stdout } = await repo.run('init', '--yes', '--clusters', 'main=acme:eu-west-1');
    expect(stdout).toContain('declare the same objects in one cluster: say by --clusters which each is in');
    expect((await repo.run('validate')).code).toBe(0);
  });

  it('follows images of others when it is told to', async () => {
    const repo = await fixtureRepo('flux');
    await repo.run('init', '--yes', '--follow', 'redis');
    const { images } = configIn(await repo.files());
    expect(images['redis']).toMatchObject({ image: 'redis', semver: '>=7.2.5 <8.0.0' });
  });

  it('follows images of the repository’s owner in a public registry', async () => {
    const manifest = (image: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: shop }\nspec:\n  containers:\n    - name: web\n      image: ${image}\n`;
    const files = {
      'deploy/web.yaml': manifest('ghcr.io/acme/web:1.0.0'),
      'deploy/other.yaml': manifest('ghcr.io/other/x:1.0.0').replace('web,', 'x,'),
    };
    const repo = await repoWith(files, 'https://github.com/acme/config');
    await repo.run('init', '--yes');
    expect(Object.values(configIn(await repo.files()).images).map(({ image }) => image)).toEqual(['ghcr.io/acme/web']);
  });

  it('keeps the name of a policy that markers have and nobody defines', async () => {
    const pod = `apiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: shop }\nspec:\n  containers:\n    - name: web\n      image: ${ecr}/web:1.0.0 # {"$imagepolicy": "flux-system:web"}\n`;
    const repo = await repoWith({ 'deploy/web.yaml': pod });
    await repo.run('init', '--yes');
    expect(configIn(await repo.files()).images['flux-system:web']).toMatchObject({ semver: '>=1.0.0 <2.0.0' });
    expect((await repo.run('validate')).stdout).toMatch(/\nvalid\n$/);
  });

  it('says by which command a first image of your own is written', async () => {
    const repo = await repoWith({});
    const { stderr } = await repo.run('init', '--print');
    expect(stderr).toContain('this image is made up: windlass init --image REPOSITORY:TAG writes yours');
  });

  it('prints a diff for patch, and writes nothing', async () => {
    const repo = await fixtureRepo('kustomize');
    const before = await repo.files();
    const { code, stdout, stderr } = await repo.run('init', '--print');
    expect(code).toBe(0);
    expect(stderr).toContain('To decide, or to know');
    expect(await repo.files()).toEqual(before);
    await writeFile(join(repo.path, '.git/init.diff'), stdout);
    gitIn(repo.path, 'apply', '--unidiff-zero', '.git/init.diff');
    expect((await repo.run('validate')).code).toBe(0);
  });

  it('tells all of it as JSON, and writes only when it is told to', async () => {
    const repo = await fixtureRepo('flux');
    const before = await repo.files();
    const { code, stdout } = await repo.run('init', '--json');
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(code).toBe(0);
    expect(report).toMatchObject({
      mode: 'add',
      written: false,
      files: [
        { path: 'windlass.yaml', act: 'create' },
        { path: 'apps/base/podinfo/worker.yaml', act: 'edit' },
      ],
      environments: [{ name: 'staging' }, { name: 'production', update: 'pull-request' }],
      images: [{ name: 'worker', image: `${ecr}/shop/worker` }],
      fluxPolicies: ['flux-system:podinfo'],
      ecr: [{ account: '123456789012', region: 'eu-west-1', names: ['shop/worker'] }],
    });
    expect(await repo.files()).toEqual(before);
    expect(JSON.parse((await repo.run('init', '--json', '--yes')).stdout)).toMatchObject({ written: true });
    expect(JSON.parse((await repo.run('init', '--json')).stdout)).toMatchObject({
      mode: 'there',
      written: false,
      files: [],
    });
  });

  it('asks before it writes, and does nothing where nobody can answer', async () => {
    const repo = await fixtureRepo('charts');
    const before = await repo.files();
    const { code, stderr } = await repo.run('init');
    expect([code, stderr]).toEqual([2, expect.stringContaining('Write these 4 files? There is no terminal to ask at')]);
    expect(await repo.files()).toEqual(before);
  });
});

describe('windlass init, for a new config repo', () => {
  it('makes one that is valid as it is, in a directory that is not there yet', async () => {
    const parent = await tempTree({});
    const image = `${ecr}/shop/cart:1.4.2`;
    const { code, stdout, stderr } = await windlass(['init', 'config', '--image', image, '--yes'], { cwd: parent });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('written: 10 files');
    const files = await filesIn(join(parent, 'config'));
    expect(Object.keys(files)).toContain('apps/cart/prod/kustomization.yaml');
    expect(gitIn(join(parent, 'config'), 'symbolic-ref', '--short', 'HEAD')).toBe('main');
    const checked = await windlass(['validate'], { cwd: join(parent, 'config') });
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(checked.stdout).toMatch(/^cart-staging .*\ncart-prod .*\nvalid\n$/);
    const again = await windlass(['init', 'config', '--yes'], { cwd: parent });
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('nothing to do')]);
    expect(await filesIn(join(parent, 'config'))).toEqual(files);
  });

  it('keeps the files of a repository that has a README and nothing else', async () => {
    const repo = await repoWith({ 'README.md': 'ours\n', LICENSE: 'MIT\n' });
    const { code, stdout } = await repo.run('init', '--yes');
    expect([code, stdout]).toEqual([0, expect.stringContaining('README.md: it is there already, and stays as it is')]);
    expect(await readFile(join(repo.path, 'README.md'), 'utf8')).toBe('ours\n');
    expect((await repo.run('validate')).code).toBe(0);
  });

  it('puts its environments into the clusters that it is told', async () => {
    const repo = await repoWith({});
    await repo.run('init', '--yes', '--clusters', 'dev=acme-dev:eu-west-1', '--clusters', 'prod=acme-prod:eu-west-1');
    expect(configIn(await repo.files()).environments).toMatchObject([
      { name: 'staging', cluster: 'dev' },
      { name: 'prod', cluster: 'prod' },
    ]);
  });
});

describe('windlass init, in the wrong place', () => {
  it.each([
    [
      'a directory that is not there, nor the one above it',
      ['gone/deeper'],
      /there is no directory .*gone\/deeper, nor one that it could be made in/,
    ],
    [
      'a directory with files that is no repository',
      ['plain'],
      /plain is not a Git repository: run "git init" there first/,
    ],
    ['a file', ['plain/a.txt'], /a\.txt is no directory/],
    ['two directories', ['a', 'b'], /takes one directory: a b/],
    [
      'a cluster without its region',
      ['new', '--clusters', 'prod=acme'],
      /--clusters takes NAME=EKS:REGION, like .*, not "prod=acme"/,
    ],
    ['an image without a tag', ['new', '--image', 'acme/web'], /--image takes REPOSITORY:TAG/],
    ['an image whose tag tells nothing', ['new', '--image', 'acme/web:latest'], /the tag "latest" moves/],
  ])('refuses %s', async (_, argv, message) => {
    const cwd = await tempTree({ 'plain/a.txt': 'a\n' });
    const { code, stderr, stdout } = await windlass(['init', ...argv, '--yes'], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(await filesIn(cwd)).toEqual({ 'plain/a.txt': 'a\n' });
  });

  it('refuses a directory inside of a repository, and names its root', async () => {
    const repo = await repoWith({ 'apps/web.yaml': 'a: 1\n' });
    const { code, stderr } = await repo.run('init', 'apps', '--yes');
    expect([code, stderr]).toEqual([2, expect.stringContaining('windlass.yaml is at its root: windlass init /')]);
  });

  it('shows what is wrong with a windlass.yaml that is there, and leaves it as it is', async () => {
    const repo = await repoWith({ 'windlass.yaml': 'windlass: 1\nimagse: {}\n' });
    const { code, stderr } = await repo.run('init', '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain('windlass.yaml is there, and it is broken: mend it');
    expect(stderr).toContain('windlass.yaml:2:1: ');
    expect((await repo.files())['windlass.yaml']).toBe('windlass: 1\nimagse: {}\n');
  });

  it('does not write through a link, nor anything else then', async () => {
    const outside = await tempTree({});
    const repo = await repoWith({ apps: { link: outside } });
    const { code, stderr } = await repo.run('init', '--yes');
    expect([code, stderr]).toEqual([2, expect.stringContaining('is not written: apps is a link')]);
    expect([await readdir(outside), await repo.files()]).toEqual([[], {}]);
  });
});
