import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { keyText } from './dynamo-items.ts';
import { DynamoTable } from './dynamo-table.ts';

/** Seconds after its end that the table keeps the item of a lease which was not given back. */
const kept = 24 * 60 * 60;

/**
 * A lease in a DynamoDB table with the keys `pk` and `sk`: one has it at a time, until it gives it back or its time is over. Methods throw
 * `RetryableError` for a table that is throttled or away, `UserError` for one that is missing.
 */
export function openTableLease(
  client: DynamoDBClient,
  { table: tableName, name, now }: { table: string; name: string; now(): Date },
): { take(until: Date): Promise<(() => Promise<void>) | undefined> } {
  const table = new DynamoTable(client, tableName);
  const key = { pk: `lease#${keyText(name)}`, sk: 'lease' };
  return {
    take: async (until) => {
      const holder = randomUUID();
      const end = until.toISOString();
      const item = { ...key, format: 1, holder, until: end, ttl: Math.ceil(until.getTime() / 1000) + kept };
      const taken = await table.put(item, {
        // `holder` again: the answer to the first try got lost, and the SDK tried once more.
        expression: 'attribute_not_exists(pk) OR #until <= :now OR #holder = :holder',
        names: { '#until': 'until', '#holder': 'holder' },
        values: { ':now': now().toISOString(), ':holder': holder },
      });
      if (!taken) return undefined;
      return async () => {
        const mine = { expression: '#holder = :holder', names: { '#holder': 'holder' }, values: { ':holder': holder } };
        // Whoever came after its end has it by now.
        await table.delete(key.pk, key.sk, mine);
      };
    },
  };
}
