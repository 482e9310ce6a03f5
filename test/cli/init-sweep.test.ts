import { afterAll, beforeAll, expect, it } from 'vitest';
import { gitIn } from '../adapters/git/repos.ts';
import { pushTo } from '../helpers/push-image.ts';
import { describeWithRegistry, type RunningRegistry, startRegistry } from '../helpers/registry.ts';
import { repoWith } from './init-repos.ts';

await describeWithRegistry('windlass sweep, in a repository that init was run in', () => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await startRegistry();
    for (const tag of ['1.4.2', '1.5.0', '2.0.0']) await pushTo(registry.url, 'shop/web', tag);
    for (const tag of ['main-9b81e07-1793523000', 'main-1c2d3e4-1793530000'])
      await pushTo(registry.url, 'shop/worker', tag);
  });
  afterAll(() => registry?.stop());

  it('finds what is newer, and where it would write it', async () => {
    const pod = (name: string, tag: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec:\n  containers:\n    - name: ${name}\n      image: ${registry.host}/shop/${name}:${tag}\n`;
    const overlay = (env: string) =>
      `namespace: shop-${env}\nresources: [../base]\nimages:\n  - name: ${registry.host}/shop/web\n    newTag: 1.4.2\n`;
    const repo = await repoWith({
      'apps/base/kustomization.yaml': 'resources: [web.yaml, worker.yaml]\n',
      'apps/base/web.yaml': pod('web', 'unset'),
      'apps/base/worker.yaml': pod('worker', 'main-9b81e07-1793523000'),
      'apps/staging/kustomization.yaml': overlay('staging'),
      'apps/prod/kustomization.yaml': overlay('prod'),
    });
    expect((await repo.run('init', '--yes')).code).toBe(0);
    expect((await repo.run('validate')).code).toBe(0);
    gitIn(repo.path, 'config', 'user.name', 'Ada');
    gitIn(repo.path, 'config', 'user.email', 'ada@example.com');
    gitIn(repo.path, 'add', '--all');
    gitIn(repo.path, 'commit', '--quiet', '--message', 'Let Windlass follow images');
    const { code, stdout } = await repo.run('sweep', '--repo', repo.path, '--dry-run');
    expect(code).toBe(1);
    expect(stdout).toMatch(/bump {5}web {5}1\.4\.2 -> 1\.5\.0 .*apps\/staging\/kustomization\.yaml:5/);
    expect(stdout).toMatch(/propose {2}web {5}1\.4\.2 -> 1\.5\.0/);
    expect(stdout).toMatch(/propose {2}worker {2}main-9b81e07-1793523000 -> main-1c2d3e4-1793530000/);
  });
});
