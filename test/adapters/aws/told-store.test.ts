import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecordsTable } from '../../../lib/adapters/aws/dynamo-create.ts';
import { openToldStore } from '../../../lib/adapters/aws/told-store.ts';
import { startDynalite } from '../../../lib/adapters/local/dynalite.ts';
import type { ToldEnvironment, ToldSync } from '../../../lib/report/ports.ts';

const sync = (at: string, revision = 'a'): ToldSync => ({
  ...{ sync: 'shop-prod', at, revision, unfinished: 'z' },
  status: { state: 'failure', description: 'not healthy', reason: 'apps/Deployment/shop/web' },
});
const environment = (environmentName: string, revision = 'a'): ToldEnvironment => ({
  ...{ environment: environmentName, revision, openedAt: '2026-11-22T12:00:00.000Z', opener: 'shop-prod', id: 7 },
  syncs: { 'shop-prod': { state: 'pending', description: 'rolling out' } },
  told: { state: 'pending', description: 'rolling out' },
  ...{ superseded: [5], past: ['z'] },
});

describe('the store of what the host was told', () => {
  let server: Awaited<ReturnType<typeof startDynalite>>;
  let client: DynamoDBClient;
  const store = () => openToldStore(client, { table: 'windlass' });

  beforeAll(async () => {
    server = await startDynalite();
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    client = new DynamoDBClient({ endpoint: server.endpoint, region: 'local', credentials });
    await createRecordsTable(client, 'windlass');
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  it('gives back what was told of a sync, and keeps what is newer', async () => {
    expect(await store().sync('shop-prod')).toBeUndefined();
    await store().saveSync(sync('2026-11-22T12:00:01.000Z', 'b'));
    await store().saveSync(sync('2026-11-22T12:00:00.000Z', 'a'));
    expect(await store().sync('shop-prod')).toEqual(sync('2026-11-22T12:00:01.000Z', 'b'));
    await store().saveSync(sync('2026-11-22T12:00:01.000Z', 'c'));
    expect((await store().sync('shop-prod'))?.revision).toBe('c');
    expect(await store().sync('shop')).toBeUndefined();
  });

  it('saves an environment for the one that read the last version', async () => {
    expect(await store().environment('prod')).toBeUndefined();
    expect(await store().saveEnvironment(environment('prod'), 0)).toBe(true);
    expect(await store().saveEnvironment(environment('prod', 'b'), 0)).toBe(false);
    expect(await store().environment('prod')).toEqual({ told: environment('prod'), version: 1 });
    const both = await Promise.all(['b', 'c'].map((to) => store().saveEnvironment(environment('prod', to), 1)));
    expect(both.sort()).toEqual([false, true]);
    expect(await store().environment('prod')).toMatchObject({ version: 2 });
  });

  it('counts in an hour for the one that read the last version', async () => {
    const of = `notices arn:aws:eks:eu-west-1:123456789012:cluster/${'x'.repeat(1_000)}`;
    const counted = (...ids: string[]) => ({ of, hour: '2026-11-22T12', ids });
    expect(await store().count(of)).toBeUndefined();
    expect(await store().saveCount(counted('a'), 0)).toBe(true);
    expect(await store().saveCount(counted('b'), 0)).toBe(false);
    const full = { ...counted('a', 'b'), fullAt: '2026-11-22T12:00:00.000Z', isKnown: true };
    const both = await Promise.all([full, full].map((count) => store().saveCount(count, 1)));
    expect(both.sort()).toEqual([false, true]);
    expect(await store().count(of)).toEqual({ count: full, version: 2 });
    expect(await store().count(`${of}y`)).toBeUndefined();
  });

  it('says which item cannot be understood', async () => {
    const documents = DynamoDBDocumentClient.from(client);
    const put = (pk: string, more: object) =>
      documents.send(
        new PutCommand({ TableName: 'windlass', Item: { pk, sk: 'odd', format: 1, version: 1, ...more } }),
      );
    await put('told#sync', { body: '{}' });
    await expect(store().sync('odd')).rejects.toMatchObject({ code: 'told-broken', subject: 'odd' });
    await put('told#sync', { body: JSON.stringify(sync('2026')), format: 2 });
    await expect(store().sync('odd')).rejects.toMatchObject({ code: 'told-broken' });
    await put('told#environment', { body: 'not JSON' });
    await expect(store().environment('odd')).rejects.toMatchObject({ code: 'told-broken' });
    await put('told#environment', { body: JSON.stringify(environment('odd')), version: 'two' });
    await expect(store().environment('odd')).rejects.toMatchObject({ code: 'told-broken' });
  });
});
