import { expect, it } from 'vitest';
import { rollbackWorld } from './world.ts';

it('a refused rollback names the command by which people go back to what was healthy', async () => {
  const world = await rollbackWorld();
  const settled = world.head();
  await world.bumped('shop/web', '1.6.0-broken');
  world.git.push({ 'apps/staging/more.yaml': 'kind: Service\n' }, 'Add a service');
  expect(await world.rollBack(world.wish(settled))).toMatchObject({ outcome: 'refused' });
  expect(world.notices[0]?.lines).toContain(
    `go back by hand: windlass rollback image/web --to ${settled.slice(0, 12)}`,
  );
});
