import { expect, it } from 'vitest';
import { userOf } from '../../lib/config/account.ts';

it('a sync acts as the service account that it names, in windlass-system, and else as whoever pulls', () => {
  expect(userOf({ name: 'shop', serviceAccount: 'deployer' })).toBe('system:serviceaccount:windlass-system:deployer');
  expect(userOf({ name: 'shop' })).toBeUndefined();
});

it('where every sync has an account, one that names none has that of its name', () => {
  const always = (serviceAccount?: string) => userOf({ name: 'shop-prod', serviceAccount }, 'always');
  expect(always()).toBe('system:serviceaccount:windlass-system:windlass-sync-shop-prod');
  expect(always('deployer')).toBe('system:serviceaccount:windlass-system:deployer');
});
