import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { openTableLease } from '../../lib/adapters/aws/table-lease.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';
import { describeWithMiniStack, startMiniStack } from '../helpers/ministack.ts';

const noon = Date.parse('2026-11-22T12:00:00.000Z');
const at = (seconds: number) => new Date(noon + seconds * 1000);

interface Place {
  endpoint: string;
  stop(): Promise<void>;
}

describe('a lease', () => leases('dynalite', startDynaliteHere));
await describeWithMiniStack('a lease in AWS', () => leases('MiniStack', startMiniStack));

async function startDynaliteHere(): Promise<Place> {
  const { endpoint, stop } = await startDynalite();
  return { endpoint, stop };
}

function leases(where: string, start: () => Promise<Place>): void {
  let place: Place;
  let client: DynamoDBClient;
  let names = 0;
  beforeAll(async () => {
    place = await start();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    client = new DynamoDBClient({ endpoint: place.endpoint, region: 'eu-west-1', credentials });
    await createRecordsTable(client, 'state');
  });
  afterAll(async () => {
    client?.destroy();
    await place?.stop();
  });

  /** Two functions that want the same. */
  const two = () => {
    names += 1;
    let seconds = 0;
    const open = () => openTableLease(client, { table: 'state', name: `lease ${names}`, now: () => at(seconds) });
    const wait = (more: number) => {
      seconds += more;
    };
    return { one: open(), other: open(), wait };
  };

  it(`lets one in, and the next one when it is given back (${where})`, async () => {
    const { one, other } = two();
    const giveBack = await one.take(at(300));
    expect(giveBack).toBeTypeOf('function');
    expect(await other.take(at(300))).toBeUndefined();
    expect(await one.take(at(300))).toBeUndefined();
    await giveBack!();
    expect(await other.take(at(300))).toBeTypeOf('function');
  });

  it(`lets the next one in when the time of one that was cut off is over (${where})`, async () => {
    const { one, other, wait } = two();
    const late = await one.take(at(300));
    wait(299);
    expect(await other.take(at(600))).toBeUndefined();
    wait(1);
    expect(await other.take(at(600))).toBeTypeOf('function');
    // What comes back to life takes nothing away from the one that has it now.
    await late!();
    expect(await one.take(at(900))).toBeUndefined();
  });

  it(`lets in exactly one of many at once, and holds up nobody who wants another (${where})`, async () => {
    const { one, other } = two();
    const taken = await Promise.all(Array.from({ length: 8 }, (_, index) => (index % 2 ? one : other).take(at(60))));
    expect(taken.filter((giveBack) => giveBack !== undefined)).toHaveLength(1);
    expect(await two().one.take(at(60))).toBeTypeOf('function');
  });

  it(`is not taken where the table is missing (${where})`, async () => {
    const lease = openTableLease(client, { table: 'none', name: 'drift', now: () => at(0) });
    await expect(lease.take(at(60))).rejects.toThrow('none');
  });
}
