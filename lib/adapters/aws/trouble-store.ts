import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { BumpNotices } from '../../bump/ports.ts';
import { keyText } from './dynamo-items.ts';
import { DynamoTable } from './dynamo-table.ts';

const partition = 'bump#trouble';
const format = 1;

/** Keeps which troubles of bump people know of in a DynamoDB table with the keys `pk` and `sk`: one item a subject. */
export function openTroubleStore(
  client: DynamoDBClient,
  options: { table: string },
): Pick<BumpNotices, 'troubles' | 'saveTrouble'> {
  const table = new DynamoTable(client, options.table);
  return {
    troubles: async () => {
      const known = new Map<string, string>();
      for await (const { subject, code } of table.query({ pk: partition }, { consistent: true }))
        if (typeof subject === 'string' && typeof code === 'string') known.set(subject, code);
      return known;
    },
    saveTrouble: async (subject, code) => {
      const key = { pk: partition, sk: keyText(subject) };
      if (code === undefined) await table.delete(key.pk, key.sk, { expression: 'attribute_exists(pk)' });
      else await table.put({ ...key, format, subject, code });
    },
  };
}
