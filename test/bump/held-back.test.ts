import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import { host, type Loop, loop, now } from './setup.ts';

const review = 'bumps by pull request are not there yet, and a commit would go around the review';
const marker = (image: string, tag: string) => `image: ${host}/shop/${image}:${tag} # {"$imagepolicy": "${image}"}\n`;
const head = ({ git }: Loop) => git.git('rev-parse', 'main');

describe('an image that asks for what is not there yet', () => {
  it.each([
    [
      'semver: "*", gates: { scan: high, minAge: 10m }',
      'gates: gates are not there yet, and without them tags would be taken that they should stop',
    ],
    ['semver: "*", update: pull-request', `update: ${review}`],
    [
      'semver: "*", in: [prod]',
      'in: promotion is not there yet: write one entry for each environment, as web and web-prod',
    ],
    ['newest: true', 'newest: the policy "newest" is not there yet: use semver, numerical or alphabetical'],
    ['digest: latest', 'digest: the policy "digest" is not there yet: use semver, numerical or alphabetical'],
  ])('is left as it is, and no other image: %j', async (keys, reason) => {
    const world = await loop({
      'windlass.yaml': `windlass: 1
images:
  web: { image: ${host}/shop/web, ${keys} }
  api: { image: ${host}/shop/api, semver: "*" }
clusters: { main: {} }
environments: { prod: {} }
`,
      'web.yaml': marker('web', '1.0.0'),
      'api.yaml': marker('api', '3.0.0'),
    });
    const { ports, records, push, show } = world;
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/web', 'latest'), await push('shop/api', '3.1.0')];
    const result = await bump({ pushes, now }, ports);
    expect(show('web.yaml')).toBe(marker('web', '1.0.0').trim());
    expect(show('api.yaml')).toBe(marker('api', '3.1.0').trim());
    expect(records.images.get('web')).toMatchObject({ current: ['1.0.0'], waiting: reason });
    expect(records.images.get('web')?.rule).not.toBe('');
    expect(records.images.get('api')?.waiting).toBeUndefined();
    expect(records.told().filter((told) => told.startsWith('bump-'))).toEqual([
      `bump-skipped: web stays as it is: ${reason}`,
      `bump-skipped: web stays as it is: ${reason}`,
    ]);
    expect(result.skipped).toEqual([{ file: 'web.yaml', line: 1, reason }]);
    const before = head(world);
    await sweep({ now }, ports);
    expect(head(world)).toBe(before);
  });
});

describe('an environment that takes changes by pull request alone', () => {
  const windlass = `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: "*" }
clusters: { main: {} }
environments:
  staging: {}
  prod: { update: pull-request }
syncs:
  shop: { in: [staging, prod], path: "apps/{env}" }
`;

  it('keeps its files as they are, while the same image is bumped elsewhere', async () => {
    const world = await loop({
      'windlass.yaml': windlass,
      'apps/staging/web.yaml': marker('web', '1.0.0'),
      'apps/prod/deep/web.yaml': marker('web', '1.0.0'),
      'apps/prod-like.yaml': marker('web', '1.0.0'),
    });
    const { git, ports, records, push, show } = world;
    const pushes = [await push('shop/web', '1.1.0')];
    const result = await bump({ pushes, now }, ports);
    expect(git.git('show', '--name-only', '--format=', 'main').split('\n')).toEqual([
      'apps/prod-like.yaml',
      'apps/staging/web.yaml',
    ]);
    expect(show('apps/prod/deep/web.yaml')).toBe(marker('web', '1.0.0').trim());
    expect(result.skipped).toEqual([{ file: 'apps/prod/deep/web.yaml', line: 1, reason: `prod: ${review}` }]);
    expect(records.images.get('web')).toMatchObject({ newest: '1.1.0', waiting: `prod: ${review}` });
    expect(records.images.get('web')?.current.toSorted()).toEqual(['1.0.0', '1.1.0']);
    const told = records.told();
    expect(told.toSorted()).toEqual([
      `bump-skipped: web stays as it is in part: prod: ${review}`,
      'bumped: web went from 1.0.0 to 1.1.0',
      `push-received: ${host}/shop/web:1.1.0 was pushed`,
    ]);
    const before = head(world);
    expect((await bump({ pushes, now }, ports)).outcome).toBe('nothing-to-do');
    expect(head(world)).toBe(before);
    expect(records.told()).toEqual(told);
    expect(records.images.get('web')?.waiting).toBe(`prod: ${review}`);
  });

  it('says so for an image that is nowhere else, and no longer once a person has merged it', async () => {
    const world = await loop({ 'windlass.yaml': windlass, 'apps/prod/web.yaml': marker('web', '1.0.0') });
    const { git, ports, records, push } = world;
    const before = head(world);
    const pushes = [await push('shop/web', '1.1.0')];
    expect(await bump({ pushes, now }, ports)).toMatchObject({
      outcome: 'nothing-to-do',
      skipped: [{ file: 'apps/prod/web.yaml', line: 1, reason: `prod: ${review}` }],
    });
    expect(head(world)).toBe(before);
    expect(records.told()).toContain(`bump-skipped: web stays as it is: prod: ${review}`);
    git.push({ 'apps/prod/web.yaml': marker('web', '1.1.0') }, 'Take 1.1.0 to prod');
    await sweep({ now }, ports);
    expect(records.images.get('web')).toMatchObject({ current: ['1.1.0'], newest: '1.1.0' });
    expect(records.images.get('web')?.waiting).toBeUndefined();
  });

  it('does not keep staging back because prod has a newer tag', async () => {
    const { ports, records, push, show } = await loop({
      'windlass.yaml': windlass,
      'apps/staging/web.yaml': marker('web', '1.0.0'),
      'apps/prod/web.yaml': marker('web', '9.0.0'),
    });
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(show('apps/staging/web.yaml')).toBe(marker('web', '1.1.0').trim());
    expect(show('apps/prod/web.yaml')).toBe(marker('web', '9.0.0').trim());
    expect(records.images.get('web')?.current.toSorted()).toEqual(['1.1.0', '9.0.0']);
  });

  it.each([
    ['kustomization.yaml', 'resources: [../../base]\n'],
    ['kustomization.yml', 'resources: ["../../base/inner"]\n'],
    ['Kustomization', 'configMapGenerator: [{ name: a, files: [x=../../base/inner/web.yaml] }]\n'],
    ['kustomization.yaml', 'components: [ ../../middle ]\n'],
  ])('keeps a base as it is that it takes by its %s, as %j', async (name, text) => {
    const world = await loop({
      'windlass.yaml': windlass,
      'apps/staging/kustomization.yaml': 'resources: [../../base, ../../other]\n',
      [`apps/prod/${name}`]: text,
      'middle/kustomization.yaml': 'resources: [ "../base" ]\n',
      'base/inner/web.yaml': marker('web', '1.0.0'),
      'other/web.yaml': marker('web', '1.0.0'),
    });
    const { git, ports, records, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(git.git('show', '--name-only', '--format=', 'main')).toBe('other/web.yaml');
    expect(records.images.get('web')?.waiting).toBe(`prod: ${review}`);
  });

  it('minds no environment without a sync', async () => {
    const { ports, push, show } = await loop({
      'windlass.yaml': windlass.replace('in: [staging, prod]', 'in: [staging]'),
      'apps/prod/web.yaml': marker('web', '1.0.0'),
    });
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(show('apps/prod/web.yaml')).toBe(marker('web', '1.1.0').trim());
  });
});
