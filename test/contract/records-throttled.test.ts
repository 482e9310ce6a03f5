import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';
import { bumpedRecords } from '../../lib/model/bump-story.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { Report } from '../../lib/model/messages.ts';
import { report } from '../../lib/report/report.ts';
import { type DynamoFront, frontOf } from '../helpers/dynamo-front.ts';
import { changed, check, pull, time } from '../report/reports.ts';

describe('records while DynamoDB throttles', () => {
  let dynalite: { endpoint: string; stop(): Promise<void> };
  let front: DynamoFront;
  let client: DynamoDBClient;
  let number = 0;

  beforeAll(async () => {
    dynalite = await startDynalite();
    front = await frontOf(dynalite.endpoint);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    // One try a call: what the SDK does by itself is not asked here.
    client = new DynamoDBClient({ endpoint: front.endpoint, region: 'local', credentials, maxAttempts: 1 });
  });
  afterAll(async () => {
    client?.destroy();
    await front?.stop();
    await dynalite?.stop();
  });

  async function fresh() {
    number += 1;
    const tables = { audit: `audit-${number}`, state: `state-${number}` };
    for (const table of [tables.audit, tables.state]) await createRecordsTable(client, table);
    const onUnreadable = (error: Error) => {
      throw error;
    };
    const all = async () => {
      const documents = DynamoDBDocumentClient.from(client);
      const found = await Promise.all(
        [tables.audit, tables.state].map((TableName) => documents.send(new ScanCommand({ TableName }))),
      );
      return found
        .flatMap(({ Items = [] }) => Items.map((item) => JSON.stringify(item, Object.keys(item).sort())))
        .sort();
    };
    return { open: () => new DynamoRecords(client, { tables, onUnreadable }), all };
  }

  const repository = 'ghcr.io/acme/web';
  const story = { policy: 'web', repository, from: ['1.4.0'], to: '1.5.0', digest: `sha256:${'b'.repeat(64)}` };
  const images = [`${repository}:1.5.0`, 'nginx'];
  const object = 'apps/Deployment/shop-prod/web';
  const reports: Report[] = [
    pull(0, 1, [], { images: ['nginx'], changes: [{ object, action: 'created' }] }),
    pull(10, 11, [], { revision: 'bbbb', images, changes: [{ object, action: 'configured' }] }),
    check(100, [changed()]),
    pull(120, 121, [changed()], { revision: 'bbbb', images, healed: true }),
  ];
  /** What the functions do with a message of the queue: worked in, else sent again. */
  const deps = (records: DynamoRecords) => ({ records, notices: { send: async () => undefined } });

  it('are a retryable error, never an empty answer', async () => {
    const { open } = await fresh();
    const records = open();
    const told = bumpedRecords({ images: [story], events: ['e-1'] }, 'bbbb', time(5));
    await records.append(told);
    front.throttleAfter(0);
    const throttled = { name: 'RetryableError', code: 'records-throttled' };
    for (const asked of [
      () => records.append(told),
      () => open().append(told),
      () => records.timeline({ limit: 5 }),
      () => records.about('image:web', { limit: 5 }),
      () => records.syncs(),
      () => records.openIncidents(),
      () => records.bumpedImage(`ref:${repository}:1.5.0`),
    ])
      await expect(asked()).rejects.toMatchObject(throttled);
    front.calm();
    expect(await records.about('image:web', { limit: 5 })).toEqual(told);
  });

  it('are whole and single after each message has come again, wherever it broke off', async () => {
    const calm = await fresh();
    await calm.open().append(bumpedRecords({ images: [story], events: ['e-1'] }, 'bbbb', time(5)));
    for (const one of reports) await report(one, deps(calm.open()));
    const wanted = await calm.all();
    expect(wanted.length).toBeGreaterThan(50);
    let broken = 0;
    for (const writes of [0, 1, 2, 3, 5, 8, 13]) {
      const { open, all } = await fresh();
      await open().append(bumpedRecords({ images: [story], events: ['e-1'] }, 'bbbb', time(5)));
      for (const one of reports) {
        // Each try gets a little further: it ends when all of it fits.
        for (let tries = 0, left = writes; ; tries++, left += 3) {
          front.throttleAfter(left, 'PutItem');
          const error = await report(one, deps(open())).catch((thrown: unknown) => thrown);
          front.calm();
          if (error === undefined) break;
          expect(error).toBeInstanceOf(RetryableError);
          broken += 1;
          expect(tries).toBeLessThan(100);
        }
      }
      expect(await all()).toEqual(wanted);
    }
    expect(broken).toBeGreaterThan(20);
  });
});
