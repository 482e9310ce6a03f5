import { expect, it } from 'vitest';
import { sweep } from '../../lib/bump/bump.ts';
import { lookAtHead } from '../../lib/bump/look.ts';
import { imageListing } from '../../lib/cli/status/image-listing.ts';
import { loop, now } from '../bump/setup.ts';

it('an image whose hold was released since bump last looked waits for the next look, and for no hold', async () => {
  const world = await loop();
  world.git.push({ 'holds/web.1.yaml': 'image: web\ntag: 1.0.0\npast: 1.5.0\nwho: Bob\nwhy: it is slow\n' });
  await world.push('shop/web', '1.5.0');
  const listed = async () => {
    const look = await lookAtHead(world.repo);
    if (!('files' in look)) throw new Error('windlass.yaml is broken');
    return imageListing({ look, broken: false }, [...world.records.images.values()], now).find(
      ({ image }) => image === 'web',
    );
  };
  await sweep({ now }, world.ports);
  expect(await listed()).toMatchObject({ standing: 'held', why: [expect.stringContaining('Bob keeps 1.0.0')] });
  world.git.push({ 'holds/web.1.yaml': undefined }, 'Release web');
  const why = ['its hold is gone since bump last looked: the next push or sweep decides'];
  expect(await listed()).toMatchObject({ standing: 'waiting', why });
  await sweep({ now }, world.ports);
  expect(await listed()).toMatchObject({ standing: 'up to date', git: ['1.5.0'], why: [] });
});
