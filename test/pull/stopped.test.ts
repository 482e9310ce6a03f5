import { describe, expect, it } from 'vitest';
import { refuseStopped } from '../../lib/pull/stopped.ts';
import { treeOf } from './world.ts';

const suspend = (more = '') => `sync: shop-prod\nwho: ada@acme.example\nwhy: the sale runs\n${more}`;
const now = new Date('2026-11-22T10:00:00Z');
const check = (files: Record<string, string>, name = 'shop-prod') =>
  refuseStopped(treeOf(files), { name, template: 'shop' }, now);

describe('a suspended sync', () => {
  it('is not pulled, and says by whom and why', async () => {
    await expect(check({ 'suspends/shop-prod.sale.yaml': suspend() })).rejects.toThrow(
      'sync shop-prod is suspended by ada@acme.example: the sale runs',
    );
  });

  it('is pulled again when the file is gone, or its time has passed', async () => {
    await check({});
    await check({ 'suspends/shop-prod.sale.yaml': suspend('until: 2026-11-21\n') });
    await expect(check({ 'suspends/shop-prod.sale.yaml': suspend('until: 2026-11-22\n') })).rejects.toThrow(
      'until 2026-11-22',
    );
  });

  it('is stopped with all that its key expands to, and with all syncs', async () => {
    const why = 'who: ada\nwhy: the sale runs\n';
    await expect(check({ 'suspends/shop.1.yaml': `sync: shop\n${why}` })).rejects.toThrow('suspended by ada');
    await expect(check({ 'suspends/all.1.yaml': `all: syncs\n${why}` })).rejects.toThrow('suspended by ada');
    await expect(check({ 'suspends/all.1.yaml': `all: true\n${why}` })).rejects.toThrow('suspended by ada');
    await check({ 'suspends/all.1.yaml': `all: images\n${why}` });
  });

  it('stops no other sync and no image', async () => {
    await check({ 'suspends/shop-prod.sale.yaml': suspend() }, 'shop-staging');
    await check({ 'suspends/web.x.yaml': 'image: web\nwho: ada\nwhy: because\n' });
  });

  it('stays stopped while a file that may be about it cannot be read', async () => {
    await expect(check({ 'suspends/shop-prod.sale.yaml': 'sync: [\n' })).rejects.toThrow('cannot be read');
    await expect(check({ 'suspends/odd.yaml': 'sync: [\n' })).rejects.toThrow('cannot be read');
    await expect(check({ 'suspends/shop.1.yaml': 'sync: [\n' })).rejects.toThrow('cannot be read');
    await expect(check({ 'suspends/all.1.yaml': 'all: everything\n' })).rejects.toThrow('cannot be read');
    await check({ 'suspends/shop-staging.x.yaml': 'sync: [\n' });
  });
});
