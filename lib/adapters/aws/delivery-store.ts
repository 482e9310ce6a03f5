import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { UserError } from '../../model/errors.ts';
import type { Deliveries, Delivery } from '../../notify/ports.ts';
import { keyText } from './dynamo-items.ts';
import { DynamoTable, type Item } from './dynamo-table.ts';

const format = 1;
/** Seconds that a delivery is kept: longer than anything comes again, and than most incidents last. */
const kept = 180 * 24 * 60 * 60;

const shape = z.object({
  story: z.string(),
  notice: z.string(),
  destination: z.string(),
  at: z.string(),
  result: z.enum(['sent', 'refused']),
  posted: z.object({ channel: z.string(), ts: z.string() }).optional(),
  opening: z.object({ title: z.string(), lines: z.array(z.string()) }).optional(),
}) satisfies z.ZodType<Delivery>;

/** Keeps what was sent where in a DynamoDB table with the keys `pk` and `sk`: one item for each notice and destination. */
export function openDeliveries(client: DynamoDBClient, options: { table: string }): Deliveries {
  const table = new DynamoTable(client, options.table);
  return {
    of: async (story) => {
      const found: Delivery[] = [];
      for await (const item of table.query({ pk: partition(story) }, { consistent: true })) found.push(bodyOf(item));
      return found.sort((a, b) => (a.at < b.at ? -1 : 1));
    },
    save: async (delivery) => {
      const { story, destination, notice, at } = delivery;
      const ttl = Math.floor(Date.parse(at) / 1000) + kept;
      const key = { pk: partition(story), sk: keyText(`${destination}#${notice}`) };
      await table.put({ ...key, format, at, ttl, body: JSON.stringify(delivery) });
    },
  };
}

function partition(story: string): string {
  return `delivery#${keyText(story)}`;
}

function bodyOf(item: Item): Delivery {
  try {
    if (item['format'] !== format) throw new Error(`its format is ${String(item['format'])}, not ${format}`);
    return shape.parse(JSON.parse(z.string().parse(item['body'])));
  } catch (cause) {
    throw new UserError(`the item ${item.pk} ${item.sk} cannot be understood: delete it`, {
      code: 'delivery-broken',
      subject: item.pk,
      cause,
    });
  }
}
