import { describe, expect, it } from 'vitest';
import { trailersOf } from '../../lib/model/bump-story.ts';
import { host, now } from '../bump/setup.ts';
import { type RollbackWorld, rollbackWorld, shop } from './world.ts';

const prod = 'apps/prod/kustomization.yaml';
const staging = 'apps/staging/web.yaml';
const prodAt = (tag: string) => `resources: [../base]\nimages:\n- newTag: ${tag} # {"$imagepolicy": "web:tag"}\n`;

/** The commit of a bump of web that people merged, with whatever else they put into it. */
async function merged(world: RollbackWorld, files: Record<string, string>): Promise<string> {
  const images = [{ policy: 'web', repository: `${host}/shop/web`, from: ['1.0.0'], to: '1.6.0-broken' }];
  const made = await world.repo.commit({
    parent: world.head(),
    files: Object.entries(files).map(([path, content]) => ({ path, bytes: Buffer.from(content) })),
    subject: 'Bump web to 1.6.0-broken (#7)',
    body: [],
    trailers: trailersOf({ images, events: [] }),
    at: now,
  });
  if (made.result !== 'committed') throw new Error('the head moved');
  return made.revision;
}

describe('what a person changed between two bumps, in another sync that has the image', () => {
  it('is not put back with them', async () => {
    const world = await rollbackWorld({ ...shop, [prod]: prodAt('1.0.0') });
    const settled = world.head();
    const first = await world.bumped('shop/web', '1.6.0-broken');
    world.git.push({ [prod]: prodAt('1.6.0-rc') });
    const head = await world.bumped('shop/api', '3.1.0');
    expect(await world.rollBack(world.wish(settled))).toMatchObject({
      outcome: 'refused',
      reason: `sync/staging cannot go back: ${prod}:3: ${first.slice(0, 12)} set 1.6.0-broken here, and since then it was changed to 1.6.0-rc`,
    });
    expect(world.head()).toBe(head);
  });

  it('is not lost where the second bump took it over', async () => {
    const world = await rollbackWorld({ ...shop, [prod]: prodAt('1.0.0') });
    const settled = world.head();
    await world.bumped('shop/web', '1.6.0-broken');
    world.git.push({ [prod]: prodAt('1.5.5') });
    const head = await world.bumped('shop/web', '1.7.0-broken');
    expect(await world.rollBack(world.wish(settled))).toMatchObject({
      outcome: 'refused',
      reason: `sync/staging cannot go back: ${prod}:3: ${head.slice(0, 12)} set 1.7.0-broken here, and before that it was changed to 1.5.5 by somebody else`,
    });
    expect(world.head()).toBe(head);
  });
});

describe('a bump that people merged', () => {
  const web = shop[staging]!.replace('1.0.0', '1.6.0-broken');

  it('goes back where it is nothing but a bump', async () => {
    const world = await rollbackWorld();
    const settled = world.head();
    await merged(world, { [staging]: web });
    expect(await world.rollBack(world.wish(settled))).toMatchObject({ outcome: 'rolled-back' });
    expect(`${world.show(staging)}\n`).toBe(shop[staging]);
  });

  it.each([
    ['the same file', { [staging]: `${web}replicas: 0\n` }, staging],
    ['another file', { [staging]: web, 'apps/staging/more.yaml': 'kind: ConfigMap\n' }, 'apps/staging/more.yaml'],
    ['another image', { [staging]: web.replace('3.0.0', '3.1.0') }, staging],
    ['windlass.yaml', { [staging]: web, 'windlass.yaml': `${shop['windlass.yaml']}# more\n` }, 'windlass.yaml'],
  ])('is left to people where it has a change of theirs in %s', async (_, files, path) => {
    const world = await rollbackWorld();
    const settled = world.head();
    const head = await merged(world, files);
    expect(await world.rollBack(world.wish(settled))).toMatchObject({
      outcome: 'refused',
      reason: `sync/staging cannot go back: ${path}: ${head.slice(0, 12)} is no bump alone: it changed something else here`,
    });
    expect(world.head()).toBe(head);
  });

  it('goes back where people changed with it what the sync is not built of', async () => {
    const world = await rollbackWorld();
    const settled = world.head();
    await merged(world, { [staging]: web, 'docs/a.yaml': 'kind: Secret\n' });
    expect(await world.rollBack(world.wish(settled))).toMatchObject({ outcome: 'rolled-back' });
    expect(world.show('docs/a.yaml')).toBe('kind: Secret');
  });
});
