import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecordsTable } from '../../../lib/adapters/aws/dynamo-create.ts';
import { splitOneTable } from '../../../lib/adapters/aws/dynamo-split.ts';
import { startDynalite } from '../../../lib/adapters/local/dynalite.ts';
import { startRecords } from '../../../lib/adapters/local/records.ts';

/** Written by the last version that kept everything in one table: 121 records, states, an open and a resolved incident, a delivery. */
const oneTable = join(import.meta.dirname, '../../fixtures/records/one-table');
const tables = { audit: 'windlass-audit', state: 'windlass-state' };
const open = '2026-11-22T12:00:03.000Z-drift-0a1b2c3d4e5f6071';
const resolved = '2026-11-22T12:00:01.000Z-drift-1111111111111111';

describe('the records of a loop that an earlier version began', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'windlass-records-'));
    path = join(directory, 'records');
    await cp(oneTable, path, { recursive: true });
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const start = () =>
    startRecords({
      path,
      onUnreadable: (error) => {
        throw error;
      },
    });

  async function onDirectory<T>(work: (client: DynamoDBClient) => Promise<T>): Promise<T> {
    const server = await startDynalite({ path });
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new DynamoDBClient({ endpoint: server.endpoint, region: 'local', credentials });
    try {
      return await work(client);
    } finally {
      client.destroy();
      await server.stop();
    }
  }

  async function expectAllThere() {
    const { records, deliveries, stop } = await start();
    try {
      const timeline = await records.timeline({ limit: 1_000 });
      expect(timeline).toHaveLength(121);
      expect(new Set(timeline.map(({ at }) => at.slice(0, 10)))).toHaveLength(3);
      expect(await records.about('sync:shop-prod', { limit: 1_000 })).toHaveLength(120);
      expect(await records.about('image:web', { limit: 5 })).toEqual([
        expect.objectContaining({ kind: 'bumped', details: { from: '1.4.0', to: '1.5.0' } }),
      ]);
      expect(await records.recordedUpTo('main')).toBe('abc');
      expect(await records.images()).toMatchObject([{ policy: 'web', current: ['1.5.0'] }]);
      expect(await records.syncs()).toMatchObject([{ sync: 'shop-prod', checkedAt: '2026-11-22T12:00:03.000Z' }]);
      expect(await records.clusterState('prod')).toMatchObject({ objects: 3 });
      expect((await records.openIncidents()).map(({ key }) => key)).toEqual([open]);
      expect((await records.recentIncidents(5)).map(({ key }) => key)).toEqual([open, resolved]);
      const object = 'apps/Deployment/shop-prod/api';
      expect(await records.lastIncident({ kind: 'drift', sync: 'shop-prod', object })).toMatchObject({ key: resolved });
      expect(await deliveries.of(open)).toMatchObject([{ notice: 'n1', posted: { channel: 'C1' } }]);
    } finally {
      await stop();
    }
  }

  it('move into the two tables, and stay there', async () => {
    await expectAllThere();
    expect(await onDirectory(async (client) => (await client.send(new ListTablesCommand())).TableNames)).toEqual([
      tables.audit,
      tables.state,
    ]);
    await expectAllThere();
  });

  it('are all there after a move that broke off half way', async () => {
    await onDirectory(async (client) => {
      let writes = 0;
      client.middlewareStack.add(
        (next, context) => (args) => {
          const isWrite = (context as { commandName?: string }).commandName === 'BatchWriteItemCommand';
          if (isWrite && ++writes > 3) throw new Error('the power went out');
          return next(args);
        },
        { step: 'initialize' },
      );
      for (const table of [tables.audit, tables.state]) await createRecordsTable(client, table);
      await expect(splitOneTable(client, 'windlass', tables)).rejects.toThrow('the power went out');
    });
    await expectAllThere();
  });
});
