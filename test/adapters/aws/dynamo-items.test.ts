import { expect, it } from 'vitest';
import { syncItem, syncStateOf } from '../../../lib/adapters/aws/dynamo-items.ts';
import type { SyncState } from '../../../lib/model/state.ts';

const state: SyncState = { sync: 'shop', cluster: 'prod', health: [], errors: [], drifted: 3, unknown: [] };

it('keeps the state of a sync as it is', () => {
  const whole = { ...state, errors: [{ code: 'invalid', message: 'x'.repeat(100_000) }] };
  expect(syncStateOf(syncItem(whole))).toEqual(whole);
});

it('keeps a state that DynamoDB would refuse, with shorter lists', () => {
  const errors = Array.from({ length: 200 }, (_, index) => ({
    ...{ code: 'invalid', message: 'ж'.repeat(500), source: 'ж'.repeat(500) },
    object: `apps/Deployment/shop/web-${index}`,
  }));
  const item = syncItem({ ...state, errors, pulledAt: '2026-11-22T12:00:00.000Z' });
  expect(Buffer.byteLength(String(item['body']))).toBeLessThan(380_000);
  const read = syncStateOf(item);
  expect(read).toMatchObject({ ...state, pulledAt: '2026-11-22T12:00:00.000Z', errors: expect.anything() });
  expect(read.errors.length).toBeGreaterThan(20);
});
